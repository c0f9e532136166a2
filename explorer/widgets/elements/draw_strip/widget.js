// The draw: the distribution from 0 to 1 in the order of its tokens, and the mark of u where it falls.

import { around, make, makeIcon, pageId, setAttributes } from "../../js/lib/dom.js";
import { activeWithin, consume, stepInRow } from "../../js/lib/keys.js";
import { dimStale, openView, paintTogether } from "../../js/lib/view.js";

const ICONS = {
  again: "M12.5 8a4.5 4.5 0 1 1-1.5-3.4m1.7-2.1v2.7h-2.7",
  histogram: "M3.5 13V9m3 4V4m3 9V6.5m3 6.5v-3",
};

/**
 * @typedef {{ label: string, share: number, note: string, colour: string, ink: string }} Segment
 * @typedef {{
 *   segments: Segment[], u: number | null, mark: string, chosen: number, chosen_at: [number, number] | [], line: string,
 *   words: Record<string, string>, description: string, stale: boolean,
 * }} Traits
 */

/** @param {number} share of the strip */
const percent = (share) => `${100 * share}%`;

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-draw");
  const id = pageId("nte-draw");
  const mark = make("div", "nte-draw-mark");
  const markText = mark.appendChild(make("span"));
  const strip = make("div", "nte-draw-shares");
  strip.tabIndex = 0;
  strip.setAttribute("role", "listbox");
  const within = make("div", "nte-draw-within");
  const line = make("span", "nte-draw-line");
  line.setAttribute("aria-live", "polite");
  let scrolling = 0;
  /** @param {keyof typeof ICONS} name @param {string} shortcut */
  const makeButton = (name, shortcut) => {
    const word = make("span");
    const button = make("button", "", makeIcon(ICONS[name]), word);
    button.type = "button";
    if (shortcut) button.setAttribute("aria-keyshortcuts", shortcut);
    view.listen(button, "click", () => {
      if (model.get("u") === null) return;
      model.send({ kind: "command", name });
      if (name !== "histogram") return;
      // What a thousand draws gave stands in the sections below, which a small screen does not show.
      const below = el.closest(".nte-app")?.lastElementChild;
      clearTimeout(scrolling);
      scrolling = setTimeout(() => below?.scrollIntoView({ block: "nearest" }), 300);
    });
    return { name, shortcut, word, button };
  };
  view.onEnd(() => clearTimeout(scrolling));
  const buttons = [makeButton("again", "d"), makeButton("histogram", "")];
  const foot = make("div", "nte-draw-foot", line, ...buttons.map(({ button }) => button));
  el.append(make("div", "nte-draw-scale", mark, strip, within), foot);

  /** @type {HTMLElement[]} */
  const cells = [];
  let active = -1;
  const markActive = activeWithin(strip, "nte-active");
  const tell = () => {
    line.title = line.textContent = model.get("segments")[active]?.note ?? model.get("line");
  };
  /** @param {number} index */
  const activate = (index) => {
    active = index;
    markActive(cells[active]);
    tell();
  };

  const makeCell = () => {
    const cell = make("div", "nte-draw-share", make("span"));
    cell.id = `${id}-${cells.length}`;
    cell.setAttribute("role", "option");
    strip.append(cell);
    return cell;
  };
  const paint = () => {
    const segments = model.get("segments");
    cells.splice(segments.length).forEach((cell) => cell.remove());
    let from = 0;
    segments.forEach(({ label, share, note, colour, ink }, index) => {
      const cell = (cells[index] ??= makeCell());
      /** @type {Element} */ (cell.firstChild).textContent = label;
      const [left, width] = [percent(from), percent(share)];
      Object.assign(cell.style, { left, width, background: colour, color: ink });
      cell.setAttribute("aria-label", note);
      from += share;
    });
    if (active >= segments.length) activate(-1);
    tell();
  };
  const place = () => {
    const [u, chosen, [start, end]] = [model.get("u"), model.get("chosen"), model.get("chosen_at")];
    cells.forEach((cell, index) => {
      cell.classList.toggle("nte-draw-chosen", index === chosen);
      cell.setAttribute("aria-selected", String(index === chosen));
    });
    mark.hidden = u === null;
    within.hidden = start === undefined;
    if (start !== undefined && end !== undefined)
      Object.assign(within.style, { left: percent(start), width: percent(end - start) });
    if (u !== null) {
      mark.style.left = percent(u);
      mark.classList.toggle("nte-draw-left", u > 0.5); // the text stays within the strip
      markText.textContent = model.get("mark");
    }
    buttons.forEach(({ button }) => button.setAttribute("aria-disabled", String(u === null)));
  };
  const translate = () => {
    const words = model.get("words");
    for (const { name, shortcut, word, button } of buttons) {
      word.textContent = words[name] ?? "";
      button.title = (words[`tip_${name}`] ?? words[name] ?? "") + (shortcut && ` [${shortcut.toUpperCase()}]`);
      setAttributes(button, { "aria-label": words[name] ?? "" });
    }
    strip.setAttribute("aria-label", model.get("description"));
  };

  view.listen(strip, "pointerover", (event) => {
    const index = cells.indexOf(/** @type {HTMLElement} */ (around(event, ".nte-draw-share")));
    if (index >= 0 && index !== active) activate(index);
  });
  view.listen(strip, "pointerleave", () => activate(-1));
  view.listen(strip, "blur", () => activate(-1));
  view.listen(strip, "keydown", (event) => {
    const target = stepInRow(event.key, active, cells.length);
    if (target === undefined) return;
    consume(event);
    activate(target);
  });
  paintTogether(view, [
    [["words", "description"], translate],
    [["segments"], paint],
    [["segments", "u", "mark", "chosen", "chosen_at"], place],
    [["line"], tell],
  ]);
  dimStale(view, model, el);
  return view.close;
}

export default { render };
