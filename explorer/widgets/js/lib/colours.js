// Colours as style sheets have them.

/**
 * Colours from left to right, as a background.
 *
 * @param {string[]} [colours]
 */
export const ramp = (colours) => (colours?.length ? `linear-gradient(to right, ${colours.join(", ")})` : "none");

/**
 * Whether a colour as computed styles have it, `rgb(…)` or `rgba(…)`, is one that light text is written on.
 *
 * @param {string} colour
 */
export function isDark(colour) {
  const [r = 255, g = 255, b = 255, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return alpha > 0 && 0.299 * r + 0.587 * g + 0.114 * b < 128;
}
