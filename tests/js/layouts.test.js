// Where things are drawn, and where keys lead to there.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  arcPath,
  chipAcross,
  placesOf,
  strongestWeights,
} from "../../explorer/widgets/elements/attention_text/arcs.js";
import { gridLayout } from "../../explorer/widgets/elements/head_grid/layout.js";
import { asPixels, trianglePainter } from "../../explorer/widgets/elements/head_grid/thumbnail.js";
import { cellsIn, halfAround, nextCell } from "../../explorer/widgets/elements/plot/cells.js";
import { nextRow } from "../../explorer/widgets/elements/plot/rows.js";
import { filledPart, shifted, withChange } from "../../explorer/widgets/elements/sampler_controls/requests.js";
import { commandOf, letterFor, letterOf } from "../../explorer/widgets/elements/step_buttons/shortcuts.js";
import { sameRef, tokenFrom } from "../../explorer/widgets/elements/text_columns/refs.js";
import * as tree from "../../explorer/widgets/elements/tree_view/layout.js";

describe("a grid of heads", () => {
  const shapes = [
    [12, 12],
    [30, 9],
    [6, 6],
    [1, 1],
    [48, 25],
    [2, 64],
  ];
  for (const [n_layer, n_head] of shapes) {
    for (const width of [320, 900, 1400]) {
      const orders = [[], Array.from({ length: n_layer * n_head }, (_, i) => n_layer * n_head - 1 - i)];
      for (const order of orders) {
        const laid = gridLayout(width, [n_layer, n_head], order);
        const name = `${n_layer} layers of ${n_head}, ${width} wide${order.length ? ", in an order" : ""}`;
        test(`${name}: every head has a place of its own, within the field`, () => {
          const places = laid.at.map(([column, row]) => `${column} ${row}`);
          assert.equal(new Set(places).size, n_layer * n_head);
          const [right, bottom] = [
            Math.max(...laid.at.map(([column]) => laid.left + column * laid.across + laid.size)),
            Math.max(...laid.at.map(([, row]) => laid.y(row) + laid.size)),
          ];
          assert.ok(right <= laid.left + laid.columns * laid.across);
          assert.ok(bottom <= laid.height);
          assert.ok(laid.size >= 10 && laid.size <= 64);
          if (laid.size > 10 && !order.length) assert.ok(right <= width);
        });
      }
      test(`${n_layer} layers of ${n_head}, ${width} wide: an order moves nothing below`, () => {
        const [plain, ordered] = orders.map((order) => gridLayout(width, [n_layer, n_head], order));
        assert.equal(plain.view, ordered.view);
      });
    }
  }
  test("layers go on in a band below where pictures would be small", () => {
    const { at } = gridLayout(900, [48, 4], []);
    assert.deepEqual(at[0], [0, 0]);
    assert.ok(at.at(-1)[1] >= 4);
    assert.deepEqual(gridLayout(900, [6, 6], []).at[6 * 3 + 2], [3, 2]);
  });
});

describe("the picture of a head", () => {
  const grey = new Uint8Array(768).map((_, i) => Math.floor(i / 3));
  const colours = asPixels(grey);
  const paint = (side, size, cells, start = 0) => {
    const pixels = new Uint32Array(size * size).fill(7);
    trianglePainter(side, size, colours)(pixels, Uint8Array.from(cells), start);
    return [...pixels].map((pixel) => (pixel ? pixel & 0xff : -1)); // -1: transparent
  };
  test("colours are opaque, red the lowest byte", () => {
    const palette = new Uint8Array(768);
    palette.set([1, 2, 3], 3);
    assert.equal(asPixels(palette)[1], 0xff030201);
  });
  test("as many pixels as cells", () => {
    assert.deepEqual(paint(2, 2, [5, 6, 7]), [5, -1, 6, 7]);
    assert.deepEqual(paint(2, 2, [0, 0, 0, 5, 6, 7], 3), [5, -1, 6, 7]);
  });
  test("more pixels than cells", () => {
    assert.deepEqual(paint(1, 2, [9]), [9, 9, 9, 9]);
    assert.deepEqual(paint(2, 4, [5, 6, 7]), [5, 5, -1, -1, 5, 5, -1, -1, 6, 6, 7, 7, 6, 6, 7, 7]);
  });
  test("fewer: the largest cell of a pixel", () => {
    assert.deepEqual(paint(4, 2, [1, 2, 3, 9, 5, 6, 7, 8, 4, 1]), [3, -1, 9, 6]);
    assert.deepEqual(paint(3, 1, [1, 2, 3, 4, 5, 6]), [6]);
  });
});

