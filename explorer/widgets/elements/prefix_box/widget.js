// The box one types the prefix into. Every change is sent; while an input method composes a character (Chinese,
// Japanese, accents), what is half-typed is not text yet and stays here. Until what was sent is answered, the pictures
// that belong to the box are of an older text: after a moment, they look it.

import { addTo, make } from "../../js/lib/dom.js";
import { openView } from "../../js/lib/view.js";

const MAX_ROWS = 3; // the bars stay in view
const AHEAD_AFTER = 300; // milliseconds; most answers come sooner

// A number of this page, the same for every box on it.
const PAGE = Symbol.for("next-token-explorer.page");
const thisPage = () => {
  const page = /** @type {any} */ (window);
  return /** @type {string} */ (page[PAGE] ??= crypto.getRandomValues(new Uint32Array(2)).join("-"));
};

/**
 * @typedef {{
 *   value: string, edit: string, answered: string, label: string, waiting: string, whole: boolean,
 * }} Traits
 */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-prefix");
  const box = addTo(el, "textarea");
  const note = make("div", "nte-prefix-note");
  note.setAttribute("role", "status");
  el.append(note);
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

  // --- what was sent from here, and is not answered yet

  let n = Number(model.get("edit").split(":")[1] ?? 0); // another view of the box may have counted already
  let [timer, marked] = [0, /** @type {Element | null} */ (null)];
  const mark = () => {
    marked = el.closest(model.get("whole") ? ".nte-root" : ".nte-panel");
    marked?.classList.add("nte-ahead");
    note.textContent = model.get("waiting");
  };
  const unmark = () => {
    clearTimeout(timer);
    marked?.classList.remove("nte-ahead");
    [marked, note.textContent] = [null, ""];
  };
  /** @param {string} edit what is ahead; "" for nothing */
  const setAhead = (edit) => {
    if (edit)
      box.dataset.ahead = edit; // a step that is asked for meanwhile says for which text it is meant
    else delete box.dataset.ahead;
    unmark();
    if (edit) timer = setTimeout(mark, AHEAD_AFTER);
  };

  const send = () => {
    if (model.get("value") === box.value) return;
    n += 1;
    const edit = `${thisPage()}:${n}`;
    model.set("value", box.value);
    model.set("edit", edit);
    model.save_changes();
    setAhead(edit);
  };
  const receive = () => {
    if (box.value !== model.get("value")) {
      box.value = model.get("value");
      setAhead(""); // somebody else's text, who waits for its answer
    }
    grow();
  };
  const hear = () => {
    const ahead = box.dataset.ahead;
    if (ahead) setAhead(ahead === model.get("answered") ? "" : ahead);
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
  view.onChange("answered", hear);
  view.onChange("label", translate);
  view.onEnd(unmark);
  translate();
  receive();
  model.send({ kind: "here", page: thisPage() });
  const first = requestAnimationFrame(grow); // once it has a size
  view.onEnd(() => cancelAnimationFrame(first));
  return view.close;
}

export default { render };
