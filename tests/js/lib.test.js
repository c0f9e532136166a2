import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { beforeEach, test } from "node:test";

import { asBytes, asFloats, gunzip, unpackText } from "../../explorer/widgets/js/lib/bytes.js";
import { isDark, ramp } from "../../explorer/widgets/js/lib/colours.js";
import { addTo, around, keepFocus, make, setAttributes } from "../../explorer/widgets/js/lib/dom.js";
import { fileRequests } from "../../explorer/widgets/js/lib/files.js";
import { activeWithin, nearestScroll, pointerMoves, stepInRow } from "../../explorer/widgets/js/lib/keys.js";
import { askNotes } from "../../explorer/widgets/js/lib/notes.js";
import { onceAFrame, openView, paintTogether } from "../../explorer/widgets/js/lib/view.js";
import { FakeModel, bytes, openPage, settled } from "./page.js";

beforeEach(openPage);

/** Bytes as the kernel's messages have them: a view at an odd place of a larger buffer. */
function within(data) {
  const buffer = new Uint8Array(data.length + 8);
  buffer.set(data, 3);
  return new DataView(buffer.buffer, 3, data.length);
}

test("bytes and numbers are read at any offset", () => {
  assert.deepEqual([...asBytes(within([1, 2, 255]))], [1, 2, 255]);
  const numbers = new Uint8Array(new Float32Array([0.5, NaN, -1]).buffer);
  assert.deepEqual([...asFloats(within(numbers))], [0.5, NaN, -1]);
  assert.deepEqual([...asFloats(within([]))], []);
});

test("a packed text is unpacked", async () => {
  const text = "an é and a 字";
  assert.equal(await gunzip(within(gzipSync(text))), text);
  assert.equal(await unpackText(within(gzipSync(text))), text);
  assert.equal(unpackText(within(new TextEncoder().encode(text))), text);
  assert.equal(unpackText(within([])), "");
});

test("keys lead to the next one, to the ends, and no further", () => {
  const walk = (keys, n, from = -1) => keys.split(" ").reduce((active, key) => stepInRow(key, active, n), from);
  assert.equal(walk("ArrowRight", 3), 0);
  assert.equal(walk("ArrowLeft", 3), 2);
  assert.equal(walk("ArrowLeft ArrowLeft ArrowLeft ArrowLeft", 3), 0);
  assert.equal(walk("ArrowRight ArrowRight ArrowRight ArrowRight", 3), 2);
  assert.equal(walk("End", 3), 2);
  assert.equal(walk("Home", 3, 2), 0);
  assert.equal(walk("x", 3, 2), undefined);
  for (const key of ["ArrowRight", "ArrowLeft", "Home", "End"]) assert.equal(walk(key, 0), -1);
});

test("one element is the active one, for the eye and for a screen reader", () => {
  const box = make("div", "", ...["a", "b"].map((id) => Object.assign(make("span"), { id })));
  const activate = activeWithin(box, "on");
  activate(box.children[0]);
  activate(box.children[1]);
  assert.equal(box.querySelectorAll(".on").length, 1);
  assert.equal(box.getAttribute("aria-activedescendant"), "b");
  activate(undefined);
  assert.equal(box.querySelectorAll(".on").length, 0);
  assert.equal(box.hasAttribute("aria-activedescendant"), false);
});

test("a pointer that rests does not move", () => {
  const moved = pointerMoves();
  const at = (clientX, clientY) => ({ clientX, clientY });
  assert.deepEqual([at(1, 2), at(1, 2), at(1, 3), at(1, 2)].map(moved), [true, false, true, true]);
});

test("a box is scrolled no further than it takes", () => {
  assert.equal(nearestScroll(100, 50, 110, 20, 5), 100);
  assert.equal(nearestScroll(100, 50, 20, 20, 5), 15);
  assert.equal(nearestScroll(100, 50, 160, 20, 5), 135);
});

test("text gets in as text, and null takes an attribute away", () => {
  const made = make("div", "a b", "<b>", make("i", "", "&amp;"));
  assert.equal(made.querySelector("b"), null);
  assert.equal(made.textContent, "<b>&amp;");
  setAttributes(made, { role: "img", "aria-hidden": false, title: null });
  setAttributes(made, { role: null, "aria-level": 2 });
  assert.equal(made.outerHTML.includes("role"), false);
  assert.deepEqual([made.getAttribute("aria-hidden"), made.getAttribute("aria-level")], ["false", "2"]);
});