describe("the lines of a text", () => {
  const chip = (offsetLeft, offsetTop) => ({ offsetLeft, offsetTop, offsetWidth: 20, offsetHeight: 30 });
  const places = placesOf([chip(0, 26), chip(40, 30), chip(0, 100), chip(60, 100)]);
  test("where chips are", () => {
    assert.deepEqual(places[0], { x: 10, top: 26, bottom: 56, line: 0, room: 26 });
    assert.deepEqual(
      places.map(({ line }) => line),
      [0, 0, 1, 1],
    );
    assert.equal(places[3].room, 100 - 56);
  });
  test("an arc stays in the room above its line", () => {
    const path = arcPath(places[3], places[2], 100);
    const [, x, top, , peak] = path.match(/^M([\d.]+) ([\d.]+)C([\d.]+) ([\d.-]+)/).map(Number);
    assert.deepEqual([x, top], [70, 100]);
    assert.ok(top - (top - peak) * 0.75 >= 100 - places[3].room);
    assert.match(path, / 10 100$/);
  });
  test("an arc to a line above ends at the bottom of its chip", () => {
    assert.match(arcPath(places[2], places[1], 100), /^M10 100C.* 50 60$/);
  });
  test("the nearest chip in the line above or below", () => {
    assert.equal(chipAcross(places, 3, -1), 1);
    assert.equal(chipAcross(places, 0, 1), 2);
    assert.equal(chipAcross(places, 0, -1), 0);
    assert.equal(chipAcross(places, 3, 1), 3);
  });
  test("the strongest weights have arcs, the strongest of them last", () => {
    const weights = Float32Array.from([0.5, NaN, 0.01, 0.2, 0.9, 0.3]);
    assert.deepEqual(strongestWeights(weights, { least: 0.02, most: 3, apart: 4 }), [3, 5, 0]);
    assert.deepEqual(strongestWeights(weights, { least: 0.02, most: 1, apart: 9 }), [4]);
    assert.deepEqual(strongestWeights(weights, { least: 1, most: 9, apart: 9 }), []);
  });
});

describe("a tree", () => {
  // 0 ─ 1 ─ 2 ─ 5
  //     └── 3
  //     └── 4 ─ 6
  const parents = [0, 0, 1, 1, 1, 2, 4];
  const rows = [0, 0, 0, 1, 2, 0, 2];
  const columns = tree.depths(parents);
  test("its columns are depths", () => {
    assert.deepEqual(columns, [0, 1, 2, 2, 2, 3, 3]);
    assert.deepEqual(tree.depths([]), []);
    const chain = Array.from({ length: 20_000 }, (_, node) => Math.max(0, node - 1));
    assert.equal(tree.depths(chain).at(-1), 19_999);
  });
  test("keys up and down go to the next row, to the same column where it can be", () => {
    const near = (node, side) => tree.neighbour({ parents, rows }, columns, node, side);
    assert.equal(near(2, 1), 3);
    assert.equal(near(3, 1), 4);
    assert.equal(near(6, -1), 5);
    assert.equal(near(5, 1), 6);
    assert.equal(near(0, -1), 0);
    assert.equal(near(4, 1), 4);
  });
  test("a key to the right follows the way that was gone", () => {
    const child = (node, ...way) => tree.childOf({ parents, rows }, node, (each) => way.includes(each));
    assert.equal(child(1), 2);
    assert.equal(child(1, 1, 4), 4);
    assert.equal(child(6), 6);
    assert.equal(child(0), 1);
  });
  test("lines end at boxes", () => {
    const at = (node) => `${tree.leftOf(columns[node])}`;
    assert.equal(tree.lineTo({ parents, rows }, columns, 2), `M${at(1)} 25H${at(2)}`);
    assert.match(tree.lineTo({ parents, rows }, columns, 4), new RegExp(`^M${at(1)} 25H.*V.*H${at(4)}$`));
  });
  test("it scrolls by whole columns, and no further than it takes", () => {
    const part = { length: 88, margin: 88, step: 88 };
    assert.equal(tree.scrolledByStep(88, 400, 200, part), 88);
    assert.equal(tree.scrolledByStep(880, 400, 200, part) % 88, 0);
    assert.ok(tree.scrolledByStep(0, 400, 1000, part) >= 1000 + 88 + 88 - 400);
  });
  test("a time of today has no date", () => {
    const now = new Date(2026, 5, 1, 15, 30, 9);
    assert.equal(tree.clock(now.getTime() / 1000, now), "15:30:09");
    assert.equal(tree.clock(new Date(2026, 4, 31, 23, 59).getTime() / 1000, now), "2026-05-31 23:59");
  });
});

