// What was tried after a prefix: a row of tokens for each way it went on, columns by depth, lines between them. The
// boxes are kept and patched: while a text is played, a picture comes with every token.

import { addTo, around, focused, make, makeSvg, pageId, setAttributes } from "../../js/lib/dom.js";
import { activeWithin, consume, hasModifier, pointerMoves } from "../../js/lib/keys.js";
import { askNotes } from "../../js/lib/notes.js";
import { openView, paintTogether } from "../../js/lib/view.js";
import {
  BOX,
  COLUMN,
  EDGE,
  ROW,
  childOf,
  clock,
  depths,
  leftOf,
  lineTo,
  neighbour,
  scrolledByStep,
  topOf,
} from "./layout.js";

/**
 * @typedef {{
 *   labels: string[], parents: number[], rows: number[], chosen: string, shares: number[],
 *   names: Record<string, string>, current: number, ahead: number[],
 * }} Picture
 * @typedef {{
 *   picture: Partial<Picture>, marks: Record<string, string>, words: Record<string, string>, summary: string,
 *   longest_name: number,
 * }} Traits
 */

/** @type {Record<string, string>} */
const CHOSEN_BY = { d: "drawn", h: "hand", g: "greedy" };
/** @type {Picture} */
const EMPTY = { labels: [], parents: [], rows: [], chosen: "", shares: [], names: {}, current: 0, ahead: [] };

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-tree");
  const id = pageId("nte-tree");
  const box = addTo(el, "div", "nte-tree-box");
  box.tabIndex = 0;
  box.setAttribute("role", "tree");
  const canvas = addTo(box, "div", "nte-tree-canvas");
  canvas.setAttribute("role", "presentation");
  const svg = makeSvg("svg", { "aria-hidden": true });
  const [lines, linesAhead, linesPast] = ["nte-tree-lines", "nte-tree-way", "nte-tree-path"].map((name) =>
    svg.appendChild(makeSvg("path", { class: name })),
  );
  canvas.append(svg);
  const line = addTo(el, "div", "nte-tree-line");
  line.setAttribute("aria-live", "polite");
  const legend = addTo(el, "div", "nte-tree-legend");

  let picture = EMPTY;
  /** @type {number[]} */
  let columns = []; // by node, its depth
  /** @type {HTMLElement[]} */
  const boxes = []; // by node
  /** @type {string[]} */
  const shown = []; // by node, what its box shows
  let active = -1;
  const markActive = activeWithin(box, "nte-node-active");

  /** @param {number} node */
  const left = (node) => leftOf(columns[node]);
  /** @param {number} node */
  const top = (node) => topOf(picture.rows[node]);
  /** @param {number} node */
  const nameOf = (node) => picture.names[node] ?? "";

  const makeBox = () => {
    const made = make("div", "", make("span"));
    made.id = `${id}-${boxes.length}`;
    made.dataset.node = String(boxes.length);
    made.setAttribute("role", "treeitem");
    canvas.append(made);
    return made;
  };
  /** @param {number} node @param {string | undefined} place @param {string} leaf */
  const patch = (node, place, leaf) => {
    const words = model.get("words");
    const chosen = CHOSEN_BY[picture.chosen[node]];
    const label = (node ? picture.labels[node] : words.prefix) ?? "";
    const [mark, name] = [model.get("marks")[chosen] ?? "", nameOf(node)];
    const said = [label, words[chosen], name].filter(Boolean).join(" · ");
    const kind = ["nte-node", place, node ? leaf : "nte-node-root"].filter(Boolean).join(" ");
    const all = [label, mark, name, said, kind, columns[node], picture.rows[node], picture.shares[node]].join("\n");
    if (shown[node] === all) return;
    shown[node] = all;
    const item = boxes[node];
    item.className = kind;
    item.classList.toggle("nte-node-active", node === active);
    item.style.transform = `translate(${left(node)}px, ${top(node)}px)`;
    item.style.setProperty("--share", `${picture.shares[node]}%`);
    /** @type {Element} */ (item.firstChild).textContent = label;
    item.dataset.mark = mark;
    if (name) item.dataset.name = name;
    else delete item.dataset.name;
    const selected = place === "nte-node-now";
    setAttributes(item, { "aria-label": said, "aria-level": columns[node] + 1, "aria-selected": selected });
  };

  // The class of each node on the way through the tree: behind the current one, ahead of it, and itself.
  const placesOfNodes = () => {
    const places = new Map(picture.ahead.map((node) => [node, "nte-node-ahead"]));
    for (let node = picture.current; node; node = picture.parents[node]) places.set(node, "nte-node-past");
    if (picture.labels.length) places.set(0, "nte-node-past").set(picture.current, "nte-node-now");
    return places;
  };
  /** @param {Map<number, string>} places */
  const paintLines = (places) => {
    const paths = { past: "", ahead: "", rest: "" };
    for (let node = 1; node < picture.labels.length; node++) {
      const place = places.get(node);
      paths[place === "nte-node-ahead" ? "ahead" : place ? "past" : "rest"] += lineTo(picture, columns, node);
    }
    lines.setAttribute("d", paths.rest);
    linesAhead.setAttribute("d", paths.ahead);
    linesPast.setAttribute("d", paths.past);
    const width = Math.max(0, ...columns) * COLUMN + COLUMN + 2 * EDGE;
    const height = Math.max(0, ...picture.rows) * ROW + BOX + 2 * EDGE;
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    setAttributes(svg, { width, height });
  };
  const cell = () => `${picture.current} ${columns[picture.current]} ${picture.rows[picture.current]}`;
  const paint = () => {
    const [before, told] = [cell(), shown[active]];
    picture = { ...EMPTY, ...model.get("picture") };
    columns = depths(picture.parents);
    const n = picture.labels.length;
    boxes.splice(n).forEach((each) => each.remove());
    shown.splice(n);
    while (boxes.length < n) boxes.push(makeBox());

    const places = placesOfNodes();
    const inner = new Set(picture.parents.slice(1));
    for (let node = 0; node < n; node++) patch(node, places.get(node), inner.has(node) ? "" : "nte-node-leaf");
    paintLines(places);

    notes.forget();
    if (active >= n) activate(-1);
    else if (active >= 0 && shown[active] !== told) tell(); // its name or the language, or it is of another tree
    if (before !== cell()) reveal(picture.current);
  };

  // Scrolls this box alone: the page stays where its reader is.
  /** @param {number} node */
  const reveal = (node) => {
    if (!boxes[node] || !box.clientWidth) return;
    const [column, row] = [
      { length: COLUMN, margin: COLUMN, step: COLUMN },
      { length: BOX, margin: ROW / 2, step: ROW },
    ];
    box.scrollTo({
      left: scrolledByStep(box.scrollLeft, box.clientWidth, left(node), column),
      top: scrolledByStep(box.scrollTop, box.clientHeight, top(node), row),
    });
  };

  const notes = askNotes(view, model, "node", (node) => node === active && tell());
  const tell = () => {
    if (active < 0) line.textContent = model.get("summary");
    else {
      const note = notes.about(active);
      if (note) line.textContent = note.time ? `${note.text} · ${clock(note.time)}` : note.text;
    }
  };
  /** @param {number} node */
  const activate = (node) => {
    if (node === active) return;
    active = node;
    markActive(boxes[active]);
    tell();
  };

  /** @param {number} node */
  const go = (node) => {
    if (node >= 0 && node !== picture.current) model.send({ kind: "go", node });
  };
  /** @param {number} node */
  const rename = (node) => {
    if (node < 1) return;
    const entry = addTo(canvas, "input", "nte-tree-name");
    entry.value = nameOf(node);
    entry.maxLength = model.get("longest_name");
    entry.setAttribute("aria-label", model.get("words").name);
    entry.placeholder = model.get("words").name;
    entry.style.transform = `translate(${left(node)}px, ${top(node)}px)`;
    let isOpen = true;
    const close = () => {
      if (isOpen) {
        isOpen = false; // taking it away is a blur as well
        entry.remove();
      }
    };
    view.listen(entry, "blur", close);
    view.listen(entry, "keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
      if (event.key === "Enter") model.send({ kind: "name", node, name: entry.value });
      close();
      box.focus();
      activate(node);
    });
    entry.focus();
    entry.select();
  };

  /** @param {Event} event */
  const nodeAt = (event) => Number(around(event, ".nte-node")?.dataset.node ?? -1);
  /** @param {number} node */
  const isOnTheWay = (node) => boxes[node].matches(".nte-node-past, .nte-node-now, .nte-node-ahead");
  const moved = pointerMoves();
  view.listen(canvas, "pointermove", (event) => {
    if (moved(event) && nodeAt(event) >= 0) activate(nodeAt(event));
  });
  view.listen(canvas, "pointerdown", (event) => nodeAt(event) >= 0 && activate(nodeAt(event)));
  view.listen(box, "pointerleave", () => focused() !== box && activate(-1));
  view.listen(box, "focus", () => active < 0 && boxes.length && activate(picture.current));
  view.listen(box, "blur", () => activate(-1));
  view.listen(canvas, "click", (event) => event.detail < 2 && go(nodeAt(event)));
  view.listen(canvas, "dblclick", (event) => rename(nodeAt(event)));
  view.listen(box, "keydown", (event) => {
    if (hasModifier(event) || active < 0) return;
    /** @type {Record<string, () => number>} */
    const targets = {
      ArrowLeft: () => picture.parents[active],
      ArrowRight: () => childOf(picture, active, isOnTheWay),
      ArrowUp: () => neighbour(picture, columns, active, -1),
      ArrowDown: () => neighbour(picture, columns, active, 1),
      Home: () => 0,
      End: () => picture.current,
    };
    if (targets[event.key]) {
      activate(targets[event.key]());
      reveal(active);
    } else if (event.key === "Enter") go(active);
    else if (event.key === "F2") rename(active);
    else return;
    consume(event);
  });

  const translate = () => {
    const [words, marks] = [model.get("words"), model.get("marks")];
    box.setAttribute("aria-label", words.title ?? "");
    const ways = Object.values(CHOSEN_BY).map((way) => make("span", "", `${marks[way]} ${words[way] ?? ""}`));
    const [share, help] = [
      make("span", "nte-tree-share", words.share ?? ""),
      make("span", "nte-tree-help", words.help ?? ""),
    ];
    legend.replaceChildren(...ways, share, help);
  };
  // In a folded panel it has no size, and nothing can be scrolled.
  let folded = true;
  view.onResize(box, () => {
    if (folded && box.clientWidth) reveal(picture.current);
    folded = !box.clientWidth;
  });
  paintTogether(view, [
    [["words", "marks"], translate],
    [["picture", "words", "marks"], paint],
    [["summary"], () => active < 0 && tell()],
  ]);
  return view.close;
}

export default { render };
