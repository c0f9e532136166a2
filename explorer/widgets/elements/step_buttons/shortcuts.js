// The keys that step through a text. The window hears them first, before JupyterLab on the document, whose `b` inserts
// a cell.

/** @import { View } from "../../js/lib/types" */

/** @type {Record<string, string>} */
const KEYS = { s: "step", u: "undo", r: "redo", p: "play", b: "branch", d: "again" };
const KEPT_FROM_LAB = "data-lm-suppress-shortcuts";
const HELD = ["step", "undo", "redo", "again"]; // go on while their key is held down

/**
 * The Latin letter of a key, on keyboards of other alphabets too.
 *
 * @param {{ key: string, code: string }} event
 */
export function letterOf({ key, code }) {
  return (/^[a-z]$/i.test(key) ? key : (/^Key([A-Z])$/.exec(code)?.[1] ?? "")).toLowerCase();
}

/**
 * The letter that does the same as a button.
 *
 * @param {string} command
 */
export const letterFor = (command) => Object.keys(KEYS).find((letter) => KEYS[letter] === command) ?? "";

/**
 * What a key does that was pressed in an element: null for one that is none of ours.
 *
 * @param {KeyboardEvent} event
 * @param {boolean} writes whether the element is one that text is written into
 */
export function commandOf(event, writes) {
  const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
  if (key === "Enter") return ctrlKey !== metaKey && !altKey && !shiftKey ? "step" : null;
  if (altKey || ctrlKey || metaKey || shiftKey || writes) return null;
  return KEYS[letterOf(event)] ?? null;
}

/**
 * Does what a key says that is pressed anywhere in the app, and keeps it from JupyterLab.
 *
 * @param {View<any>} view
 * @param {() => HTMLElement} app
 * @param {(name: string) => void} command
 */
export function hearKeys(view, app, command) {
  /** @param {EventTarget | null} target @returns {target is Element} */
  const within = (target) => target instanceof Element && app().contains(target);
  /** @type {Element | undefined} */
  let marked;
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const { target, key, altKey, ctrlKey, metaKey } = event;
    if (!within(target) || event.isComposing || event.keyCode === 229) return; // the last two: an input method's own
    // JupyterLab takes no key from within an element with this mark: not `x`, which cuts the cell, nor arrows, which
    // leave it. Keys with a modifier (save, the command palette) stay its own, and Shift+Enter, which runs the cell.
    for (const each of [marked, target]) each?.removeAttribute(KEPT_FROM_LAB);
    marked = target;
    if (!altKey && !ctrlKey && !metaKey && key !== "Enter") target.setAttribute(KEPT_FROM_LAB, "");
    const name = commandOf(event, target.matches(":read-write") || target.matches("select"));
    if (!name) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat || HELD.includes(name)) command(name);
  };
  // A click on an empty place would give the focus to the notebook's cell, and with it the keys.
  /** @param {PointerEvent | MouseEvent} event */
  const onPointer = ({ type, target }) => {
    if (!within(target)) return;
    app().tabIndex = -1;
    app().style.outline = "none";
    if (type === "click" && !app().contains(document.activeElement)) app().focus({ preventScroll: true });
  };
  view.listen(window, "keydown", onKey, { capture: true });
  view.listen(window, "pointerdown", onPointer, { capture: true });
  view.listen(window, "click", onPointer, { capture: true });
  view.onEnd(() => marked?.removeAttribute(KEPT_FROM_LAB));
}
