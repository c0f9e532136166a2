// The cells of a heatmap: a click picks one, and Enter the one that the cursor keys moved to. Cells without a number
// are passed over. A box that is dragged, a double click, and + and - and 0, ask the kernel for a part of the picture or for
// all of it: what plotly shows of it at once is replaced by what comes back.

import { consume } from "../../js/lib/keys.js";
import { makeOverlay } from "./overlay.js";

/**
 * @import { Plotted } from "./overlay.js"
 * @typedef {[column: number, row: number]} Cell
 * @typedef {[first: number, last: number]} Cells
 */

const HOVER_WRITTEN = 60; // milliseconds: of keys that are held down, plotly writes what one cell is in 50

/**
 * Whether there is a number in a cell.
 *
 * @param {number[][]} z
 * @param {Cell} cell
 */
const hasNumber = (z, [column, row]) => Number.isFinite(z[row]?.[column]);

/**
 * The nearest cell with a number in a direction; without a cell to begin at, the last one of the last row. null where
 * there is none.
 *
 * @param {number[][]} z
 * @param {Cell | null} from
 * @param {Cell} step
 * @returns {Cell | null}
 */
export function nextCell(z, from, step) {
  const [right, down] = from ? step : [-1, 0];
  let [column, row] = from ?? [z[0].length, z.length - 1];
  do [column, row] = [column + right, row + down];
  while ((right || down) && column in (z[row] ?? []) && !hasNumber(z, [column, row]));
  return hasNumber(z, [column, row]) ? [column, row] : null;
}

/**
 * The cells whose middle lies in a range of an axis; of a box within one cell, that.
 *
 * @param {(number | string)[]} range
 * @returns {Cells}
 */
export function cellsIn(range) {
  const [low, high] = range.map(Number).sort((a, b) => a - b);
  const [first, last] = [Math.ceil(low), Math.floor(high)];
  return first <= last ? [first, last] : [Math.round(low), Math.round(low)];
}

/**
 * Half as many cells around one of them.
 *
 * @param {Cells} cells
 * @param {number} middle
 * @returns {Cells}
 */
export function halfAround([first, last], middle) {
  const size = Math.max(1, Math.ceil((last - first + 1) / 2));
  const start = Math.min(Math.max(first, middle - (size >> 1)), last + 1 - size);
  return [start, start + size - 1];
}

/**
 * @param {Plotted} plotted
 * @returns {(data: any[]) => void} to be called after each drawing
 */
export function pickCells({ Plotly, view, model, el, box }) {
  const { mark, said } = makeOverlay(el, "nte-plot-cell");
  let number = -1; // of the heatmap among the traces
  /** @type {number[][]} */
  let z = []; // its rows
  /** @type {Cell | null} */
  let at = null; // the cell under the keys

  const place = (/** @type {Cell | null} */ cell, byKeys = false) => {
    at = cell;
    mark.hidden = !cell || !byKeys;
    if (!cell || mark.hidden) return;
    const { xaxis, yaxis } = box._fullLayout;
    const [x, y] = [xaxis.l2p(cell[0] - 0.5), yaxis.l2p(cell[1] - 0.5)];
    mark.style.left = `${xaxis._offset + x}px`;
    mark.style.top = `${yaxis._offset + y}px`;
    mark.style.width = `${xaxis.l2p(cell[0] + 0.5) - x}px`;
    mark.style.height = `${yaxis.l2p(cell[1] + 0.5) - y}px`;
  };
  // What plotly writes beside the cell is what is said.
  let saying = 0;
  view.onEnd(() => clearTimeout(saying));
  /** @param {Cell} cell */
  const say = ([xval, yval]) => {
    Plotly.Fx.hover(box, [{ curveNumber: number, xval, yval }]);
    clearTimeout(saying);
    saying = setTimeout(() => {
      const lines = [...box.querySelectorAll(".hoverlayer .hovertext .line")].map((line) => line.textContent);
      said.textContent = at ? lines.join(", ") : "";
    }, HOVER_WRITTEN);
  };
  /** @param {number} right @param {number} down */
  const walk = (right, down) => {
    const cell = nextCell(z, at, [right, down]);
    if (!cell) return;
    place(cell, true);
    say(cell);
  };
  /** @param {Cell} cell */
  const pick = ([column, row]) => model.send({ kind: "cell", column, row });
  const leave = () => {
    place(null);
    said.textContent = "";
    Plotly.Fx.unhover(box);
  };

  /** @returns {[Cells, Cells]} */
  const all = () => [
    [0, z[0].length - 1],
    [0, z.length - 1],
  ];
  /** @param {Cells | null} columns @param {Cells | null} rows */
  const zoom = (columns, rows) => {
    place(null);
    if (model.get("zooms")) model.send({ kind: "zoom", columns, rows });
  };
  /** @param {object} change */
  const onRelayout = (change) => {
    if (!Object.keys(change).some((key) => /^[xy]axis\.(range|autorange)/.test(key))) return;
    const { xaxis, yaxis } = box._fullLayout;
    const part = [cellsIn(xaxis.range), cellsIn(yaxis.range)];
    if (String(part) === String(all())) zoom(null, null);
    else zoom(part[0], part[1]);
  };
  const closer = () => {
    if (!at) return;
    const [columns, rows] = all();
    zoom(halfAround(columns, at[0]), halfAround(rows, at[1]));
  };

  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => walk(-1, 0),
    ArrowRight: () => walk(1, 0),
    ArrowUp: () => walk(0, -1),
    ArrowDown: () => walk(0, 1),
    Enter: () => at && pick(at),
    "+": closer,
    "-": () => zoom(null, null),
    0: () => zoom(null, null),
  };
  view.listen(box, "keydown", (event) => {
    if (event.target !== box || number < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!keys[event.key]) return;
    consume(event);
    keys[event.key]();
  });
  view.listen(box, "focus", () => {
    if (!at && number >= 0 && box.matches(":focus-visible")) walk(0, 0);
  });
  view.listen(box, "blur", leave);

  let bound = false;
  return (data) => {
    if (!bound) {
      bound = true; // plotly's events are there after the first drawing
      box.on("plotly_click", (/** @type {any} */ { points: [point] }) => {
        if (point.curveNumber !== number) return;
        /** @type {Cell} */
        const cell = [point.pointNumber[1], point.pointNumber[0]];
        box.focus({ preventScroll: true });
        place(cell);
        pick(cell);
      });
      box.on("plotly_relayout", onRelayout);
      box.on("plotly_doubleclick", () => zoom(null, null));
    }
    number = data.findIndex((trace) => trace.type === "heatmap");
    z = number < 0 ? [] : box.calcdata[number][0].z;
    box.tabIndex = number < 0 ? -1 : 0;
    place(at && hasNumber(z, at) ? at : null, !mark.hidden);
  };
}
