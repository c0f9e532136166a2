// Files that are saved on the reader's own machine. Their bytes come over the widget's channel, so that no server has
// to have an address for them.

/** @import { AnyModel, View } from "./types" */

const KEPT = 60_000; // milliseconds, after which a browser has surely taken what it downloads

/**
 * @param {string} name
 * @param {DataView} bytes
 */
export function saveFile(name, bytes) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (/** @type {unknown} */ (bytes))]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}

/**
 * Asks the kernel for files and saves what it sends. Returns the asking.
 *
 * @param {View<any>} view
 * @param {AnyModel} model
 */
export function fileRequests(view, model) {
  let asked = false; // by this view, and not by another one of the same widget
  view.onMessage(({ kind, name }, buffers) => {
    if (kind !== "file" || !asked) return;
    asked = false;
    saveFile(name, buffers[0]);
  });
  /** @param {object} more of the request */
  return (more = {}) => {
    asked = true;
    model.send({ kind: "save", ...more });
  };
}
