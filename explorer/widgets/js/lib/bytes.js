// Bytes from the kernel. They come as a view into a larger buffer, at any offset.

/** @param {DataView} view */
export const asBytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/**
 * The float32 numbers that some bytes are.
 *
 * @param {DataView} view
 */
export const asFloats = ({ buffer, byteOffset, byteLength }) =>
  new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)); // a copy, whose offset is a multiple of four

/**
 * The text that was compressed with gzip.
 *
 * @param {DataView} packed
 */
export const gunzip = (packed) =>
  new Response(
    new Blob([/** @type {BlobPart} */ (asBytes(packed))]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).text();

/**
 * The text that the kernel sent: as UTF-8, or, where that is long, compressed with gzip, which takes a while.
 *
 * @param {DataView} bytes
 * @returns {string | Promise<string>}
 */
export const unpackText = (bytes) =>
  bytes.byteLength > 1 && bytes.getUint16(0) === 0x1f8b ? gunzip(bytes) : new TextDecoder().decode(bytes);
