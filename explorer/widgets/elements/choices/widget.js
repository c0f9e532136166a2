// A row of toggle buttons whose labels are untrusted text (tokens).

import { around, keepFocus, make, setAttributes } from "../../js/lib/dom.js";
import { openView, paintTogether } from "../../js/lib/view.js";

/**
 * @typedef {{ key: string, label: string, note: string, pressed: boolean, description: string }} Choice
 * @typedef {{ choices: Choice[] }} Traits
 */

/** @param {Choice} choice */
function toggle({ key, label, note, pressed, description }) {
  const button = make("button", "", make("span", "", label), make("small", "", note));
  button.dataset.key = key;
  button.title = description;
  setAttributes(button, { "aria-label": description, "aria-pressed": pressed });
  return button;
}

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-choices");
  view.listen(el, "click", (event) => {
    const button = around(event, "button");
    if (button) model.send({ kind: "chosen", key: button.dataset.key });
  });
  const paint = () => keepFocus(el, () => el.replaceChildren(...model.get("choices").map(toggle)));
  paintTogether(view, [[["choices"], paint]]);
  return view.close;
}

export default { render };
