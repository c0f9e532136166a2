// Every element is mounted, used, and taken off the page: nothing of it listens any more.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";

import { ELEMENTS } from "./elements.js";
import { FakeModel, openPage, settled } from "./page.js";

const FOLDER = new URL("../../explorer/widgets/elements/", import.meta.url);
const PLOTLY = {
  Icons: {},
  react: async (box, data) => Object.assign(box, { data }),
  purge: () => {},
  Fx: { hover: () => {}, unhover: () => {} },
  Plots: { resize: async () => {} },
};

async function mount(name, traits = ELEMENTS[name]) {
  const { default: widget } = await import(new URL(`${name}/widget.js`, FOLDER).href);
  const [model, el] = [new FakeModel(traits), document.createElement("div")];
  document.body.append(el);
  const close = widget.render({ model, el });
  await settled();
  return { model, el, close };
}

/** Every kind of event on every element, and keys as well: what a view does meanwhile must not outlive it. */
async function use({ model, el }) {
  const everything = [el, ...el.querySelectorAll("*")];
  const pointer = (type, options = {}) => new PointerEvent(type, { bubbles: true, clientX: 3, ...options });
  for (const each of everything) {
    for (const type of ["pointerover", "pointerenter", "pointermove", "click", "dblclick", "pointerleave"])
      each.dispatchEvent(pointer(type));
    for (const type of ["focus", "focusin", "input", "change", "blur"]) each.dispatchEvent(new Event(type));
    for (const key of ["ArrowRight", "ArrowDown", "Home", "End", "Enter", "F2", " ", "Escape"])
      each.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }
  model.update(structuredClone(model.traits));
  await settled();
}

let window, left;
beforeEach(() => {
  ({ window, left } = openPage());
  window[Symbol.for("next-token-explorer.plotly")] = Promise.resolve(PLOTLY);
});

test("every element is among them", () => {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((each) => each.isDirectory());
  const names = folders.map(({ name }) => name).filter((name) => !name.startsWith("_"));
  assert.deepEqual(names.toSorted(), Object.keys(ELEMENTS).toSorted());
});

describe("nothing is left of", () => {
  for (const name of Object.keys(ELEMENTS)) {
    test(name, async () => {
      const before = document.body.outerHTML;
      const mounted = await mount(name);
      assert.ok(left().length + mounted.model.listeners.length > 0);
      await use(mounted);
      mounted.close();
      assert.deepEqual(left(), []);
      assert.deepEqual(mounted.model.listeners, []);
      mounted.el.remove();
      assert.equal(document.body.outerHTML, before);
    });
  }
});

describe("a view that is closed paints no more:", () => {
  for (const name of Object.keys(ELEMENTS)) {
    test(name, async () => {
      const { model, el, close } = await mount(name);
      model.update(structuredClone(model.traits)); // and what is due is not done
      close();
      const [painted, n] = [el.innerHTML, model.sent.length];
      const other = { words: {}, stale: true, text: "other", state: "error", instead: "other", label: "other" };
      model.update({ ...other, choices: [], groups: [], segments: [], chips: [], strategies: [], columns: [] });
      await settled();
      window.dispatchEvent(new KeyboardEvent("keydown", { key: "s", bubbles: true }));
      assert.equal(el.innerHTML, painted);
      assert.equal(model.sent.length, n);
    });
  }
});

test("two views of one widget share no ids", async () => {
  for (const name of ["attention_text", "draw_strip", "head_grid", "token_chips", "tree_view"]) {
    await mount(name);
    await mount(name);
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  assert.ok(ids.length > 20);
  assert.equal(new Set(ids).size, ids.length);
});

test("what watches the page finds what is forgotten", async () => {
  document.addEventListener("click", () => {});
  const resized = new ResizeObserver(() => {});
  resized.observe(document.body);
  window.addEventListener("keydown", () => {});
  matchMedia("print").addEventListener("change", () => {});
  const timer = setTimeout(() => {}, 10_000);
  assert.deepEqual(left(), ["click", "ResizeObserver", "keydown", "change", "setTimeout"]);
  clearTimeout(timer);
  resized.disconnect();
  assert.deepEqual(left(), ["click", "keydown", "change"]);
});
