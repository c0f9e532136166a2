// Stepping through a text: buttons, the keys that do the same, the seed, the speed, and what ends a run.

import { make, makeIcon, makeOption, setAttributes } from "../../js/lib/dom.js";
import { openView, paintTogether } from "../../js/lib/view.js";
import { hearKeys, letterFor } from "./shortcuts.js";

const ICONS = {
  undo: "M6 3 3 6l3 3M3.5 6H10a3.5 3.5 0 0 1 0 7H6.5",
  redo: "m10 3 3 3-3 3m2.5-3H6a3.5 3.5 0 0 0 0 7h3.5",
  step: "M4 3.5v9L9.5 8zm8.5 0v9",
  play: "M5 3v10l8-5z",
  pause: "M5.5 3.5v9m5-9v9",
  branch: "M4.5 2.5v11m0-3.5c0-4 7-1.5 7-6m-2 1.5 2-2 2 2",
};
const COMMANDS = /** @type {const} */ (["undo", "redo", "step", "play", "branch"]);

/**
 * @typedef {"seed" | "stop_text" | "length"} Entry traits that are typed
 * @typedef {{
 *   words: Record<string, string>, enabled: Record<string, boolean>, playing: boolean, speeds: [string, string][],
 *   wrong: Record<string, string>, seed: string, speed: string, stop_at_end: boolean, stop_text: string, length: string,
 * }} Traits
 */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-steps");
  /** @type {(() => void)[]} */
  const painters = []; // each writes a part of the page anew
  const app = () => /** @type {HTMLElement} */ (el.closest(".nte-app") ?? el.closest(".jp-OutputArea-output") ?? el);
  /** @param {string} name */
  const word = (name) => model.get("words")[name] ?? "";
  /** @param {string} name */
  const tip = (name) => word(`tip_${name}`) || word(name);
  /** @param {string} name */
  const isEnabled = (name) => model.get("enabled")[name === "pause" ? "play" : name] !== false;
  /** @param {string} name */
  const now = (name) => (name === "play" && model.get("playing") ? "pause" : name);
  // The page's messages overtake each other: a step says for which prefix it is meant, while that is on its way from here.
  const prefix = () => {
    const box = /** @type {HTMLTextAreaElement | null} */ (app().querySelector(".nte-prefix textarea"));
    return box?.dataset.ahead ? box.value : null;
  };
  /** @param {string} name */
  const command = (name) => {
    if (isEnabled(name)) model.send({ kind: "command", name: now(name), prefix: prefix() });
  };

  /** @param {(typeof COMMANDS)[number]} name */
  const commandButton = (name) => {
    // Of two faces, laid over each other, the wider one keeps the place.
    const faces = name === "play" ? /** @type {const} */ (["play", "pause"]) : [name];
    const parts = faces.map((face) => {
      const [icon, text] = [makeIcon(ICONS[face]), make("span", "nte-steps-word")];
      icon.dataset.icon = face;
      return { face, text, part: make("span", "nte-steps-face", icon, text) };
    });
    const button = make("button", "", make("span", "nte-steps-stack", ...parts.map(({ part }) => part)));
    button.type = "button";
    button.dataset.command = name;
    view.listen(button, "click", () => command(name));
    const letter = letterFor(name);
    const shortcuts = name === "step" ? `${letter} Control+Enter Meta+Enter` : letter;
    button.setAttribute("aria-keyshortcuts", shortcuts);
    painters.push(() => {
      for (const { face, text, part } of parts) {
        text.textContent = word(face);
        part.classList.toggle("nte-steps-away", face !== now(name));
      }
      button.title = `${tip(now(name))} [${letter.toUpperCase()}${name === "step" ? ", Ctrl+Enter" : ""}]`;
      // Not `disabled`: that would drop the focus.
      setAttributes(button, { "aria-label": word(now(name)), "aria-disabled": !isEnabled(name) });
    });
    return button;
  };

  /**
   * @template {keyof Traits} K
   * @param {K} trait
   * @param {Traits[K]} value
   */
  const save = (trait, value) => {
    if (model.get(trait) === value) return;
    model.set(trait, value);
    model.save_changes();
  };
  /** @param {keyof Traits} name @param {HTMLInputElement} control */
  const labelled = (name, control) => {
    const text = make("span", "nte-steps-name"); // gone where there is no room for it
    const label = make("label", "nte-steps-field", text, control);
    painters.push(() => {
      const wrong = model.get("wrong");
      text.textContent = word(name);
      label.title = wrong[name] || tip(name);
      setAttributes(control, { "aria-label": word(name), "aria-invalid": name in wrong });
    });
    return label;
  };
  /** @param {Entry} name @param {number} size */
  const entry = (name, size) => {
    const box = make("input");
    Object.assign(box, { type: "text", size, autocomplete: "off", spellcheck: false });
    view.listen(box, "input", (event) => {
      if (!(/** @type {InputEvent} */ (event).isComposing)) save(name, box.value);
    });
    view.listen(box, "compositionend", () => save(name, box.value));
    view.listen(box, "keydown", (event) => event.key !== "Escape" && event.stopPropagation());
    painters.push(() => {
      if (box.value !== model.get(name)) box.value = model.get(name);
    });
    return labelled(name, box);
  };
  const speed = () => {
    const menu = make("select");
    /** @type {Traits["speeds"] | undefined} */
    let offered;
    view.listen(menu, "change", () => save("speed", menu.value));
    painters.push(() => {
      const speeds = model.get("speeds");
      if (speeds !== offered) menu.replaceChildren(...speeds.map(([key, label]) => makeOption(label, key)));
      offered = speeds; // new options would close an open menu
      menu.value = model.get("speed");
      menu.title = tip("speed");
      menu.setAttribute("aria-label", word("speed"));
    });
    return menu;
  };
  const stopAtEnd = () => {
    const box = make("input");
    box.type = "checkbox";
    view.listen(box, "change", () => save("stop_at_end", box.checked));
    painters.push(() => {
      box.checked = model.get("stop_at_end");
    });
    return labelled("stop_at_end", box);
  };

  const ends = make("div", "nte-steps-ends", stopAtEnd(), entry("stop_text", 8), entry("length", 4));
  ends.hidden = true;
  const fold = make("button", "nte-steps-fold");
  fold.type = "button";
  const paint = () => painters.forEach((each) => each());
  view.listen(fold, "click", () => {
    ends.hidden = !ends.hidden;
    paint();
  });
  painters.push(() => {
    fold.textContent = word("stop");
    fold.title = tip("stop");
    fold.setAttribute("aria-expanded", String(!ends.hidden));
    // What hides in the fold and cannot be read shows on it.
    fold.classList.toggle(
      "nte-steps-wrong",
      ["stop_text", "length"].some((name) => name in model.get("wrong")),
    );
  });
  const buttons = make("div", "nte-steps-buttons", ...COMMANDS.map(commandButton));
  el.append(make("div", "nte-steps-row", buttons, entry("seed", 7), speed(), fold), ends);

  hearKeys(view, app, command);
  /** @type {(keyof Traits)[]} */
  const typed = ["seed", "speed", "stop_at_end", "stop_text", "length"];
  paintTogether(view, [[["words", "enabled", "playing", "speeds", "wrong", ...typed], paint]]);
  return view.close;
}

export default { render };
