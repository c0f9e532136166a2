// One line that says what is going on: a state, a sentence, and a bar where something takes longer.

import { make } from "../../js/lib/dom.js";
import { openView, paintTogether } from "../../js/lib/view.js";

/** @typedef {{ state: string, text: string, share: number | null, notes: string[] }} Traits */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-status");
  const text = make("span", "nte-text");
  const bar = make("progress");
  const notes = make("div", "nte-notes");
  el.append(make("div", "nte-status-line", make("span", "nte-dot"), text, bar), notes);

  const paint = () => {
    el.dataset.state = model.get("state");
    text.textContent = model.get("text");
    text.setAttribute("role", model.get("state") === "error" ? "alert" : "status");
    const share = model.get("share");
    bar.hidden = share === null;
    if (share !== null && share >= 0) bar.value = share;
    else bar.removeAttribute("value"); // goes back and forth
    notes.replaceChildren(...model.get("notes").map((note) => make("div", "", note)));
  };
  paintTogether(view, [[["state", "text", "share", "notes"], paint]]);
  return view.close;
}

export default { render };
