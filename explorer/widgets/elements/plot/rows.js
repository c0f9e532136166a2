// The rows of a bar chart: a click anywhere in one, or Enter, picks its token. The bars' `customdata` is token ids, -1
// for a bar that stands for many.

import { around } from "../../js/lib/dom.js";
import { consume } from "../../js/lib/keys.js";
import { makeOverlay } from "./overlay.js";

/** @import { Plotted } from "./overlay.js" */

/**
 * The next row in a direction that can be picked; -1 where there is none.
 *
 * @param {number[]} ids of the rows' tokens
 * @param {number} active -1: before the first, or behind the last
 * @param {-1 | 1} step
 */
export function nextRow(ids, active, step) {
  let row = active < 0 && step < 0 ? ids.length : active;
  do row += step;
  while (row in ids && ids[row] < 0);
  return row in ids ? row : -1;
}

/**
 * @param {Plotted} plotted
 * @returns {(data: any[]) => void} to be called after each drawing
 */
export function pickRows({ Plotly, view, model, el, box }) {
  const { mark, said } = makeOverlay(el, "nte-plot-row");
  /** @type {{ customdata: number[], hovertext?: string[], number: number }} */
  let bars = { customdata: [], number: 0 };
  let active = -1;

  /** @param {MouseEvent} event */
  const rowAt = ({ clientY }) => {
    const { yaxis, _size } = box._fullLayout;
    const y = clientY - box.getBoundingClientRect().top - _size.t;
    return y >= 0 && y < _size.h ? Math.round(yaxis.p2l(y)) : -1;
  };
  const activate = (/** @type {number} */ row, byKeys = false) => {
    active = bars.customdata[row] >= 0 ? row : -1;
    mark.hidden = active < 0;
    mark.classList.toggle("nte-plot-entered", byKeys);
    el.classList.toggle("nte-plot-over", active >= 0);
    if (active < 0) return;
    const { yaxis, _size } = box._fullLayout;
    mark.style.top = `${_size.t + yaxis.l2p(active - 0.5)}px`;
    mark.style.height = `${yaxis.l2p(active + 0.5) - yaxis.l2p(active - 0.5)}px`;
  };
  /** @param {number} row */
  const pick = (row) => {
    if (row < 0) return;
    model.send({ kind: "pick", id: bars.customdata[row], answer: Number(el.dataset.answer) });
  };
  /** @param {-1 | 1} step */
  const walk = (step) => {
    const row = nextRow(bars.customdata, active, step);
    if (row < 0) return;
    activate(row, true);
    Plotly.Fx.hover(box, [{ curveNumber: bars.number, pointNumber: row }]);
    // plotly's markup, read as a document of its own: nothing in it runs.
    const html = bars.hovertext?.[row]?.replaceAll("<br>", ", ") ?? "";
    said.textContent = new DOMParser().parseFromString(html, "text/html").body.textContent;
  };
  const leave = () => {
    activate(-1);
    said.textContent = "";
  };

  view.listen(el, "click", (event) => {
    if (!box.data || around(event, ".modebar")) return;
    box.focus({ preventScroll: true }); // plotly keeps the focus from coming by itself
    activate(rowAt(event));
    pick(active);
  });
  view.listen(el, "pointermove", (event) => box.data && activate(rowAt(event)));
  view.listen(el, "pointerleave", leave);
  view.listen(box, "focus", () => {
    if (active < 0 && box.matches(":focus-visible")) walk(1); // a focus by keys is seen
  });
  view.listen(box, "blur", () => {
    leave();
    Plotly.Fx.unhover(box);
  });
  view.listen(box, "keydown", (event) => {
    if (event.target !== box || !box.data) return;
    if (event.key === "Enter") pick(active);
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    consume(event);
    walk(event.key === "ArrowDown" ? 1 : -1);
  });

  return (data) => {
    const number = data.findLastIndex((trace) => Array.isArray(trace.customdata));
    bars = number < 0 ? { customdata: [], number } : { ...data[number], number };
    box.tabIndex = number < 0 ? -1 : 0;
    activate(active, mark.classList.contains("nte-plot-entered"));
  };
}
