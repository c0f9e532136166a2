// A page without a browser, and a kernel without a kernel: what elements are mounted on in the tests.

import { Window } from "happy-dom";

const GLOBALS = [
  ["window", "document", "localStorage", "getComputedStyle"],
  ["requestAnimationFrame", "cancelAnimationFrame", "ResizeObserver", "MutationObserver", "AbortController"],
  ["Node", "Element", "HTMLElement", "DOMParser", "Event", "MouseEvent", "PointerEvent", "KeyboardEvent"],
].flat();

/** What is listened to, observed or waited for on the page, and was not let go of. */
let open = new Set();

const isOpen = ({ signal }) => !signal?.aborted;
const drop = (which) => open.forEach((each) => which(each) && open.delete(each));

function watchListeners(target) {
  const { addEventListener, removeEventListener } = target;
  target.addEventListener = function (type, listener, options) {
    if (!("aborted" in this)) open.add({ on: this, type, listener, signal: options?.signal });
    return addEventListener.call(this, type, listener, options);
  };
  target.removeEventListener = function (type, listener, options) {
    drop((each) => each.on === this && each.type === type && each.listener === listener);
    return removeEventListener.call(this, type, listener, options);
  };
}

const watchedObserver = (name, Observer) =>
  class extends Observer {
    observe(...args) {
      open.add({ type: name, by: this });
      return super.observe(...args);
    }
    disconnect() {
      drop((each) => each.by === this);
      return super.disconnect();
    }
  };

function watchedTimer(name, request, cancel) {
  return [
    (callback, ...more) => {
      const each = { type: name };
      open.add(each);
      each.timer = request(
        (...args) => {
          open.delete(each);
          callback(...args);
        },
        ...more,
      );
      return each.timer;
    },
    (timer) => {
      drop((each) => each.type === name && each.timer === timer);
      cancel(timer);
    },
  ];
}

const methodsOf = (target) =>
  Object.hasOwn(target, "addEventListener") ? target : methodsOf(Object.getPrototypeOf(target));

// Nodes of all pages have their methods from one class.
const nodes = methodsOf(new Window().document);

watchListeners(nodes);
const timers = watchedTimer("setTimeout", globalThis.setTimeout, globalThis.clearTimeout);

/** Puts a page in the place of Node's globals. `left` names what it still listens to, observes or waits for. */
export function openPage() {
  const window = new Window({ url: "http://127.0.0.1/" });
  for (const name of GLOBALS) {
    const value = name === "window" ? window : window[name];
    const bound = /^[a-z]/.test(name) && typeof value === "function" ? value.bind(window) : value;
    Object.defineProperty(globalThis, name, { value: bound, configurable: true, writable: true });
  }
  for (const name of ["ResizeObserver", "MutationObserver"]) globalThis[name] = watchedObserver(name, window[name]);
  const frames = [window.requestAnimationFrame.bind(window), window.cancelAnimationFrame.bind(window)];
  [globalThis.requestAnimationFrame, globalThis.cancelAnimationFrame] = watchedTimer(
    "requestAnimationFrame",
    ...frames,
  );
  [globalThis.setTimeout, globalThis.clearTimeout] = timers;
  globalThis.matchMedia = () => Object.assign(new window.EventTarget(), { matches: false }); // happy-dom's listens, too
  open = new Set();
  return { window, left: () => [...open].filter(isOpen).map(({ type }) => type) };
}

/** The page's half of a widget whose kernel is the test. */
export class FakeModel {
  constructor(traits) {
    this.traits = structuredClone(traits);
    this.sent = [];
    this.listeners = [];
  }
  get(trait) {
    return this.traits[trait];
  }
  set(trait, value) {
    this.traits[trait] = value;
    this.emit(`change:${trait}`);
  }
  save_changes() {}
  send(content, _callbacks, buffers = []) {
    this.sent.push({ ...content, ...(buffers.length && { buffers }) });
  }
  on(event, callback) {
    this.listeners.push({ event, callback });
  }
  off(event, callback) {
    this.listeners = this.listeners.filter((each) => each.event !== event || each.callback !== callback);
  }
  emit(event, ...args) {
    for (const each of this.listeners.filter((each) => each.event === event)) each.callback(...args);
  }
  /** A message of the kernel's that sets several traits. */
  update(traits) {
    Object.assign(this.traits, traits);
    Object.keys(traits).forEach((trait) => this.emit(`change:${trait}`));
  }
  receive(content, buffers = []) {
    this.emit("msg:custom", content, buffers);
  }
}

/** The page has done what it does later: microtasks, and the next two frames. */
export const settled = async () => {
  for (let n = 0; n < 2; n++) await new Promise((resolve) => requestAnimationFrame(resolve));
};

export const bytes = (...numbers) => new DataView(new Uint8Array(numbers).buffer);
