// Arcs between chips in lines of text.

/**
 * Where a chip is, in pixels: its middle, top and bottom; the line it stands in, and the room between that and the
 * bottom of the line above.
 *
 * @typedef {{ x: number, top: number, bottom: number, line: number, room: number }} Place
 */

/**
 * Where chips are that follow each other in lines.
 *
 * @param {Pick<HTMLElement, "offsetLeft" | "offsetWidth" | "offsetTop" | "offsetHeight">[]} chips
 * @returns {Place[]}
 */
export function placesOf(chips) {
  let [line, above, bottom] = [-1, 0, 0]; // the bottoms of the line above and of this one
  return chips.map((chip) => {
    const [x, top, end] = [chip.offsetLeft + chip.offsetWidth / 2, chip.offsetTop, chip.offsetTop + chip.offsetHeight];
    if (end > bottom + 4) [line, above, bottom] = [line + 1, bottom, end];
    return { x, top, bottom: end, line, room: top - above };
  });
}

/**
 * The path from the top of one chip, over the line to an earlier one; or up to the bottom of one in a line above.
 *
 * @param {Place} from
 * @param {Place} to
 * @param {number} width of the text
 */
export function arcPath(from, to, width) {
  if (from.line === to.line) {
    const height = Math.min(from.room - 4, 14 + from.room * Math.sqrt((from.x - to.x) / width));
    const peak = Math.min(from.top, to.top) - (4 / 3) * height; // a curve reaches three quarters of the way to its handles
    return `M${from.x} ${from.top}C${from.x} ${peak} ${to.x} ${peak} ${to.x} ${to.top}`;
  }
  const bend = Math.max(12, (from.top - to.bottom) * 0.55);
  return `M${from.x} ${from.top}C${from.x} ${from.top - bend} ${to.x} ${to.bottom + bend} ${to.x} ${to.bottom}`;
}

/**
 * The weights that have an arc, the strongest last, so that it lies over the others: their indices.
 *
 * @param {Float32Array} weights NaN where one is left out
 * @param {{ least: number, most: number, apart: number }} limits the weight from which on there is an arc, how many there
 *   are at most, and the index that has none, which they lead from
 */
export const strongestWeights = (weights, { least, most, apart }) =>
  [...weights.keys()]
    .filter((index) => weights[index] >= least && index !== apart)
    .sort((a, b) => weights[b] - weights[a])
    .slice(0, most)
    .reverse();

/**
 * The nearest chip in the line above (-1) or below (1): its index; the chip's own where there is no such line.
 *
 * @param {Place[]} places
 * @param {number} index
 * @param {-1 | 1} side
 */
export function chipAcross(places, index, side) {
  const here = places[index];
  /** @param {Place} place */
  const distance = (place) => (place.line - here.line === side ? Math.abs(place.x - here.x) : Infinity);
  return places.reduce((best, place, i) => (distance(place) < distance(places[best]) ? i : best), index);
}
