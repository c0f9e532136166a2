// A small picture of every head. One canvas has the pictures; for each head there is an element as well, an option of a
// list, which has the frame, hears the pointer, and is what a screen reader reads. So a hover repaints no picture.

import { asBytes } from "../../js/lib/bytes.js";
import { ramp } from "../../js/lib/colours.js";
import { addTo, around, focused, make, pageId, setAttributes } from "../../js/lib/dom.js";
import { activeWithin, consume, hasModifier, nearestScroll, pointerMoves } from "../../js/lib/keys.js";
import { askNotes } from "../../js/lib/notes.js";
import { dimStale, onceAFrame, openView, paintTogether } from "../../js/lib/view.js";
import { LEFT, SCROLLBAR, TOP, gridLayout } from "./layout.js";
import { asPixels, trianglePainter } from "./thumbnail.js";

/**
 * @import { Layout } from "./layout.js"
 * @typedef {{
 *   shape: [n_layer: number, n_head: number], names: string[], cells: DataView, side: number, palette: DataView,
 *   scale: { least?: string, most?: string, colours?: string[] }, order: number[], opened: number, chosen: number[],
 *   line: string, cells_mean: string, sentence: string, words: Record<string, string>, answer: number, stale: boolean,
 * }} Traits
 */

/** @type {Layout} */
const NOWHERE = {
  size: 0,
  left: 0,
  across: 0,
  down: 0,
  columns: 0,
  at: [],
  y: () => 0,
  height: 0,
  view: 0,
};

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-grid");
  const id = pageId("nte-grid");
  const about = addTo(el, "div", "nte-grid-about");
  const [title, explained] = [addTo(about, "strong"), addTo(about, "span")];
  const box = addTo(el, "div", "nte-grid-box");
  box.tabIndex = 0;
  setAttributes(box, { role: "listbox", "aria-multiselectable": true });
  const sentence = addTo(box, "div", "nte-grid-sentence");
  sentence.setAttribute("role", "status");
  const field = addTo(box, "div", "nte-grid-field");
  field.setAttribute("role", "presentation");
  const edges = addTo(field, "div", "nte-grid-edges");
  edges.setAttribute("aria-hidden", "true");
  const heads = addTo(field, "div");
  heads.setAttribute("role", "presentation");
  const canvas = addTo(field, "canvas");
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  const line = addTo(el, "div", "nte-grid-line");
  line.setAttribute("aria-live", "polite");
  const foot = addTo(el, "div", "nte-grid-foot");
  const [least, colours, most] = ["", "nte-grid-ramp", ""].map((name) => addTo(foot, "span", name));
  const [means, help] = ["nte-grid-means", "nte-grid-help"].map((name) => addTo(foot, "span", name));

  const ratio = () => window.devicePixelRatio || 1;
  let laid = NOWHERE;
  let laidFor = ""; // all that it depends on
  /** @type {HTMLElement[]} */
  const ones = []; // by head, its element
  let active = -1;
  const markActive = activeWithin(box, "nte-grid-active");

  // --- where everything lies

  const lay = () => {
    const [shape, order, width] = [model.get("shape"), model.get("order"), el.clientWidth];
    const all = [width, ratio(), shape, order].join(" ");
    if (!width || laidFor === all) return;
    laidFor = all;
    laid = gridLayout(width, shape, order);
    const [right, bottom] = [laid.left + laid.columns * laid.across, laid.height];
    for (const { style } of [field, canvas]) Object.assign(style, { width: `${right}px`, height: `${bottom}px` });
    box.style.height = `${laid.view + (right > width ? SCROLLBAR : 0)}px`;
    [canvas.width, canvas.height] = [Math.round(right * ratio()), Math.round(bottom * ratio())];
    field.classList.toggle("nte-grid-sorted", order.length > 0);
    const names = model.get("names");
    ones.splice(laid.at.length).forEach((one) => one.remove());
    laid.at.forEach(([column, row], head) => {
      const one = (ones[head] ??= addTo(heads, "div", "nte-grid-one"));
      one.id = `${id}-${head}`;
      one.dataset.head = String(head);
      one.dataset.name = names[head];
      setAttributes(one, { role: "option", "aria-label": names[head] });
      const [x, y] = [laid.left + column * laid.across, laid.y(row)];
      Object.assign(one.style, { left: `${x}px`, top: `${y}px`, width: `${laid.size}px`, height: `${laid.size}px` });
    });
    heads.append(...(order.length ? order.map((head) => ones[head]) : ones)); // as they are read
    if (active >= ones.length) activate(-1);
    mark();
    labelEdges(order.length ? [0, 0] : shape);
  };
  /** @param {[n_layer: number, n_head: number]} shape */
  const labelEdges = ([n_layer, n_head]) => {
    edges.replaceChildren();
    if (!n_layer) return;
    const { layers, heads: rows } = model.get("words");
    edges.append(make("span", "nte-grid-layers", layers ?? ""), make("span", "nte-grid-heads", rows ?? ""));
    /** @param {number} number @param {Partial<CSSStyleDeclaration>} style */
    const label = (number, style) => Object.assign(edges.appendChild(make("span", "", String(number))).style, style);
    const { size, across, columns, y } = laid;
    const every = across < 16 ? 2 : 1; // or the numbers would touch
    /** @param {number} layer */
    const top = (layer) => y(Math.floor(layer / columns) * n_head);
    for (let layer = 0; layer < n_layer; layer += every) {
      const left = `${LEFT + (layer % columns) * across}px`;
      label(layer, { left, top: `${top(layer) - 13}px`, width: `${size}px` });
    }
    for (let layer = 0; layer < n_layer; layer += columns) {
      for (let head = 0; head < n_head; head++)
        label(head, { left: "12px", top: `${top(layer) + head * across + size / 2 - 6}px`, width: "14px" });
    }
  };
  const mark = () => {
    const [opened, chosen] = [model.get("opened"), new Set(model.get("chosen"))];
    ones.forEach((one, head) => {
      setAttributes(one, { "aria-selected": chosen.has(head), "aria-current": head === opened ? true : null });
    });
  };

  // --- the pictures

  const paint = () => {
    const said = context ? model.get("sentence") : model.get("words").no_canvas;
    sentence.textContent = said;
    sentence.hidden = !said;
    field.hidden = Boolean(said);
    if (!said) lay();
    if (said || !context || !laid.at.length) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const [side, cells, size] = [model.get("side"), asBytes(model.get("cells")), Math.round(laid.size * ratio())];
    const each = (side * (side + 1)) / 2;
    if (!each || cells.length !== each * laid.at.length) return;
    const image = context.createImageData(size, size);
    const pixels = new Uint32Array(image.data.buffer);
    const draw = trianglePainter(side, size, asPixels(asBytes(model.get("palette"))));
    laid.at.forEach(([column, row], head) => {
      const [x, y] = [laid.left + column * laid.across, laid.y(row)];
      draw(pixels, cells, head * each);
      context.putImageData(image, Math.round(x * ratio()), Math.round(y * ratio()));
    });
    el.dataset.answer = String(model.get("answer"));
  };
  const later = onceAFrame(view, paint);

  // --- the one that is pointed at

  const notes = askNotes(view, model, "head", (head) => head === active && tell());
  const tell = () => {
    const text = active < 0 ? model.get("line") : notes.about(active)?.text || model.get("names")[active];
    line.textContent = line.title = text ?? "";
  };
  /** @param {number} head */
  const activate = (head) => {
    if (head === active) return;
    active = head;
    markActive(ones[active]);
    tell();
  };

  /** @param {Event} event */
  const headAt = (event) => Number(around(event, ".nte-grid-one")?.dataset.head ?? -1);
  const moved = pointerMoves();
  view.listen(field, "pointermove", (event) => {
    if (moved(event) && headAt(event) >= 0) activate(headAt(event));
  });
  view.listen(field, "click", (event) => {
    const head = headAt(event);
    if (head < 0) return;
    activate(head);
    model.send({ kind: event.ctrlKey || event.metaKey || event.shiftKey ? "add" : "open", head });
  });
  const rest = () => activate(focused() === box && ones.length ? model.get("opened") : -1);
  view.listen(field, "pointerleave", rest);
  view.listen(box, "focus", () => active < 0 && rest());
  view.listen(box, "blur", () => activate(-1));

  // Scrolls this box alone: the page stays where its reader is.
  /** @param {number} head */
  const reveal = (head) => {
    if (!ones[head] || !box.clientWidth) return;
    const { offsetLeft: x, offsetTop: y } = ones[head];
    box.scrollTo(
      nearestScroll(box.scrollLeft, box.clientWidth, x, laid.across, TOP),
      nearestScroll(box.scrollTop, box.clientHeight, y, laid.down, TOP),
    );
  };
  /** @param {[right: number, down: number]} step */
  const walk = ([right, down]) => {
    const [column, row] = laid.at[active];
    const there = laid.at.findIndex(([x, y]) => x === column + right && y === row + down);
    activate(there < 0 ? active : there);
  };
  const headOf = (/** @type {Element | null} */ one) => Number(/** @type {HTMLElement} */ (one).dataset.head);
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => walk([-1, 0]),
    ArrowRight: () => walk([1, 0]),
    ArrowUp: () => walk([0, -1]),
    ArrowDown: () => walk([0, 1]),
    Home: () => activate(headOf(heads.firstElementChild)),
    End: () => activate(headOf(heads.lastElementChild)),
    Enter: () => model.send({ kind: "open", head: active }),
    " ": () => model.send({ kind: "add", head: active }),
  };
  view.listen(box, "keydown", (event) => {
    if (hasModifier(event) || !ones.length) return;
    if (active < 0) rest();
    if (!keys[event.key]) return;
    keys[event.key]();
    reveal(active);
    consume(event);
  });

  // --- what comes from the kernel

  const translate = () => {
    const words = model.get("words");
    title.textContent = words.title ?? "";
    explained.textContent = words.about ?? "";
    help.textContent = words.help ?? "";
    help.title = words.keys ?? "";
    setAttributes(box, { "aria-label": words.title ?? "", "aria-description": words.keys ?? "" });
    laidFor = ""; // words stand at the edges
    later();
  };
  const explain = () => {
    const scale = model.get("scale");
    least.textContent = scale.least ?? "";
    most.textContent = scale.most ?? "";
    colours.style.background = ramp(scale.colours);
    means.textContent = means.title = model.get("cells_mean");
  };
  const renewNotes = () => {
    notes.forget();
    tell();
  };
  view.onResize(el, later);
  paintTogether(view, [
    [["words"], translate],
    [["shape", "names", "cells", "side", "palette", "order", "sentence"], later],
    [["opened", "chosen"], mark],
    [["opened"], () => active < 0 && reveal(model.get("opened"))],
    [["scale", "cells_mean"], explain],
    [["answer", "words"], renewNotes],
    [["line"], tell],
  ]);
  dimStale(view, model, el);
  return view.close;
}

export default { render };
