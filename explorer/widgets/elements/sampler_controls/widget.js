// The stages of a sampler as rows of a switch, a slider and a number, in the order in which they run; a line below
// says what the row under the pointer or the keyboard does. Labels of tokens are untrusted text.

import { addTo, focused, makeOption, setAttributes } from "../../js/lib/dom.js";
import { openView, paintTogether } from "../../js/lib/view.js";
import { samplerRequests, shifted } from "./requests.js";
import { guardTyping, makeStageRow, writeEntry } from "./stage_row.js";

/**
 * @import { Asked } from "./requests.js"
 * @import { Row, Scale, StageWords } from "./stage_row.js"
 * @typedef {{
 *   rows: Row[], preset: string, default_order: boolean, token: { note: string, typed: string | null },
 *   line: { note: string, typed: string | null }, answered: number,
 * }} Shown
 * @typedef {{
 *   stages: Record<string, StageWords>, presets: [string, string][], "default-order": string[],
 * } & Record<string, any>} Words
 * @typedef {{ words: Words, scales: Record<string, Scale>, shown: Shown, asked: Asked }} Traits
 */

const TOKEN = "token"; // what the line is about, besides stages

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-sampler");
  el.setAttribute("role", "group");
  const head = addTo(el, "div", "nte-sampler-head");
  const preset = addTo(head, "select");
  const reset = addTo(head, "button");
  const fold = addTo(head, "button", "nte-sampler-fold");
  const list = addTo(el, "div", "nte-sampler-rows");
  list.setAttribute("role", "list");
  const foot = addTo(el, "div", "nte-sampler-foot");
  const token = addTo(foot, "input");
  setAttributes(token, { type: "text", autocomplete: "off", spellcheck: false });
  const order = addTo(foot, "button");
  const line = addTo(el, "div", "nte-sampler-line");
  line.setAttribute("aria-live", "polite");

  /** @type {Map<string, ReturnType<typeof makeStageRow>>} */
  const rows = new Map(); // by stage
  /** @type {Set<string>} */
  let kept = new Set(); // rows in view though folded: none disappears while it is being moved
  let unfolded = false;
  let pointed = ""; // the stage under the pointer
  let entered = ""; // the one under the keyboard
  const { ask, open, isOpen } = samplerRequests(model);

  const tell = () => {
    const { rows: shown, token: typed, line: standing } = model.get("shown");
    const { stages, "token-explained": tokenExplained } = model.get("words");
    const about = pointed || entered;
    const row = about === TOKEN ? typed : shown?.find(({ stage }) => stage === about);
    const explained = about === TOKEN ? tokenExplained : stages?.[about]?.explained;
    const said = row ?? standing;
    line.textContent = line.title = said?.note || explained || "";
    line.classList.toggle("nte-wrong", said?.typed != null);
  };
  /** @param {string} about */
  const point = (about) => {
    pointed = about;
    tell();
  };
  /** @param {string} about */
  const enter = (about) => {
    entered = about;
    tell();
  };
  /** @param {HTMLElement} element @param {string} about */
  const explains = (element, about) => {
    view.listen(element, "pointerenter", () => point(about));
    view.listen(element, "pointerleave", () => point(""));
    // A click leaves the focus behind when the pointer goes on; only the keyboard's shows itself.
    view.listen(element, "focusin", ({ target }) =>
      enter(/** @type {Element} */ (target).matches(":focus-visible") ? about : ""),
    );
    view.listen(element, "focusout", () => enter(""));
  };

  /** @param {string} stage @param {number} by */
  const shift = (stage, by) => {
    const asked = open().findLast(([kind]) => kind === "order")?.[2];
    const moved = shifted(asked ?? model.get("shown").rows.map((row) => row.stage), stage, by);
    if (moved) ask("order", "order", moved);
  };
  /** @param {string} stage */
  const makeRow = (stage) => {
    const made = makeStageRow(view, stage, {
      ask,
      shift,
      scale: () => model.get("scales")[stage],
      all: () => model.get("words").all,
      shown: () => /** @type {Row} */ (model.get("shown").rows.find((row) => row.stage === stage)),
    });
    explains(made.row, stage);
    rows.set(stage, made);
    return made;
  };

  const paintRows = () => {
    const { rows: shown } = model.get("shown");
    const asked = new Set(open().map(([kind, about]) => kind === "value" && about));
    shown.forEach((each, place) => {
      const { stage } = each;
      const { row, paint: paintRow } = rows.get(stage) ?? makeRow(stage);
      if (list.children[place] !== row) {
        const active = focused();
        list.insertBefore(row, list.children[place] ?? null);
        if (row.contains(active)) active?.focus({ preventScroll: true }); // a row that moves keeps the keyboard
      }
      if (each.in_view) kept.add(stage);
      row.hidden = !unfolded && !kept.has(stage);
      const state = { isOpen: asked.has(stage), isFirst: place === 0, isLast: place === shown.length - 1 };
      paintRow(each, model.get("words").stages[stage], state);
    });
  };
  const paintPresets = () => {
    const words = model.get("words");
    const options = words.presets.map(([key, name]) => makeOption(name, key));
    if (!model.get("shown").preset) options.unshift(makeOption(words.own, ""));
    const names = options.map((option) => option.text).join("\n");
    if (preset.dataset.names !== names) {
      preset.replaceChildren(...options);
      preset.dataset.names = names;
    }
    preset.value = model.get("shown").preset;
    preset.setAttribute("aria-label", words.preset);
  };
  const paint = () => {
    const { rows: shown, default_order: ordered, token: typed } = model.get("shown");
    const words = model.get("words");
    if (!shown || !words.stages) return;
    el.setAttribute("aria-label", words.title);
    paintRows();
    paintPresets();
    reset.textContent = words.reset;
    fold.textContent = unfolded ? words.fold : words.unfold;
    fold.setAttribute("aria-expanded", String(unfolded));
    el.classList.toggle("nte-unfolded", unfolded);
    order.textContent = words.order;
    order.disabled = ordered;
    token.placeholder = words["token-example"];
    token.setAttribute("aria-label", words.token);
    if (!isOpen()) writeEntry(token, "", typed);
    tell();
  };

  /** @param {string} name */
  const choose = (name) => {
    kept = new Set();
    for (const entry of [token, ...[...rows.values()].map((row) => row.entry)]) delete entry?.dataset.typing;
    ask("preset", "preset", name);
  };
  view.listen(preset, "change", () => choose(preset.value));
  view.listen(reset, "click", () => choose(model.get("words").presets[0][0]));
  view.listen(order, "click", () => ask("order", "order", model.get("words")["default-order"]));
  view.listen(fold, "click", () => {
    unfolded = !unfolded;
    kept = new Set();
    paint();
  });
  guardTyping(view, token, () => {
    token.value = "";
    ask("forget", TOKEN, "");
  });
  explains(foot, TOKEN);
  view.listen(token, "keydown", ({ key, isComposing }) => {
    if (key !== "Enter" || isComposing || !token.value) return;
    delete token.dataset.typing;
    ask("token", TOKEN, token.value);
  });
  // JupyterLab reads keys as commands unless they stay in here; Shift-Enter is left to it.
  view.listen(el, "keydown", (event) => {
    if (!(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
  });
  paintTogether(view, [[["shown", "words", "scales"], paint]]);
  return view.close;
}

export default { render };
