// One row of chips.

import { around, make, setAttributes } from "../../js/lib/dom.js";
import { activeWithin, consume, stepInRow } from "../../js/lib/keys.js";

/**
 * @import { View } from "../../js/lib/types"
 * @typedef {{
 *   label: string, kind: string, back: string, ink: string, joined: string, note: string, mark?: string, node?: string,
 * }} Chip
 */

/**
 * Makes an element a row of chips that one can walk by keys.
 *
 * @param {View<any>} view
 * @param {HTMLElement} row
 * @param {string} id of the row; its chips' begin so
 * @param {{ tell: () => void, go: (chip: Chip) => void }} handlers `tell` is called when another chip is the active
 *   one, `go` with one that was clicked or entered
 */
export function chipRow(view, row, id, { tell, go }) {
  /** @type {Chip[]} */
  let chips = [];
  /** @type {HTMLElement[]} */
  const spans = [];
  let active = -1;
  row.tabIndex = 0;
  row.setAttribute("role", "listbox");
  const markActive = activeWithin(row, "nte-active");

  /** @param {number} index */
  const activate = (index) => {
    active = index;
    markActive(spans[active]);
    spans[active]?.scrollIntoView({ block: "nearest" });
    tell();
  };
  const makeChip = () => {
    const span = make("span");
    span.setAttribute("role", "option");
    span.id = `${id}-${spans.length}`;
    row.append(span);
    return span;
  };
  /** @param {Chip[]} fresh */
  const paint = (fresh) => {
    chips = fresh;
    spans.splice(chips.length).forEach((span) => span.remove());
    chips.forEach((chip, index) => {
      const span = (spans[index] ??= makeChip());
      if (span.textContent !== chip.label) span.textContent = chip.label;
      if (span.className !== `nte-chip ${chip.kind}`) span.className = `nte-chip ${chip.kind}`;
      span.style.background = chip.back;
      span.style.color = chip.ink;
      span.dataset.joined = chip.joined;
      span.dataset.mark = chip.mark ?? "";
      span.classList.toggle("nte-joined", chip.joined !== "");
      span.classList.toggle("nte-active", index === active);
      setAttributes(span, { "aria-label": chip.note });
    });
    if (active >= chips.length) {
      active = -1;
      markActive(undefined);
    }
  };

  /** @param {Event} event */
  const indexAt = (event) => spans.indexOf(/** @type {HTMLElement} */ (around(event, ".nte-chip")));
  view.listen(row, "pointerover", (event) => {
    const index = indexAt(event);
    if (index >= 0 && index !== active) activate(index);
  });
  view.listen(row, "click", (event) => indexAt(event) >= 0 && go(chips[indexAt(event)]));
  view.listen(row, "pointerleave", () => activate(-1));
  view.listen(row, "blur", () => activate(-1));
  view.listen(row, "keydown", (event) => {
    if (event.key === "Enter" && chips[active]) go(chips[active]);
    const target = stepInRow(event.key, active, chips.length);
    if (target === undefined) return;
    consume(event);
    activate(target);
  });
  return { paint, note: () => chips[active]?.note };
}
