// Where the nodes of a tree are, in rows and columns and in pixels, and which of them the keys lead to.

export const [COLUMN, ROW, BOX, EDGE] = [88, 34, 22, 14]; // pixels: a column, a row, a box's height, the margin around all
const [TRUNK, ROUND] = [9, 6]; // where a branch turns down, left of its first box, and the radius of its corners

/**
 * @typedef {{ parents: number[], rows: number[] }} Tree by node; 0 is the root, and a parent comes before its children
 */

/**
 * By node, how far it is from the root.
 *
 * @param {number[]} parents
 */
export function depths(parents) {
  /** @type {number[]} */
  const found = [];
  parents.forEach((parent, node) => found.push(node ? found[parent] + 1 : 0));
  return found;
}

/** @param {number} column */
export const leftOf = (column) => EDGE + column * COLUMN;

/** @param {number} row */
export const topOf = (row) => EDGE + row * ROW;

/**
 * The line to a node from its parent: from the left end of one box to that of the next, for boxes lie over the lines.
 *
 * @param {Tree} tree
 * @param {number[]} columns
 * @param {number} node
 */
export function lineTo({ parents, rows }, columns, node) {
  const parent = parents[node];
  const [from, to] = [topOf(rows[parent]) + BOX / 2, topOf(rows[node]) + BOX / 2];
  const [start, end] = [leftOf(columns[parent]), leftOf(columns[node])];
  const turn = end - TRUNK;
  if (from === to) return `M${start} ${from}H${end}`;
  return (
    `M${start} ${from}H${turn - ROUND}q${ROUND} 0 ${ROUND} ${ROUND}` +
    `V${to - ROUND}q0 ${ROUND} ${ROUND} ${ROUND}H${end}`
  );
}

/**
 * The nearest node in a row above (-1) or below (1): if there is one in the same column, that. The node itself where
 * there is none.
 *
 * @param {Tree} tree
 * @param {number[]} columns
 * @param {number} active
 * @param {-1 | 1} side
 */
export function neighbour({ rows }, columns, active, side) {
  /** @param {number} node */
  const distance = (node) => {
    const [down, across] = [side * (rows[node] - rows[active]), Math.abs(columns[node] - columns[active])];
    return down <= 0 ? Infinity : down + (across ? 1e6 + across * 1e-6 : 0);
  };
  let best = active;
  rows.forEach((_, node) => {
    if (distance(node) < distance(best)) best = node;
  });
  return best;
}

/**
 * The child that the way through the tree goes on with, else the first one, else the node itself.
 *
 * @param {Tree} tree
 * @param {number} active
 * @param {(node: number) => boolean} isOnTheWay
 */
export function childOf({ parents }, active, isOnTheWay) {
  const children = [...parents.keys()].filter((node) => node && parents[node] === active);
  return children.find(isOnTheWay) ?? children[0] ?? active;
}

/**
 * Where to scroll so that a part is seen: by whole columns or rows, and no further than it takes, so that what is read
 * stays where it is.
 *
 * @param {number} from where the box is scrolled to
 * @param {number} size of what is seen of it
 * @param {number} start of the part
 * @param {{ length: number, margin: number, step: number }} part its length, the margin around it, a column or a row
 */
export function scrolledByStep(from, size, start, { length, margin, step }) {
  if (start - margin < from) return Math.floor((start - margin) / step) * step;
  return Math.max(from, Math.ceil((start + length + margin - size) / step) * step);
}

/**
 * A time as text in the reader's own time zone, which the kernel does not know: of today without the date.
 *
 * @param {number} seconds since 1970, UTC
 * @param {Date} [today]
 */
export function clock(seconds, today = new Date()) {
  /** @param {Date} date */
  const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  const [then, now] = [local(new Date(seconds * 1000)), local(today)];
  return then.slice(0, 10) === now.slice(0, 10) ? then.slice(11, 19) : then.slice(0, 16).replace("T", " ");
}
