// Lines about single things, which the page asks for when one is pointed at: all of them would be many times the size
// of the picture.

/** @import { AnyModel, View } from "./types" */

/**
 * Notes by what they are about. The kernel answers `{kind: "note", [name]: what}` with the same and more.
 *
 * @param {View<any>} view
 * @param {AnyModel} model
 * @param {string} name of what is sent along
 * @param {(about: any) => void} heard called when there is one
 */
export function askNotes(view, model, name, heard) {
  /** @type {Map<string, any>} */
  let known = new Map(); // null: it is asked for
  view.onMessage((message) => {
    const about = String(message[name]);
    if (message.kind !== "note" || !known.has(about)) return;
    known.set(about, message);
    heard(message[name]);
  });
  return {
    /**
     * The kernel's answer; null while it is asked for, which this does the first time.
     *
     * @param {any} about
     * @returns {any}
     */
    about: (about) => {
      if (!known.has(String(about))) {
        known.set(String(about), null);
        model.send({ kind: "note", [name]: about });
      }
      return known.get(String(about));
    },
    /** What they are about has changed. */
    forget: () => {
      known = new Map();
    },
  };
}
