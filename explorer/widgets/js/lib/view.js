// What a view listens to, and lets go of when it is taken off the page.

/** @import { AnyModel, View } from "./types" */

/**
 * Listeners of one view; none is left once `close` was called, which `render` returns.
 *
 * @template {object} T
 * @param {AnyModel<T>} model
 * @returns {View<T>}
 */
export function openView(model) {
  const ending = new AbortController();
  const { signal } = ending;
  /** @type {View<T>["onEnd"]} */
  const onEnd = (end) => signal.addEventListener("abort", end, { once: true });
  /** @param {string} event @param {(...args: any[]) => void} callback */
  const onModel = (event, callback) => {
    model.on(event, callback);
    onEnd(() => model.off(event, callback));
  };
  return {
    signal,
    onEnd,
    listen: (target, type, listener, options = {}) =>
      target.addEventListener(type, /** @type {EventListener} */ (listener), { ...options, signal }),
    onChange: (traits, paint) => {
      for (const trait of Array.isArray(traits) ? traits : [traits]) onModel(`change:${String(trait)}`, () => paint());
    },
    onMessage: (hear) => onModel("msg:custom", (content, buffers) => hear(content, buffers ?? [])),
    onResize: (element, paint) => {
      const observer = new ResizeObserver(() => paint());
      observer.observe(element);
      onEnd(() => observer.disconnect());
    },
    close: () => ending.abort(),
  };
}

/**
 * Calls painters of traits. A message brings several traits, in any order: a painter is called once for all that belong
 * to it, and in the order in which the painters stand. All are called at the beginning.
 *
 * @template {object} T
 * @param {View<T>} view
 * @param {Array<[(keyof T)[], () => void]>} painters
 */
export function paintTogether(view, painters) {
  /** @type {Set<() => void>} */
  const due = new Set();
  const update = () => {
    const now = painters.filter(([, paint]) => due.has(paint));
    due.clear();
    if (!view.signal.aborted) now.forEach(([, paint]) => paint());
  };
  for (const [traits, paint] of painters) {
    view.onChange(traits, () => {
      if (!due.size) queueMicrotask(update);
      due.add(paint);
    });
  }
  painters.forEach(([, paint]) => paint());
}

/**
 * Makes `paint` one that is called at most once a frame, at its beginning.
 *
 * @param {View<any>} view
 * @param {() => void} paint
 */
export function onceAFrame(view, paint) {
  let due = 0;
  view.onEnd(() => cancelAnimationFrame(due));
  return () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      paint();
    });
  };
}

/**
 * Dims what is on show while the kernel computes something newer.
 *
 * @param {View<any>} view
 * @param {AnyModel} model
 * @param {Element} el
 */
export function dimStale(view, model, el) {
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  view.onChange("stale", dim);
  dim();
}
