// Elements of the page. Text gets in as text: tokens and prompts are data, never HTML.

/** @import { Attributes } from "./types" */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {...(Node | string)} children
 */
export function make(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/**
 * A new element at the end of `parent`.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {Element} parent
 * @param {K} tag
 * @param {string} [className]
 */
export const addTo = (parent, tag, className) => parent.appendChild(make(tag, className));

/**
 * What can be chosen from a menu.
 *
 * @param {string} label
 * @param {string} value
 */
export function makeOption(label, value) {
  const option = make("option", "", label);
  option.value = value;
  return option;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 */
export function makeSvg(tag, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(made, attributes);
  return made;
}

/**
 * A drawing of 16 by 16 that stands beside words, or for them where there is no room.
 *
 * @param {string} path as an SVG path has it
 */
export function makeIcon(path) {
  const svg = makeSvg("svg", { viewBox: "0 0 16 16", "aria-hidden": true });
  svg.append(makeSvg("path", { d: path }));
  return svg;
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, String(value));
  }
}

/**
 * The element around an event's target that matches, where there is one.
 *
 * @param {Event} event
 * @param {string} selector
 */
export const around = (event, selector) =>
  event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(selector)) : null;

/**
 * The element that has the keyboard.
 *
 * @returns {HTMLElement | null}
 */
export const focused = () => /** @type {HTMLElement | null} */ (document.activeElement);

/**
 * Buttons that are made anew keep the keyboard: those that have the same `data-key`.
 *
 * @param {Element} el what contains them
 * @param {() => void} paint
 */
export function keepFocus(el, paint) {
  const key = el.contains(document.activeElement) ? focused()?.dataset.key : undefined;
  paint();
  if (key === undefined) return;
  const buttons = /** @type {NodeListOf<HTMLElement>} */ (el.querySelectorAll("[data-key]"));
  [...buttons].find(({ dataset }) => dataset.key === key)?.focus();
}

const IDS = Symbol.for("next-token-explorer.ids");

/**
 * An id that nothing else on this page has: every app, and every widget in it, brings a copy of this script.
 *
 * @param {string} name
 */
export function pageId(name) {
  const page = /** @type {any} */ (globalThis);
  page[IDS] = (page[IDS] ?? 0) + 1;
  return `${name}-${page[IDS]}`;
}
