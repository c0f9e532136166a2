// What lies over a picture.

import { addTo } from "../../js/lib/dom.js";

/**
 * A plot of which parts can be picked. `box` is the element that plotly draws in, and what plotly makes of it.
 *
 * @typedef {{
 *   Plotly: any, view: import("../../js/lib/types").View<any>, model: import("../../js/lib/types").AnyModel,
 *   el: HTMLElement, box: any,
 * }} Plotted
 */

/**
 * A mark for the pointer or the cursor keys, and the same for those who listen.
 *
 * @param {HTMLElement} el
 * @param {string} className
 */
export function makeOverlay(el, className) {
  const mark = addTo(el, "div", className);
  mark.hidden = true;
  const said = addTo(el, "div", "nte-plot-said");
  said.setAttribute("aria-live", "polite");
  return { mark, said };
}
