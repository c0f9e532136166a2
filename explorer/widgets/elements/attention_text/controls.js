// What the weights are of, and between which tokens: buttons above the text, and whether there are arcs.

import { around, make, setAttributes } from "../../js/lib/dom.js";

/**
 * @import { AnyModel, View } from "../../js/lib/types"
 * @typedef {{ blend: string, heads: string, direction: string, several: boolean }} Chosen
 */

/** @type {[what: keyof Chosen, label: string, names: string[]][]} */
const CHOICES = [
  ["blend", "what", ["head", "mean", "max"]],
  ["heads", "which", ["layer", "all"]],
  ["direction", "direction", ["to", "from"]],
];

/**
 * The controls, and what paints them anew.
 *
 * @param {View<any>} view
 * @param {AnyModel<any>} model
 * @param {(name: string) => string} word
 */
export function makeControls(view, model, word) {
  const groups = CHOICES.map(([what, label, names]) => {
    const buttons = names.map((name) => {
      const button = make("button");
      button.type = "button";
      button.dataset.choice = name;
      return { name, button };
    });
    const group = make("div", "nte-weights-group", ...buttons.map(({ button }) => button));
    group.setAttribute("role", "group");
    view.listen(group, "click", (event) => {
      const button = around(event, "button");
      if (!button || button.getAttribute("aria-disabled") === "true") return;
      model.send({ kind: "choose", what, name: button.dataset.choice });
    });
    return { what, label, group, buttons };
  });
  const arcs = make("input");
  arcs.type = "checkbox";
  view.listen(arcs, "change", () => {
    model.set("arcs", arcs.checked);
    model.save_changes();
  });
  const arcsWord = make("span");
  const arcsLabel = make("label", "", arcs, arcsWord);

  const paint = () => {
    /** @type {Chosen} */
    const chosen = model.get("chosen");
    for (const { what, label, group, buttons } of groups) {
      group.setAttribute("aria-label", word(label));
      for (const { name, button } of buttons) {
        button.textContent = word(name);
        const disabled = (name === "mean" || name === "max") && !chosen.several;
        setAttributes(button, { "aria-pressed": chosen[what] === name, "aria-disabled": disabled });
      }
    }
    arcs.checked = model.get("arcs");
    arcsWord.textContent = word("arcs");
    arcsLabel.title = word("arcs_note");
  };
  const controls = make("div", "nte-weights-controls", ...groups.map(({ group }) => group), arcsLabel);
  return { controls, paint };
}