describe("rows and cells of a picture", () => {
  test("keys pass over rows that stand for many", () => {
    const ids = [-1, 40, -1, 42, -1];
    assert.deepEqual([nextRow(ids, -1, 1), nextRow(ids, 1, 1), nextRow(ids, 3, 1)], [1, 3, -1]);
    assert.deepEqual([nextRow(ids, -1, -1), nextRow(ids, 3, -1), nextRow(ids, 1, -1)], [3, 1, -1]);
    assert.equal(nextRow([], -1, 1), -1);
  });
  test("keys pass over cells without a number", () => {
    const z = [
      [1, null, null],
      [1, 1, null],
      [1, NaN, 1],
    ];
    assert.deepEqual(nextCell(z, null, [1, 0]), [2, 2]);
    assert.deepEqual(nextCell(z, [2, 2], [-1, 0]), [0, 2]);
    assert.deepEqual(nextCell(z, [2, 2], [0, -1]), null);
    assert.deepEqual(nextCell(z, [0, 2], [0, -1]), [0, 1]);
    assert.deepEqual(nextCell(z, [1, 1], [0, 0]), [1, 1]);
    assert.deepEqual(nextCell([[null]], null, [0, 0]), null);
  });
  test("a range of an axis is the cells whose middle lies in it", () => {
    assert.deepEqual(
      cellsIn([-0.5, 3.5]).map((cell) => cell + 0),
      [0, 3],
    ); // no -0
    assert.deepEqual(cellsIn([3.2, 0.4]), [1, 3]);
    assert.deepEqual(cellsIn(["1.1", "1.4"]), [1, 1]);
  });
  test("half of the cells around one of them", () => {
    assert.deepEqual(halfAround([0, 9], 5), [3, 7]);
    assert.deepEqual(halfAround([0, 9], 0), [0, 4]);
    assert.deepEqual(halfAround([0, 9], 9), [5, 9]);
    assert.deepEqual(halfAround([4, 4], 4), [4, 4]);
  });
});

describe("a sampler", () => {
  test("a slider is filled between its neutral stop and its own", () => {
    const scale = { stops: [0, 1, 2, 3, null], neutral: 1 };
    assert.deepEqual(filledPart(scale, 3), [0.25, 0.75]);
    assert.deepEqual(filledPart(scale, 0), [0, 0.25]);
    assert.deepEqual(filledPart(scale, 1), [0.25, 0.25]);
  });
  test("stages change places with their neighbours", () => {
    assert.deepEqual(shifted(["a", "b", "c"], "b", 1), ["a", "c", "b"]);
    assert.deepEqual(shifted(["a", "b", "c"], "b", -1), ["b", "a", "c"]);
    assert.equal(shifted(["a", "b", "c"], "c", 1), null);
    assert.equal(shifted(["a", "b", "c"], "a", -1), null);
    assert.equal(shifted(["a"], "x", 1), null);
  });
  test("what is not answered is asked for again; of values of one number, the last", () => {
    let asked = withChange({ number: 4, changes: [["switch", "top_k", true]] }, 4, ["value", "top_p", 0.5]);
    assert.deepEqual(asked, { number: 5, changes: [["value", "top_p", 0.5]] });
    asked = withChange(asked, 4, ["value", "min_p", 0.1]);
    asked = withChange(asked, 4, ["value", "top_p", 0.6]);
    assert.deepEqual(asked.changes, [
      ["value", "min_p", 0.1],
      ["value", "top_p", 0.6],
    ]);
    assert.equal(asked.number, 7);
    assert.equal(withChange(asked, 9, ["preset", "preset", "x"]).number, 10);
  });
});

describe("keys that step", () => {
  const key = (key, more = {}) => ({ key, code: `Key${key.toUpperCase()}`, ...more });
  test("letters, on other alphabets too", () => {
    assert.equal(letterOf({ key: "ы", code: "KeyS" }), "s");
    assert.equal(letterOf({ key: "S", code: "KeyX" }), "s");
    assert.equal(letterOf({ key: "Tab", code: "Tab" }), "");
    assert.deepEqual(["step", "undo", "pause"].map(letterFor), ["s", "u", ""]);
  });
  test("what they do, and where they write", () => {
    assert.equal(commandOf(key("s"), false), "step");
    assert.equal(commandOf(key("s"), true), null);
    assert.equal(commandOf(key("x"), false), null);
    for (const modifier of ["altKey", "ctrlKey", "metaKey", "shiftKey"])
      assert.equal(commandOf(key("s", { [modifier]: true }), false), null);
    assert.equal(commandOf({ key: "Enter", ctrlKey: true, metaKey: false }, true), "step");
    assert.equal(commandOf({ key: "Enter", ctrlKey: true, metaKey: true }, true), null);
    assert.equal(commandOf({ key: "Enter", ctrlKey: false, metaKey: false }, false), null);
  });
});

describe("texts in columns", () => {
  test("keys go to tokens, texts and columns", () => {
    assert.deepEqual(tokenFrom("ArrowRight", null), [0, 0, 0]);
    assert.deepEqual(tokenFrom("ArrowLeft", [1, 2, 0]), [1, 2, 0]);
    assert.deepEqual(tokenFrom("ArrowDown", [1, 2, 3]), [1, 3, 3]);
    assert.deepEqual(tokenFrom("ArrowUp", [1, 2, 3]), [1, 1, 3]);
    assert.deepEqual(tokenFrom("PageDown", null), [1, 0, 0]);
    assert.deepEqual(tokenFrom("PageUp", [1, 2, 3]), [0, 2, 3]);
    assert.equal(tokenFrom("x", [1, 2, 3]), null);
    assert.ok(sameRef([1, 2, 3], [1, 2, 3]) && sameRef(null, null));
    assert.ok(!sameRef([1, 2, 3], null) && !sameRef([1, 2, 3], [1, 2, 4]));
  });
});
