// The row of one stage: a switch, its name, a slider and a number (or the tokens that it is about), and two buttons
// that move it to another place.

import { around, make, setAttributes } from "../../js/lib/dom.js";
import { filledPart } from "./requests.js";

/**
 * @import { View } from "../../js/lib/types"
 * @typedef {{ stops: (number | null)[], neutral: number }} Scale
 * @typedef {{ id: number | null, label: string, remove: string }} Chip
 * @typedef {{
 *   stage: string, on: boolean, in_force: boolean, passed: boolean, in_view: boolean, place: number, text: string,
 *   note: string, typed: string | null, chips: Chip[],
 * }} Row
 * @typedef {{ name: string, number: string, explained: string, earlier: string, later: string }} StageWords
 * @typedef {{
 *   ask: (kind: string, about: string, value: any) => void, shift: (stage: string, by: number) => void,
 *   scale: () => Scale, all: () => string, shown: () => Row,
 * }} Uses `all`: the word for all tokens; `shown`: the row as the kernel knows it
 */

/**
 * What is being typed is not overwritten by an answer that comes meanwhile; Escape takes it back.
 *
 * @param {View<any>} view
 * @param {HTMLInputElement} entry
 * @param {() => void} restore
 */
export function guardTyping(view, entry, restore) {
  view.listen(entry, "input", () => {
    entry.dataset.typing = "yes";
  });
  view.listen(entry, "keydown", ({ key }) => {
    if (key !== "Escape") return;
    delete entry.dataset.typing;
    restore();
  });
}

/**
 * @param {HTMLInputElement} entry
 * @param {string} text
 * @param {{ note: string, typed: string | null }} refused `typed` is what could not be understood
 */
export function writeEntry(entry, text, { note, typed }) {
  if (entry.dataset.typing) return;
  entry.value = typed ?? text; // what was refused stays, for mending
  entry.setAttribute("aria-invalid", String(typed !== null));
  entry.title = typed !== null ? note : "";
}

/** @param {string} type @param {string} className @param {Record<string, string>} attributes */
function makeInput(type, className, attributes) {
  const input = make("input", className);
  setAttributes(input, { type, ...attributes });
  return input;
}

/** @param {HTMLInputElement} slider @param {Scale} scale */
function fill(slider, scale) {
  const [from, to] = filledPart(scale, Number(slider.value));
  slider.style.setProperty("--nte-from", String(from));
  slider.style.setProperty("--nte-to", String(to));
}

/** @param {View<any>} view @param {string} stage @param {Uses} uses */
function makeNumber(view, stage, { ask, scale, all, shown }) {
  const slider = makeInput("range", "nte-stage-slider", { min: "0", step: "1" });
  const entry = makeInput("text", "nte-stage-entry", { inputmode: "decimal", autocomplete: "off" });
  view.listen(slider, "input", () => {
    const value = scale().stops[Number(slider.value)];
    entry.value = String(value ?? all());
    delete entry.dataset.typing;
    slider.setAttribute("aria-valuetext", entry.value);
    fill(slider, scale());
    ask("value", stage, value);
  });
  view.listen(entry, "change", () => {
    delete entry.dataset.typing;
    ask("value", stage, entry.value);
  });
  view.listen(entry, "focus", () => entry.select());
  guardTyping(view, entry, () => {
    entry.value = shown().text;
    ask("forget", stage, "");
  });
  return { slider, entry };
}

/** @param {Chip} chip */
function makeChip({ id, label, remove }) {
  const chip = make("span", "", make("span", "", label));
  if (id === null) return chip;
  const button = make("button", "", "×");
  button.dataset.id = String(id);
  button.title = remove;
  button.setAttribute("aria-label", remove);
  chip.append(button);
  return chip;
}

/**
 * @param {View<any>} view
 * @param {string} stage
 * @param {Uses} uses
 */
export function makeStageRow(view, stage, uses) {
  const toggle = make("button", "nte-stage-switch");
  toggle.setAttribute("role", "switch");
  const name = make("span", "nte-stage-name");
  const number = uses.scale() ? makeNumber(view, stage, uses) : null;
  const chips = make("span", "nte-stage-chips");
  const [earlier, later] = [make("button", "", "↑"), make("button", "", "↓")];
  const middle = number ? [number.slider, number.entry] : [chips];
  const row = make("div", "nte-stage", toggle, name, ...middle, make("span", "nte-stage-moves", earlier, later));
  row.setAttribute("role", "listitem");

  view.listen(toggle, "click", () => {
    if (toggle.getAttribute("aria-disabled") === "true") return;
    const on = toggle.getAttribute("aria-checked") !== "true";
    toggle.setAttribute("aria-checked", String(on)); // a second click need not wait for the answer
    uses.ask("switch", stage, on);
  });
  view.listen(name, "click", () => toggle.click());
  view.listen(earlier, "click", () => uses.shift(stage, -1));
  view.listen(later, "click", () => uses.shift(stage, 1));
  view.listen(chips, "click", (event) => {
    const button = around(event, "button");
    if (!button) return;
    toggle.focus(); // the button goes away
    uses.ask("drop", stage, Number(button.dataset.id));
  });

  let painted = "";
  /** @param {Row} shown */
  const paintChips = (shown) => {
    toggle.setAttribute("aria-disabled", String(shown.chips.length === 0));
    const key = JSON.stringify(shown.chips);
    if (painted === key) return; // a focused × stays what it is
    painted = key;
    chips.replaceChildren(...shown.chips.map(makeChip));
  };
  /**
   * @param {Row} shown
   * @param {StageWords} words
   * @param {boolean} isOpen the page asked for another value than the one that is answered
   */
  const paintNumber = (shown, words, isOpen) => {
    if (!number) return;
    const { slider, entry } = number;
    slider.max = String(uses.scale().stops.length - 1);
    slider.setAttribute("aria-label", words.name);
    entry.setAttribute("aria-label", words.number);
    if (isOpen) return; // the slider is ahead of the answer
    slider.value = String(shown.place);
    slider.setAttribute("aria-valuetext", shown.text);
    fill(slider, uses.scale());
    writeEntry(entry, shown.text, shown);
  };
  return {
    row,
    entry: number?.entry,
    /**
     * @param {Row} shown
     * @param {StageWords} words
     * @param {{ isOpen: boolean, isFirst: boolean, isLast: boolean }} state
     */
    paint: (shown, words, { isOpen, isFirst, isLast }) => {
      row.classList.toggle("nte-in-force", shown.in_force);
      row.classList.toggle("nte-passed", shown.passed);
      name.textContent = words.name;
      setAttributes(toggle, { "aria-checked": shown.on, "aria-label": words.name });
      for (const { button, word, atEnd } of [
        { button: earlier, word: words.earlier, atEnd: isFirst },
        { button: later, word: words.later, atEnd: isLast },
      ]) {
        button.title = word;
        setAttributes(button, { "aria-label": word, "aria-disabled": atEnd }); // and yet it keeps the keyboard
      }
      if (number) paintNumber(shown, words, isOpen);
      else paintChips(shown);
    },
  };
}
