// Where the pictures of all heads lie.

// Pixels of a picture: at least and at most, at least with a name below it, and between two.
const [MIN_SIZE, MAX_SIZE, MIN_NAMED_SIZE, GAP] = [10, 64, 32, 3];
// What all of them have in height, a name below a picture; where pictures would be smaller, layers stand in bands below
// each other.
const [HEIGHT, NAME, SMALL, MAX_BANDS, BETWEEN_BANDS] = [400, 12, 24, 3, 16];
export const [LEFT, TOP, SCROLLBAR] = [28, 25, 16]; // what the names on the edges take

/**
 * @typedef {{
 *   size: number, left: number, across: number, down: number, columns: number, at: [column: number, row: number][],
 *   y: (row: number) => number, height: number, view: number,
 * }} Layout
 *
 * `size` of a picture; `left` of the first one; `across` and `down` from one to the next; `at`: the column and row of
 * each head; `y` of a row; of the `height`, how much is on `view`.
 */

/**
 * The pictures in `width` pixels, a column a layer and a row a head, or by an order. Its view is as high with an order
 * as without, so that nothing below moves.
 *
 * @param {number} width
 * @param {[n_layer: number, n_head: number]} shape
 * @param {number[]} order the heads, best first; empty for columns and rows
 * @returns {Layout}
 */
export function gridLayout(width, [n_layer, n_head], order) {
  /** @param {number} bands */
  const tried = (bands) => {
    const columns = Math.ceil(n_layer / bands);
    const room = (HEIGHT - (bands - 1) * BETWEEN_BANDS) / (n_head * bands);
    const fit = Math.floor(Math.min((width - LEFT) / columns, room)) - GAP;
    return { bands, columns, size: Math.max(MIN_SIZE, Math.min(MAX_SIZE, fit)) };
  };
  let found = tried(1);
  for (let bands = 2; bands <= MAX_BANDS && found.size < SMALL; bands++)
    if (tried(bands).size > 1.15 * found.size) found = tried(bands);
  const { bands, columns, size } = found;
  const side = size + GAP;
  /** @type {[number, number][]} */
  const at = Array.from({ length: n_layer * n_head }, (_, number) => {
    const [layer, head] = [Math.floor(number / n_head), number % n_head];
    return [layer % columns, Math.floor(layer / columns) * n_head + head];
  });
  /** @param {number} row */
  const y = (row) => TOP + row * side + Math.floor(row / n_head) * BETWEEN_BANDS;
  const height = y(n_head * bands - 1) + side;
  const view = Math.min(height, TOP + HEIGHT);
  if (order.length) return orderedLayout(width, order, view);
  return { size, left: LEFT, across: side, down: side, columns, at, y, height, view };
}

/**
 * @param {number} width
 * @param {number[]} order
 * @param {number} view
 * @returns {Layout}
 */
function orderedLayout(width, order, view) {
  /** @param {number} size @param {number} room */
  const tried = (size, room) => {
    const columns = Math.max(1, Math.floor((room - GAP) / (size + GAP)));
    return { size, columns, height: GAP + Math.ceil(order.length / columns) * (size + GAP + NAME) };
  };
  let found = tried(MAX_SIZE, width);
  for (let size = MAX_SIZE; size >= MIN_NAMED_SIZE && found.height > view; size--) found = tried(size, width);
  if (found.height > view) found = tried(MIN_NAMED_SIZE, width - SCROLLBAR);
  const { size, columns, height } = found;
  /** @type {[number, number][]} */
  const at = [];
  order.forEach((head, place) => (at[head] = [place % columns, Math.floor(place / columns)]));
  const down = size + GAP + NAME;
  return { size, left: GAP, across: size + GAP, down, columns, at, y: (row) => GAP + row * down, height, view };
}
