// The attention weights between one token and the chips, as the kernel sends them and as they are painted.

import { asBytes, asFloats } from "../../js/lib/bytes.js";

/**
 * @typedef {[row: number, label: string, number: string, shade: number]} Strongest
 * @typedef {{ row: number, title: string, strongest: Strongest[], first: number, numbers: string[] }} Sent
 * @typedef {Sent & { weights: DataView, shades: DataView }} Packed
 * @typedef {Sent & { weights: Float32Array, shades: Uint8Array }} TokenWeights between `row` and the chips from `first` on
 */

/**
 * @param {Sent} sent
 * @param {DataView} weights
 * @param {DataView} shades
 * @returns {TokenWeights}
 */
export const unpacked = (sent, weights, shades) => ({ ...sent, weights: asFloats(weights), shades: asBytes(shades) });
