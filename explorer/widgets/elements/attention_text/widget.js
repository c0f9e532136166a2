// The text as chips, coloured by the attention weights between each and one of them, with the number below and arcs
// between them. Rows count the tokens that the model reads; chips may begin before or after row 0.

import { ramp } from "../../js/lib/colours.js";
import { around, make, makeSvg, pageId } from "../../js/lib/dom.js";
import { consume, hasModifier, pointerMoves } from "../../js/lib/keys.js";
import { dimStale, openView, paintTogether } from "../../js/lib/view.js";
import { arcPath, chipAcross, placesOf, strongestWeights } from "./arcs.js";
import { makeControls } from "./controls.js";
import { unpacked } from "./token_weights.js";

/**
 * @import { Place } from "./arcs.js"
 * @import { Chosen } from "./controls.js"
 * @import { Packed, Strongest, TokenWeights } from "./token_weights.js"
 * @typedef {{
 *   labels: string[], joined: Record<string, string>, special: number[], elided: string, elided_note: string,
 *   first: number,
 * }} Tokens
 * @typedef {{ number: number, row: number, pinned: boolean, token_weights: Packed[] }} Shown
 * @typedef {{
 *   tokens: Partial<Tokens>, shown: Partial<Shown>, chosen: Chosen, words: Record<string, string>,
 *   palette: [back: string, ink: string][], scale: Record<string, string>, sentence: string, explanation: string,
 *   least_arc: number, most_arcs: number, arcs: boolean, stale: boolean,
 * }} Traits
 */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-weights");
  const id = pageId("nte-weights");
  /** @param {string} name */
  const word = (name) => model.get("words")[name] ?? "";
  const { controls, paint: paintControls } = makeControls(view, model, word);
  const line = make("div", "nte-weights-line");
  line.setAttribute("aria-live", "polite");
  const flow = make("div", "nte-weights-flow");
  flow.tabIndex = 0;
  flow.setAttribute("role", "listbox");
  const svg = makeSvg("svg", { "aria-hidden": true });
  const box = make("div", "nte-weights-box", flow);
  const sentence = make("div", "nte-weights-sentence");
  const [explanation, help] = [make("div"), make("div")];
  const [name, least, colours, most] = ["", "", "nte-ramp", ""].map((className) => make("span", className));
  const legend = make("div", "nte-weights-legend", name, least, colours, most);
  const foot = make("div", "nte-weights-foot", make("div", "nte-weights-said", explanation, help), legend);
  el.append(controls, line, box, sentence, foot);

  let first = 0; // the row of the first chip
  /** @type {HTMLElement[]} */
  const cells = []; // a chip each with its number
  /** @type {Place[] | null} */
  let places = null; // where they are, once that is asked
  /** @type {Map<number, TokenWeights>} */
  let known = new Map(); // by row, what the kernel said
  /** @type {number | undefined} */
  let pointed; // the row under the pointer or the keys
  /** @type {number | undefined} */
  let asked; // the row that was asked for
  /** @type {TokenWeights | undefined} */
  let shown; // what is painted

  const chosenRow = () => model.get("shown").row;
  const lastRow = () => first + cells.length - 1;
  /** @param {number} shade @returns {[back: string, ink: string]} */
  const coloursOf = (shade) => model.get("palette")[shade] ?? ["", ""];
  const placed = () => (places ??= placesOf(cells));

  // One question is on its way at a time: a pointer that runs over the text asks for where it comes to rest.
  /** @param {number} row */
  const ask = (row) => {
    if (asked !== undefined) return;
    asked = row;
    model.send({ kind: "ask", row });
  };
  const show = () => {
    const row = pointed ?? chosenRow();
    if (row === undefined) return;
    cells.forEach((cell, i) => {
      const [isShown, isChosen] = [first + i === row, first + i === chosenRow()];
      cell.classList.toggle("nte-weights-now", isShown);
      cell.classList.toggle("nte-weights-pinned", isChosen && Boolean(model.get("shown").pinned));
      cell.setAttribute("aria-selected", String(isChosen));
      if (isShown) flow.setAttribute("aria-activedescendant", cell.id);
    });
    const found = known.get(row);
    if (!found) ask(row);
    else if (shown !== found) paint(found);
  };
  /** @param {number | undefined} row */
  const point = (row) => {
    if (row === pointed) return;
    pointed = row;
    show();
  };

  /** @param {Strongest} strongest */
  const drawStrongest = ([row, label, number, shade]) => {
    const named = make("span", "nte-weights-top", make("span", "nte-weights-label", label), make("b", "", number));
    named.dataset.row = String(row);
    [named.style.background, named.style.color] = coloursOf(shade);
    return named;
  };
  /** @param {TokenWeights} found */
  const paint = (found) => {
    shown = found;
    cells.forEach((cell, i) => {
      const at = first + i - found.first;
      const has = at in found.numbers;
      const [chip, number] = /** @type {Iterable<HTMLElement>} */ (cell.children);
      [chip.style.background, chip.style.color] = has ? coloursOf(found.shades[at]) : ["", ""];
      number.textContent = found.numbers[at] ?? "";
      cell.classList.toggle("nte-weights-apart", !has);
      cell.setAttribute("aria-label", `${chip.textContent} ${number.textContent}`);
    });
    meant(undefined);
    const strongest = found.strongest.length ? found.strongest.map(drawStrongest) : [word("nothing")];
    // The spaces are for who hears it.
    line.replaceChildren(make("span", "nte-weights-title", found.title), ...strongest.flatMap((each) => [" ", each]));
    draw();
  };

  const draw = () => {
    const width = flow.clientWidth; // 0 while nobody can see it
    const here = shown && width && model.get("arcs") && placed()[shown.row - first];
    if (!shown || !here) return svg.replaceChildren();
    const { row, weights, first: from } = shown;
    const limits = { least: model.get("least_arc"), most: model.get("most_arcs"), apart: row - from };
    const paths = strongestWeights(weights, limits).map((at) => {
      const there = placed()[from + at - first];
      const [later, earlier] = from + at < row ? [here, there] : [there, here];
      const share = Math.min(1, weights[at]);
      return makeSvg("path", {
        d: arcPath(later, earlier, width),
        "stroke-width": 1 + 9 * share,
        "stroke-opacity": 0.35 + 0.5 * share,
      });
    });
    return svg.replaceChildren(...paths);
  };

  // Scrolls this box alone: the page stays where its reader is.
  /** @param {number} row */
  const reveal = (row) => {
    const place = placed()[row - first];
    if (!place || !box.clientHeight) return;
    box.scrollTop = Math.max(place.bottom + 8 - box.clientHeight, Math.min(box.scrollTop, place.top - 30));
  };

  const makeCell = () => {
    const cell = make("span", "nte-weights-cell", make("span", "nte-chip"), make("span", "nte-weights-number"));
    cell.id = `${id}-${cells.length}`;
    cell.setAttribute("role", "option");
    return cell;
  };
  const layOut = () => {
    const { labels = [], joined = {}, special = [], elided, elided_note, first: from = 0 } = model.get("tokens");
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
    first = from;
    cells.splice(labels.length).forEach((cell) => cell.remove());
    while (cells.length < labels.length) cells.push(makeCell());
    const before = make("span", "nte-chip elided", elided ?? "");
    before.title = elided_note ?? "";
    cells.forEach((cell, i) => {
      const chip = /** @type {HTMLElement} */ (cell.firstChild);
      if (chip.textContent !== labels[i]) chip.textContent = labels[i];
      const unread = first + i < 0;
      chip.classList.toggle("special", special.includes(i));
      chip.classList.toggle("unread", unread);
      chip.classList.toggle("nte-joined", i in joined);
      cell.classList.toggle("nte-weights-joined", i in joined);
      chip.dataset.joined = joined[i] ?? "";
      cell.title = unread ? word("unread") : "";
      cell.setAttribute("aria-disabled", String(unread));
    });
    flow.replaceChildren(svg, ...(elided ? [before] : []), ...cells);
    places = null;
    shown = undefined;
    if (atEnd) box.scrollTop = box.scrollHeight; // the end is where the next token comes
  };
  const receive = () => {
    const sent = model.get("shown").token_weights ?? [];
    known = new Map(sent.map((each) => [each.row, unpacked(each, each.weights, each.shades)]));
    asked = undefined;
    if (pointed !== undefined && pointed > lastRow()) pointed = undefined;
    say(); // what nobody sees has no place to draw arcs to
    show();
  };
  view.onMessage(({ kind, number, token_weights: sent }, [weights, shades]) => {
    if (kind !== "token_weights") return;
    asked = undefined;
    if (number === model.get("shown").number) known.set(sent.row, unpacked(sent, weights, shades));
    show();
  });

  // --- pointer and keys

  /** @param {Event} event */
  const rowAt = (event) => {
    const row = first + cells.indexOf(/** @type {HTMLElement} */ (around(event, ".nte-weights-cell")));
    return row >= Math.max(0, first) ? row : undefined; // -1: no cell
  };
  // Which of several equal tokens is meant by a name in the line above.
  /** @param {number | undefined} row */
  const meant = (row) => {
    cells.forEach((cell, i) => cell.classList.toggle("nte-weights-meant", first + i === row));
  };
  /** @param {Event} event */
  const namedAt = (event) => {
    const named = around(event, ".nte-weights-top");
    return named ? Number(named.dataset.row) : undefined;
  };
  view.listen(line, "pointerover", (event) => meant(namedAt(event)));
  view.listen(line, "pointerleave", () => meant(undefined));
  view.listen(line, "click", (event) => reveal(namedAt(event) ?? -1));

  /** @param {number | null} row */
  const pin = (row) => model.send({ kind: "pin", row });
  // Between two chips the last one stays.
  const moved = pointerMoves();
  view.listen(flow, "pointermove", (event) => moved(event) && point(rowAt(event) ?? pointed));
  view.listen(flow, "pointerdown", (event) => point(rowAt(event) ?? pointed));
  view.listen(flow, "pointerleave", () => point(undefined));
  view.listen(flow, "blur", () => point(undefined));
  view.listen(flow, "click", (event) => {
    const row = rowAt(event);
    if (row !== undefined) pin(row);
  });
  view.listen(flow, "keydown", (event) => {
    const chosen = chosenRow();
    if (hasModifier(event) || chosen === undefined) return;
    const firstRead = Math.max(0, first);
    const row = Math.max(firstRead, pointed ?? chosen);
    /** @type {Record<string, () => number>} */
    const targets = {
      ArrowLeft: () => row - 1,
      ArrowRight: () => row + 1,
      ArrowUp: () => first + chipAcross(placed(), row - first, -1),
      ArrowDown: () => first + chipAcross(placed(), row - first, 1),
      Home: () => firstRead,
      End: lastRow,
    };
    if (targets[event.key]) {
      const target = Math.max(firstRead, Math.min(targets[event.key](), lastRow()));
      point(target);
      reveal(target);
    } else if (event.key === "Enter" || event.key === " ") pin(row);
    else if (event.key === "Escape") {
      point(undefined);
      pin(null);
    } else return;
    consume(event);
  });

  // --- what comes from the kernel

  const translate = () => {
    paintControls();
    flow.setAttribute("aria-label", word("description"));
    explanation.textContent = model.get("explanation");
    help.textContent = word("help");
  };
  const explain = () => {
    shown = undefined;
    const scale = model.get("scale");
    [name.textContent, least.textContent, most.textContent] = [scale.name ?? "", scale.least ?? "", scale.most ?? ""];
    colours.style.background = ramp(model.get("palette").map(([back]) => back));
  };
  const withArcs = () => {
    paintControls();
    el.classList.toggle("nte-weights-plain", !model.get("arcs"));
    places = null;
    draw();
  };
  const say = () => {
    sentence.textContent = model.get("sentence");
    el.classList.toggle("nte-weights-none", model.get("sentence") !== "" || chosenRow() === undefined);
  };
  view.onResize(flow, () => {
    places = null;
    draw();
  });
  paintTogether(view, [
    [["words", "chosen", "explanation"], translate],
    [["tokens"], layOut],
    [["palette", "scale"], explain],
    [["arcs"], withArcs],
    [["sentence"], say],
    [["shown"], receive],
  ]);
  dimStale(view, model, el);
  return view.close;
}

export default { render };
