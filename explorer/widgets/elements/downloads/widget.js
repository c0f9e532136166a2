// Buttons that save files on the reader's own machine.

import { around, make } from "../../js/lib/dom.js";
import { fileRequests } from "../../js/lib/files.js";
import { openView, paintTogether } from "../../js/lib/view.js";

/** @typedef {{ words: Record<string, string>, disabled: boolean }} Traits */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  const request = fileRequests(view, model);
  el.classList.add("nte-files");
  view.listen(el, "click", (event) => {
    const button = around(event, "button");
    if (button) request({ key: button.dataset.key });
  });
  const paint = () => {
    const buttons = Object.entries(model.get("words")).map(([key, word]) => {
      const button = make("button", "", word);
      button.dataset.key = key;
      button.disabled = model.get("disabled");
      return button;
    });
    el.replaceChildren(...buttons);
  };
  paintTogether(view, [[["words", "disabled"], paint]]);
  return view.close;
}

export default { render };
