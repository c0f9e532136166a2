// The roles of heads: for each its name, what it means, and the heads that have its label, as buttons.

import { around, keepFocus, make, setAttributes } from "../../js/lib/dom.js";
import { dimStale, openView, paintTogether } from "../../js/lib/view.js";

/**
 * @typedef {{
 *   layer: number, head: number, label: string, note: string, pressed: boolean, description: string,
 * }} Head
 * @typedef {{
 *   kind: string, name: string, about: string, note: string, tip: string, pressed: boolean, heads: Head[], more: string,
 * }} Group
 * @typedef {{ groups: Group[], stale: boolean }} Traits
 */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-roles");
  /** @type {WeakMap<Element, object>} */
  const messages = new WeakMap(); // what a click on a button sends

  /**
   * @param {string} className
   * @param {string} key
   * @param {{ pressed: boolean, description: string, message: object }} about
   * @param {...(Node | string)} parts
   */
  const button = (className, key, { pressed, description, message }, ...parts) => {
    const made = make("button", className, ...parts);
    made.dataset.key = key;
    made.title = description;
    setAttributes(made, { "aria-label": description, "aria-pressed": pressed });
    messages.set(made, message);
    return made;
  };
  /** @param {string} kind @param {Head} head */
  const drawHead = (kind, { layer, head, label, note, pressed, description }) => {
    const about = { pressed, description, message: { kind: "head", layer, head } };
    return button("nte-roles-head", `${kind} ${label}`, about, make("span", "", label), make("small", "", note));
  };
  /** @param {Group} group */
  const drawGroup = ({ kind, name, about, note, tip, pressed, heads, more }) => {
    const message = { kind: "role", role: kind };
    const title = button("nte-roles-name", kind, { pressed, description: tip, message }, name);
    const list = make("div", "nte-roles-heads", ...heads.map((head) => drawHead(kind, head)));
    list.append(make("small", "nte-roles-more", more));
    const [noted, explained] = [make("small", "nte-roles-note", note), make("div", "nte-roles-about", about)];
    const group = make("div", "nte-roles-group", title, noted, explained, list);
    setAttributes(group, { role: "group", "aria-label": name });
    return group;
  };

  view.listen(el, "click", (event) => {
    const message = messages.get(/** @type {Element} */ (around(event, "button")));
    if (message) model.send(message);
  });
  const paint = () => keepFocus(el, () => el.replaceChildren(...model.get("groups").map(drawGroup)));
  paintTogether(view, [[["groups"], paint]]);
  dimStale(view, model, el);
  return view.close;
}

export default { render };
