// One plotly.js a page, however many plots there are and whichever is closed meanwhile; and how a plot draws with it.

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { beforeEach, test } from "node:test";

import { asModule, plotlyOf } from "../../explorer/widgets/elements/plot/library.js";
import { openView } from "../../explorer/widgets/js/lib/view.js";
import widget from "../../explorer/widgets/elements/plot/widget.js";
import { ELEMENTS } from "./elements.js";
import { FakeModel, bytes, openPage, settled } from "./page.js";

beforeEach(openPage);

const unpack = async (packed) => ({ library: packed.byteLength });
const asks = (model) => model.sent.filter(({ kind }) => kind === "library").length;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function plot() {
  const model = new FakeModel({});
  const view = openView(model);
  return { model, view, library: plotlyOf(view, model, unpack) };
}

test("two plots that ask at the same time get the same one, which is sent once", async () => {
  const [one, other] = [plot(), plot()];
  assert.deepEqual([asks(one.model), asks(other.model)], [1, 0]);
  one.model.receive({ kind: "again" });
  one.model.receive({ kind: "library" }, [bytes(1, 2)]);
  assert.deepEqual(await one.library, { library: 2 });
  assert.equal(await other.library, await one.library);
  const third = plot();
  assert.equal(await third.library, await one.library);
  assert.equal(asks(third.model), 0);
});

test("when the one that asked is closed before the answer came, another one asks", async () => {
  const [one, other, third] = [plot(), plot(), plot()];
  one.view.close();
  assert.equal(await one.library, undefined);
  await turn();
  assert.deepEqual([asks(other.model), asks(third.model)], [1, 0]);
  other.view.close();
  await turn();
  assert.equal(asks(third.model), 1);
  third.model.receive({ kind: "library" }, [bytes(1)]);
  assert.deepEqual(await third.library, { library: 1 });
  assert.equal(await other.library, undefined);
});

test("an answer that does not come is asked for three times", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, library } = plot();
  for (let tries = 1; tries <= 3; tries++) {
    assert.equal(asks(model), tries);
    t.mock.timers.tick(60_000);
    await turn();
  }
  assert.equal(await library, undefined);
  assert.equal(asks(model), 3);
  const later = plot(); // and a plot that comes later tries again
  assert.equal(asks(later.model), 1);
  later.model.receive({ kind: "library" }, [bytes(1)]);
  assert.deepEqual(await later.library, { library: 1 });
});

test("a script for CommonJS becomes a module that no AMD loader finds", async () => {
  const umd = "(function(f){ if (typeof define === 'function' && define.amd) define(f); else module.exports = f(); })";
  globalThis.define = Object.assign(() => assert.fail("the loader of the page"), { amd: {} });
  const source = asModule(`${umd}(function () { return { version: 1 }; });\n//# a comment at the end`);
  const module = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  delete globalThis.define;
  assert.deepEqual(module.default, { version: 1 });
});

const answered = async (el, answer) => {
  while (el.dataset.answer !== String(answer)) await settled();
};

test("plotly is given a figure with every change, and its configuration only when its words change", async () => {
  const drawn = [];
  const Plotly = {
    Icons: {},
    purge: () => {},
    react: async (box, data, layout, config) => drawn.push({ data, layout, png: config?.modeBarButtons[0][0].title }),
  };
  window[Symbol.for("next-token-explorer.plotly")] = Promise.resolve(Plotly);
  const pack = (figure) => new DataView(new Uint8Array(new TextEncoder().encode(JSON.stringify(figure))).buffer);
  const figure = (n) => ({ data: [{ y: n }], layout: { title: n } });
  const compressed = new DataView(new Uint8Array(gzipSync(JSON.stringify(figure(2)))).buffer);
  const [model, el] = [new FakeModel({ ...ELEMENTS.plot, packed: pack(figure(1)) }), document.createElement("div")];
  const close = widget.render({ model, el });
  await answered(el, 1);
  model.update({ packed: compressed, answer: 2 });
  await answered(el, 2);
  model.update({ packed: pack(figure(3)), words: { png: "PNG!" }, answer: 3 });
  model.update({ packed: pack(figure(4)), answer: 4 });
  await answered(el, 4);
  assert.deepEqual(
    drawn.map(({ data: [{ y }], layout, png }) => [y, layout.title, png]),
    [
      [1, 1, "the word png"],
      [2, 2, undefined],
      [4, 4, "PNG!"],
    ],
  );
  close();
});
