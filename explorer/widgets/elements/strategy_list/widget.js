// The strategies that are compared: a name one can change, what it does, the numbers of a beam search, and buttons.

import { make, setAttributes } from "../../js/lib/dom.js";
import { openView, paintTogether } from "../../js/lib/view.js";

const BEAM = /** @type {const} */ (["n_beams", "length_penalty"]);
const ACTIONS = ["take", "show", "duplicate", "up", "down", "remove"];
/** @type {Record<string, string>} */
const SIGNS = { up: "↑", down: "↓", remove: "✕" }; // the others are in words

/**
 * @typedef {{
 *   name: string, method: string, beam: Record<(typeof BEAM)[number], string> | null,
 * }} Strategy
 * @typedef {{ strategies: Strategy[], words: Record<string, string>, labels: Record<string, string> }} Traits
 */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-strategies");
  /** @param {string} kind @param {number} place @param {object} more */
  const send = (kind, place, more = {}) => model.send({ kind, place, ...more });

  /** @param {number} place */
  const newRow = (place) => {
    const name = make("input");
    name.maxLength = 80;
    view.listen(name, "change", () => send("rename", place, { name: name.value }));
    view.listen(name, "keydown", (event) => event.key === "Enter" && !event.isComposing && name.blur());
    const method = make("span", "nte-strategy-method");
    const beam = BEAM.map((parameter) => {
      const [word, input] = [make("span"), make("input")];
      input.inputMode = "decimal";
      return { parameter, word, input, label: make("label", "", word, input) };
    });
    const sendBeam = () => send("beam", place, Object.fromEntries(beam.map((it) => [it.parameter, it.input.value])));
    for (const { input } of beam) {
      view.listen(input, "change", sendBeam);
      view.listen(input, "keydown", (event) => event.key === "Enter" && input.blur());
    }
    const buttons = ACTIONS.map((action) => {
      const button = make("button", SIGNS[action] ? "nte-strategy-sign" : "");
      button.type = "button";
      view.listen(button, "click", () => send(action, place));
      return { action, button };
    });
    const labels = beam.map(({ label }) => label);
    const row = make("div", "nte-strategy", name, method, ...labels, ...buttons.map(({ button }) => button));
    return { row, name, method, beam, buttons };
  };

  /** @type {ReturnType<typeof newRow>[]} */
  const rows = []; // kept, so that one can go on typing; those that are not needed are off the page
  const paint = () => {
    const [strategies, words, labels] = [model.get("strategies"), model.get("words"), model.get("labels")];
    while (rows.length < strategies.length) rows.push(newRow(rows.length));
    rows.slice(strategies.length).forEach(({ row }) => row.remove());
    strategies.forEach((strategy, place) => {
      const { row, name, method, beam, buttons } = rows[place];
      if (!row.parentElement) el.append(row);
      if (document.activeElement !== name) name.value = strategy.name;
      name.title = strategy.name; // it may be longer than the box
      for (const { parameter, word, label, input } of beam) {
        label.hidden = !strategy.beam;
        word.textContent = words[parameter] ?? "";
        if (document.activeElement !== input) input.value = strategy.beam?.[parameter] ?? "";
      }
      name.setAttribute("aria-label", words.name ?? "");
      method.textContent = strategy.method;
      const last = strategies.length - 1;
      /** @type {Record<string, boolean>} */
      const disabled = { show: Boolean(strategy.beam), up: place === 0, down: place === last };
      for (const { action, button } of buttons) {
        button.textContent = SIGNS[action] ?? labels[action] ?? "";
        button.title = words[action] ?? "";
        setAttributes(button, { "aria-label": `${words[action] ?? ""}: ${strategy.name}` });
        button.disabled = disabled[action] ?? false;
      }
    });
  };
  paintTogether(view, [[["strategies", "words", "labels"], paint]]);
  return view.close;
}

export default { render };
