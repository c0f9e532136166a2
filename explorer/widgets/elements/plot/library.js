// plotly.js (1.5 MB packed). It comes from the kernel once a page, over a widget's own channel, so that neither a network
// nor a copy in every widget is needed.

import { gunzip } from "../../js/lib/bytes.js";

/** @import { AnyModel, View } from "../../js/lib/types" */

const LIBRARY = Symbol.for("next-token-explorer.plotly");
const PATIENCE = 20_000; // milliseconds until another plot may ask
const MAX_TRIES = 3;

/** The plot that asked was closed before the answer came. */
class Closed extends Error {
  name = "Closed"; // which tells: every widget brings a class of its own
}

/**
 * A module whose default export is that of a script made for CommonJS, which must not find the AMD loader that some pages
 * (Voila) bring along. Modules are imported, never evaluated: a page may forbid that.
 *
 * @param {string} source
 */
export const asModule = (source) =>
  `const module = { exports: {} }, exports = module.exports, define = undefined;\n${source}\nexport default module.exports;\n`;

/** @param {string} source of a module @returns {Promise<any>} what it exports */
export async function importText(source) {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {DataView} packed @returns {Promise<any>} */
const load = async (packed) => (await importText(asModule(await gunzip(packed)))).default;

/**
 * @param {View<any>} view
 * @param {AnyModel} model
 * @param {typeof load} unpack
 * @returns {Promise<any>}
 */
function ask(view, model, unpack) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("plotly.js did not arrive")), PATIENCE);
    view.onEnd(() => {
      clearTimeout(timer);
      reject(new Closed());
    });
    view.onMessage(({ kind }, [packed]) => {
      if (kind !== "library") return;
      clearTimeout(timer);
      unpack(packed).then(resolve, reject);
    });
    model.send({ kind: "library" });
  });
}

/**
 * plotly.js, the same for all plots on a page: one asks, and the others wait for what it gets. Where it is closed
 * meanwhile, another one asks.
 *
 * @param {View<any>} view
 * @param {AnyModel} model
 * @param {typeof load} [unpack] makes the library of what the kernel sent
 * @returns {Promise<any>} undefined where it does not come, or the view has ended
 */
export async function plotlyOf(view, model, unpack = load) {
  const page = /** @type {any} */ (window);
  for (let failed = 0; failed < MAX_TRIES && !view.signal.aborted;) {
    const asked = (page[LIBRARY] ??= ask(view, model, unpack));
    try {
      return await asked;
    } catch (error) {
      if (page[LIBRARY] === asked) delete page[LIBRARY];
      if (!(error instanceof Error && error.name === "Closed")) failed++;
    }
  }
  return undefined;
}
