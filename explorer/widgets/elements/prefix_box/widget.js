// The box one types the prefix into. Every change is sent; while an input method composes a character (Chinese,
// Japanese, accents), what is half-typed is not text yet and stays here.

import { addTo } from "../../js/lib/dom.js";
import { openView } from "../../js/lib/view.js";

const MAX_ROWS = 3; // the bars stay in view

/** @typedef {{ value: string, label: string }} Traits */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-prefix");
  const box = addTo(el, "textarea");
  box.spellcheck = false;
  box.autocomplete = "off";
  box.dir = "auto";

  const translate = () => {
    box.placeholder = model.get("label");
    box.setAttribute("aria-label", model.get("label"));
  };
  const grow = () => {
    box.rows = 1;
    const rows = Math.round(box.scrollHeight / parseFloat(getComputedStyle(box).lineHeight || "20"));
    box.rows = Math.min(MAX_ROWS, Math.max(1, rows));
  };
  const send = () => {
    if (model.get("value") === box.value) return;
    model.set("value", box.value);
    model.save_changes();
  };
  const receive = () => {
    if (box.value !== model.get("value")) box.value = model.get("value");
    grow();
  };

  let composing = false;
  view.listen(box, "compositionstart", () => {
    composing = true;
  });
  view.listen(box, "compositionend", () => {
    composing = false;
    send();
  });
  view.listen(box, "input", () => {
    grow();
    if (!composing) send();
  });
  // JupyterLab reads keys as commands unless they stay in here; Escape and Shift-Enter are left to it.
  view.listen(box, "keydown", (event) => {
    if (event.key !== "Escape" && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
  });
  view.onChange("value", receive);
  view.onChange("label", translate);
  translate();
  receive();
  const first = requestAnimationFrame(grow); // once it has a size
  view.onEnd(() => cancelAnimationFrame(first));
  return view.close;
}

export default { render };
