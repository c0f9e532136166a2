// The tokens of a text as a row of chips, those that came after it as a second one, and a line that says more of the
// chip under the pointer or the cursor keys.

import { ramp } from "../../js/lib/colours.js";
import { make, makeOption, pageId } from "../../js/lib/dom.js";
import { dimStale, openView, paintTogether } from "../../js/lib/view.js";
import { chipRow } from "./chip_row.js";

/**
 * @import { Chip } from "./chip_row.js"
 * @typedef {{
 *   chips: Chip[], summary: string, description: string, scale: { least?: string, most?: string, colours?: string[] },
 *   way: string, ways: Record<string, string>, after: Chip[], after_label: string, after_hint: string,
 *   root_note: string, stale: boolean,
 * }} Traits
 */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-tokens");
  const row = make("div", "nte-chips");
  const label = make("button"); // the prefix, as the place where what was generated begins
  label.type = "button";
  const hint = make("span", "nte-hint");
  const after = make("div", "nte-generated");
  const line = make("div", "nte-line");
  line.setAttribute("aria-live", "polite");
  const [least, colours, most] = [make("span"), make("span", "nte-ramp"), make("span")];
  const way = make("select");
  const legend = make("div", "nte-legend", way, least, colours, most);
  el.append(row, make("div", "nte-then", label, hint, after), make("div", "nte-foot", line, legend));

  /** @param {string | undefined} node */
  const go = (node) => model.send({ kind: "go", node });
  let atRoot = false;
  const tell = () => {
    const root = atRoot ? model.get("root_note") : undefined;
    line.textContent = root ?? first.note() ?? second.note() ?? model.get("summary");
  };
  const first = chipRow(view, row, pageId("nte-chip"), { tell, go: () => {} });
  const second = chipRow(view, after, pageId("nte-then"), { tell, go: (chip) => go(chip.node) });

  const paint = () => {
    first.paint(model.get("chips"));
    row.scrollTop = row.scrollHeight; // the end is where the next token comes
    tell();
  };
  const paintAfter = () => {
    const chips = model.get("after");
    second.paint(chips);
    const end = /** @type {HTMLElement | null} */ (after.querySelector(".current"));
    label.hidden = after.hidden = chips.length === 0;
    hint.hidden = chips.length > 0;
    label.textContent = model.get("after_label");
    label.classList.toggle("current", end === null);
    label.setAttribute("aria-description", model.get("root_note"));
    after.setAttribute("aria-label", model.get("after_label"));
    hint.textContent = model.get("after_hint");
    // The end of the text stays in view.
    after.scrollTop = end === null ? 0 : end.offsetTop + end.offsetHeight + 2 - after.clientHeight;
    tell();
  };
  /** @param {boolean} here */
  const pointAtRoot = (here) => () => {
    atRoot = here;
    tell();
  };
  view.listen(label, "click", () => go("0"));
  for (const event of /** @type {const} */ (["pointerenter", "focus"])) view.listen(label, event, pointAtRoot(true));
  for (const event of /** @type {const} */ (["pointerleave", "blur"])) view.listen(label, event, pointAtRoot(false));

  const explain = () => {
    const scale = model.get("scale");
    least.textContent = scale.least ?? "";
    most.textContent = scale.most ?? "";
    colours.style.background = ramp(scale.colours);
    row.setAttribute("aria-label", model.get("description"));
  };
  const offer = () => {
    way.replaceChildren(...Object.entries(model.get("ways")).map(([key, name]) => makeOption(name, key)));
    way.value = model.get("way");
  };
  view.listen(way, "change", () => {
    model.set("way", way.value);
    model.save_changes();
  });

  paintTogether(view, [
    [["way", "ways"], offer],
    [["scale", "description"], explain],
    [["chips"], paint],
    [["after", "after_label", "after_hint", "root_note"], paintAfter],
    [["summary"], tell],
  ]);
  dimStale(view, model, el);
  return view.close;
}

export default { render };
