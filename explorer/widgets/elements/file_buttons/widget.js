// A session as a file: saved to and opened from the reader's own machine, and a menu of earlier ones.

import { addTo, make, makeOption } from "../../js/lib/dom.js";
import { fileRequests } from "../../js/lib/files.js";
import { openView, paintTogether } from "../../js/lib/view.js";

/**
 * @typedef {{
 *   words: Record<string, string>, most_bytes: number, earlier: { key: string, label: string }[],
 * }} Traits
 */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  const request = fileRequests(view, model);
  el.classList.add("nte-files");
  const [save, open] = [addTo(el, "button"), addTo(el, "button")];
  const earlier = addTo(el, "select");
  const problem = addTo(el, "span", "nte-files-problem");
  problem.setAttribute("role", "alert");
  const choose = make("input"); // stays off the page: the button opens it
  choose.type = "file";
  choose.accept = ".json,application/json";

  view.listen(save, "click", () => {
    problem.textContent = "";
    request();
  });
  view.onMessage(({ kind, text }) => {
    if (kind === "problem") problem.textContent = text;
  });
  view.listen(open, "click", () => choose.click());
  view.listen(choose, "change", async () => {
    const file = choose.files?.[0];
    choose.value = ""; // choosing the same file again is a change as well
    if (!file) return;
    const { too_big: tooBig, unreadable } = model.get("words");
    problem.textContent = file.size > model.get("most_bytes") ? tooBig : "";
    if (problem.textContent) return;
    try {
      model.send({ kind: "open", name: file.name }, undefined, [await file.arrayBuffer()]);
    } catch {
      problem.textContent = unreadable;
    }
  });
  view.listen(earlier, "change", () => {
    problem.textContent = "";
    model.send({ kind: "earlier", key: earlier.value });
    earlier.selectedIndex = 0; // it says what it is, and the same one can be chosen again
  });

  const paint = () => {
    const words = model.get("words");
    save.textContent = words.save ?? "";
    open.textContent = words.open ?? "";
    const title = makeOption(words.earlier ?? "", "");
    title.disabled = title.selected = true;
    earlier.replaceChildren(title, ...model.get("earlier").map(({ key, label }) => makeOption(label, key)));
    earlier.disabled = earlier.length === 1;
    earlier.setAttribute("aria-label", words.earlier ?? "");
  };
  paintTogether(view, [[["words", "earlier"], paint]]);
  return view.close;
}

export default { render };
