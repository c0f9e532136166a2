// One plotly figure.

import { unpackText } from "../../js/lib/bytes.js";
import { addTo, setAttributes } from "../../js/lib/dom.js";
import { dimStale, openView } from "../../js/lib/view.js";
import { pickCells } from "./cells.js";
import { plotlyOf } from "./library.js";
import { pickRows } from "./rows.js";

/**
 * @import { View } from "../../js/lib/types"
 * @typedef {{
 *   packed: DataView, answer: number, stale: boolean, height: number, description: string, words: Record<string, string>,
 *   picks: boolean, cells: boolean, zooms: boolean,
 * }} Traits
 * @typedef {import("../../js/lib/types").RenderProps<Traits>} Props
 */

const FRAME = 17; // milliseconds

const page = /** @type {any} */ (globalThis);
const DRAWN = Symbol.for("next-token-explorer.drawn"); // when a plot of this page was drawn last, whichever

/** @param {any} Plotly @param {string} title @param {"png" | "svg"} format */
const saveButton = (Plotly, title, format) => ({
  name: format,
  title,
  icon: format === "png" ? Plotly.Icons.camera : Plotly.Icons.disk,
  click: (/** @type {HTMLElement} */ box) => Plotly.downloadImage(box, { format, filename: "next-token" }),
});

/** @param {any} Plotly @param {Record<string, string>} words */
const configOf = (Plotly, words) => ({
  displaylogo: false,
  typesetMath: false,
  doubleClick: false, // it would go back to the part that was drawn first; see `pickCells`
  showTips: false,
  modeBarButtons: [[saveButton(Plotly, words.png, "png"), saveButton(Plotly, words.svg, "svg")]],
});

/**
 * Draws figures as they come, once plotly.js is there.
 *
 * @param {View<Traits>} view
 * @param {any} Plotly
 * @param {Props & { box: any, reserve: () => void }} place
 */
function drawFigures(view, Plotly, { model, el, box, reserve }) {
  const [picks, cells] = [model.get("picks"), model.get("cells")];
  const pick = picks ? pickRows : cells ? pickCells : () => () => {};
  const renew = pick({ Plotly, view, model, el, box });
  /** @type {any} */
  let latest = { number: 0 }; // of the figures that are unpacked
  let taken = 0;
  let isWaiting = false; // for the next frame
  /** @type {Record<string, string> | undefined} */
  let configured; // the words of the buttons on show
  const draw = async () => {
    isWaiting = false;
    if (view.signal.aborted) return;
    const { data, layout, words, description, answer } = latest;
    // Another configuration, also one that does the same, makes plotly begin from nothing, and draw twice.
    const config = words === configured ? undefined : configOf(Plotly, words);
    configured = words;
    reserve();
    await Plotly.react(box, data, structuredClone(layout), config); // a zoom is written into what it was given
    if (view.signal.aborted) return;
    setAttributes(box, { role: picks || cells ? "application" : "img", "aria-label": description });
    el.dataset.answer = answer; // which question this picture answers
    renew(data);
    page[DRAWN] = performance.now();
  };
  // Once the frame is painted that is being made.
  const drawLater = () => {
    isWaiting = true;
    requestAnimationFrame(() => setTimeout(draw));
  };
  const take = async () => {
    const packed = model.get("packed");
    if (!packed.byteLength) return;
    const number = ++taken;
    const [words, description, answer] = [model.get("words"), model.get("description"), model.get("answer")];
    const text = unpackText(packed);
    const figure = JSON.parse(typeof text === "string" ? text : await text); // what is there is drawn at once
    if (number < latest.number || view.signal.aborted) return; // a later one was unpacked sooner
    latest = { number, words, description, answer, ...figure };
    if (isWaiting) return;
    // At once, unless a plot was drawn a moment ago: that one is seen first, and of those that come together the last
    // alone is drawn.
    if (performance.now() - (page[DRAWN] ?? -Infinity) > FRAME) draw();
    else drawLater();
  };
  // The window is not all that changes its size: panels of JupyterLab do as well.
  view.onResize(el, async () => {
    if (!box.data || !box.clientWidth) return;
    await Plotly.Plots.resize(box);
    if (!view.signal.aborted) renew(box.data);
  });
  view.onEnd(() => Plotly.purge(box));
  view.onChange("packed", take);
  // What was asked for is no other picture: what plotly made of it meanwhile is taken back.
  view.onMessage(({ kind }) => kind === "again" && latest.data && draw());
  take();
}

/** @param {Props} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-plot");
  const box = addTo(el, "div");
  // The place is kept before the picture.
  const reserve = () => {
    box.style.minHeight = `${model.get("height")}px`;
  };
  reserve();
  dimStale(view, model, el);
  plotlyOf(view, model).then((Plotly) => {
    if (view.signal.aborted) return;
    if (Plotly) drawFigures(view, Plotly, { model, el, box, reserve });
    else box.textContent = model.get("words").missing ?? "";
  });
  return view.close;
}

export default { render };
