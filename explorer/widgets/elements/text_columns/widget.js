// Texts in columns, one a strategy; each token coloured, and the first that differs from the first column marked.

import { ramp } from "../../js/lib/colours.js";
import { addTo, make } from "../../js/lib/dom.js";
import { consume, hasModifier } from "../../js/lib/keys.js";
import { askNotes } from "../../js/lib/notes.js";
import { openView, paintTogether } from "../../js/lib/view.js";
import { sameRef, tokenFrom } from "./refs.js";

/**
 * @import { TokenRef } from "./refs.js"
 * @typedef {{ tokens: string[], shades: number[], parts: number, ended: string }} Sample
 * @typedef {{ name: string, method: string, samples: Sample[] }} Column
 * @typedef {{ colours?: string[], parts?: boolean, sign?: string, text: string }} LegendEntry
 * @typedef {{
 *   columns: Column[], palette: { back: string, ink: string }[], chosen: TokenRef | [], heading: string,
 *   legend: LegendEntry[], summary: string, description: string,
 * }} Traits
 *
 * What the page has of a column and of a sample:
 * @typedef {{ row: HTMLElement, text: HTMLElement, end: HTMLElement, tokens: HTMLElement[] }} ShownSample
 * @typedef {{ element: HTMLElement, head: HTMLElement, method: HTMLElement, samples: ShownSample[] }} ShownColumn
 */

/** @param {LegendEntry} entry */
function drawLegend({ colours, parts, sign, text }) {
  const key = make("span", colours ? "nte-texts-swatch" : parts ? "nte-texts-bar" : "nte-texts-sign", sign ?? "");
  if (colours) key.style.background = ramp([...colours, ...colours.slice(-1)]); // of one colour, from it to itself
  key.classList.toggle("nte-texts-ramp", (colours?.length ?? 0) > 1);
  return make("span", "", key, make("span", "", text));
}

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-texts");
  const heading = addTo(el, "div", "nte-texts-heading");
  const box = addTo(el, "div", "nte-texts-box");
  box.tabIndex = 0;
  box.setAttribute("role", "grid");
  const legend = addTo(el, "div", "nte-texts-legend");
  const line = addTo(el, "div", "nte-texts-line");
  line.setAttribute("aria-live", "polite");
  /** @type {ShownColumn[]} */
  const columns = [];
  /** @type {TokenRef | null} */
  let active = null;
  /** @type {TokenRef | [] | null} */
  let chosen = null;
  let byKey = false; // whether `active` came from a key

  /** @param {TokenRef | [] | null} ref */
  const span = (ref) => {
    if (!ref || ref.length === 0) return undefined;
    return columns[ref[0]]?.samples[ref[1]]?.tokens[ref[2]];
  };
  const notes = askNotes(view, model, "place", (ref) => sameRef(ref, active) && tell());
  const tell = () => {
    if (!active) line.textContent = model.get("summary");
    else line.textContent = notes.about(active)?.text ?? line.textContent;
  };
  /** @param {TokenRef | null} ref */
  const activate = (ref) => {
    if (sameRef(ref, active)) return;
    span(active)?.classList.remove("nte-active");
    active = span(ref) ? ref : null;
    span(active)?.classList.add("nte-active");
    tell();
  };
  /** @param {TokenRef | null} ref */
  const pick = (ref) => {
    if (span(ref)) model.send({ kind: "pick", place: ref });
  };
  const mark = () => {
    span(chosen)?.classList.remove("nte-chosen");
    chosen = model.get("chosen");
    span(chosen)?.classList.add("nte-chosen");
  };

  /** @param {ShownSample} shown @param {Sample} sample */
  const paintSample = ({ text, end, tokens }, sample) => {
    const palette = model.get("palette");
    tokens.splice(sample.tokens.length).forEach((token) => token.remove());
    sample.tokens.forEach((label, index) => {
      const token = (tokens[index] ??= addTo(text, "span"));
      if (token.textContent !== label) token.textContent = label;
      const { back, ink } = palette[sample.shades[index]] ?? { back: "", ink: "" };
      token.style.background = back;
      token.style.color = ink;
      token.className = index === sample.parts ? "nte-parts" : "";
    });
    end.textContent = sample.ended;
  };
  /** @returns {ShownColumn} */
  const makeColumn = () => {
    const [head, method] = [make("div", "nte-texts-name"), make("div", "nte-texts-method")];
    const element = box.appendChild(make("div", "nte-texts-column", head, method));
    return { element, head, method, samples: [] };
  };
  /** @param {ShownColumn} column @returns {ShownSample} */
  const makeSample = ({ element }) => {
    const [text, end] = [make("span"), make("span", "nte-texts-end")];
    return { row: element.appendChild(make("div", "nte-texts-sample", text, end)), text, end, tokens: [] };
  };
  const paint = () => {
    const wanted = model.get("columns");
    columns.splice(wanted.length).forEach(({ element }) => element.remove());
    wanted.forEach((column, at) => {
      const shown = (columns[at] ??= makeColumn());
      shown.head.textContent = shown.head.title = column.name; // it may be longer than the column is wide
      shown.method.textContent = column.method;
      shown.samples.splice(column.samples.length).forEach(({ row }) => row.remove());
      column.samples.forEach((sample, index) => paintSample((shown.samples[index] ??= makeSample(shown)), sample));
    });
    box.style.setProperty("--columns", String(wanted.length));
    if (!span(active)) active = null;
    span(active)?.classList.add("nte-active"); // its class was painted anew
    mark();
  };
  const renewNotes = () => {
    notes.forget();
    tell();
  };

  /** @param {EventTarget | null} target @returns {TokenRef | null} */
  const refOf = (target) => {
    for (const [at, column] of columns.entries()) {
      for (const [index, sample] of column.samples.entries()) {
        const token = sample.tokens.indexOf(/** @type {HTMLElement} */ (target));
        if (token >= 0) return [at, index, token];
      }
    }
    return null;
  };
  // A page that scrolls below a pointer at rest says "over" too; what a key chose stays until the pointer moves.
  view.listen(box, "pointerover", ({ target }) => byKey || activate(refOf(target)));
  view.listen(box, "pointermove", ({ target }) => {
    if (byKey) activate(refOf(target));
    byKey = false;
  });
  view.listen(box, "pointerleave", () => document.activeElement !== box && activate(null));
  view.listen(box, "click", ({ target }) => pick(refOf(target)));
  view.listen(box, "blur", () => activate(null));
  view.listen(box, "keydown", (event) => {
    if (hasModifier(event)) return;
    const target = tokenFrom(event.key, active ?? (chosen && span(chosen) ? /** @type {TokenRef} */ (chosen) : null));
    if (event.key === "Enter") pick(active);
    else if (target) {
      byKey = true;
      if (span(target)) activate(target);
      span(active)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else return;
    consume(event);
  });
  paintTogether(view, [
    [["description"], () => box.setAttribute("aria-label", model.get("description"))],
    [["legend"], () => legend.replaceChildren(...model.get("legend").map(drawLegend))],
    [["heading"], () => (heading.textContent = model.get("heading"))],
    [["columns", "palette"], paint],
    [["chosen"], mark],
    [["columns", "description", "summary"], renewNotes], // also when the language changes
  ]);
  return view.close;
}

export default { render };