test("the element around an event's target", () => {
  const button = make("button", "", make("b"));
  let found;
  button.addEventListener("click", (event) => (found = around(event, "button")));
  button.firstChild.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  assert.equal(found, button);
  assert.equal(around({ target: null }, "button"), null);
});

test("a button that is made anew keeps the keyboard", () => {
  const el = addTo(document.body, "div");
  const paint = () => el.replaceChildren(...["a", 'b"]'].map((key) => Object.assign(make("button"), { value: key })));
  const paintKeys = () => (paint(), [...el.children].forEach((each) => (each.dataset.key = each.value)));
  paintKeys();
  el.children[1].focus();
  keepFocus(el, paintKeys);
  assert.equal(document.activeElement, el.children[1]);
});

test("dark is what light text is written on", () => {
  assert.equal(isDark("rgb(17, 17, 17)"), true);
  assert.equal(isDark("rgb(255, 255, 255)"), false);
  assert.equal(isDark("rgba(0, 0, 0, 0)"), false);
  assert.equal(isDark(""), false);
  assert.equal(ramp(["red", "#fff"]), "linear-gradient(to right, red, #fff)");
  assert.equal(ramp([]), "none");
});

test("of traits that change together each painter hears once, in the order in which they stand", async () => {
  const model = new FakeModel({ a: 1, b: 1, c: 1 });
  const view = openView(model);
  const heard = [];
  paintTogether(view, [
    [["a"], () => heard.push(`first ${model.get("b")}`)],
    [["a", "b"], () => heard.push("second")],
    [["c"], () => heard.push("third")],
  ]);
  assert.deepEqual(heard.splice(0), ["first 1", "second", "third"]);
  model.update({ b: 2, a: 2 });
  assert.deepEqual(heard, []);
  await settled();
  assert.deepEqual(heard.splice(0), ["first 2", "second"]);
  model.update({ c: 2 });
  view.close();
  await settled();
  assert.deepEqual(heard, []);
});

test("what is painted once a frame is painted once a frame", async () => {
  const view = openView(new FakeModel({}));
  let n = 0;
  const paint = onceAFrame(view, () => n++);
  paint();
  paint();
  await settled();
  assert.equal(n, 1);
  paint();
  view.close();
  await settled();
  assert.equal(n, 1);
});

test("a note is asked for once, until it is forgotten", () => {
  const model = new FakeModel({});
  const heard = [];
  const notes = askNotes(openView(model), model, "node", (node) => heard.push(node));
  assert.equal(notes.about(3), null);
  assert.equal(notes.about(3), null);
  assert.deepEqual(model.sent.splice(0), [{ kind: "note", node: 3 }]);
  model.receive({ kind: "note", node: 3, text: "three" });
  model.receive({ kind: "note", node: 4, text: "not asked" });
  model.receive({ kind: "else", node: 3, text: "no note" });
  assert.deepEqual(heard, [3]);
  assert.equal(notes.about(3).text, "three");
  notes.forget();
  model.receive({ kind: "note", node: 3, text: "too late" });
  assert.equal(notes.about(3), null);
  assert.deepEqual(model.sent, [{ kind: "note", node: 3 }]);
});

test("a file is saved by the view that asked for it, and by it once", (t) => {
  const model = new FakeModel({});
  const [one] = [fileRequests(openView(model), model), fileRequests(openView(model), model)];
  const saved = [];
  t.mock.method(URL, "createObjectURL", () => `blob:${saved.length}`);
  t.mock.method(URL, "revokeObjectURL", () => {});
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(HTMLElement.prototype, "click", function () {
    saved.push(this.download);
  });
  one({ key: "csv" });
  assert.deepEqual(model.sent, [{ kind: "save", key: "csv" }]);
  model.receive({ kind: "file", name: "a.csv" }, [bytes(1)]);
  model.receive({ kind: "file", name: "b.csv" }, [bytes(1)]);
  assert.deepEqual(saved, ["a.csv"]);
  t.mock.timers.tick(120_000);
  assert.equal(URL.revokeObjectURL.mock.callCount(), 1);
});
