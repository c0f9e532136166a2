// Lists, trees and texts that are walked by keys and pointed at: one element has the keyboard, and one of those in it
// is the active one.

/** @param {KeyboardEvent | MouseEvent} event */
export const hasModifier = ({ ctrlKey, metaKey, altKey, shiftKey }) => ctrlKey || metaKey || altKey || shiftKey;

/**
 * Keeps a key that did something here from doing more: JupyterLab has uses of its own for it.
 *
 * @param {KeyboardEvent} event
 */
export function consume(event) {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Where a key leads in a row of `n`: -1 is none. undefined for keys that lead nowhere.
 *
 * @param {string} key
 * @param {number} active
 * @param {number} n
 * @returns {number | undefined}
 */
export function stepInRow(key, active, n) {
  const last = n - 1;
  switch (key) {
    case "ArrowRight":
      return Math.min(active + 1, last);
    case "ArrowLeft":
      return active < 0 ? last : Math.max(active - 1, 0);
    case "Home":
      return Math.min(0, last);
    case "End":
      return last;
    default:
      return undefined;
  }
}

/**
 * Says which of the elements in `box` is the active one: by a class, and to screen readers by its id.
 *
 * @param {Element} box has the keyboard
 * @param {string} className
 */
export function activeWithin(box, className) {
  /** @type {Element | undefined} */
  let active;
  /** @param {Element | undefined} element */
  return (element) => {
    active?.classList.remove(className);
    active = element;
    active?.classList.add(className);
    if (active) box.setAttribute("aria-activedescendant", active.id);
    else box.removeAttribute("aria-activedescendant");
  };
}

/**
 * Tells moves of the pointer itself. Browsers report one as well when something moves under a pointer that rests, as a
 * text does while it is played.
 */
export function pointerMoves() {
  let at = "";
  /** @param {PointerEvent} event */
  return ({ clientX, clientY }) => {
    const [before, now] = [at, `${clientX} ${clientY}`];
    at = now;
    return now !== before;
  };
}

/**
 * How far a box has to be scrolled so that a part of it is seen: no further than it takes.
 *
 * @param {number} from where the box is scrolled to
 * @param {number} size of what is seen of it
 * @param {number} start of the part, and its length
 * @param {number} length
 * @param {number} margin around the part
 */
export const nearestScroll = (from, size, start, length, margin) =>
  Math.max(Math.min(from, start - margin), start + length + margin - size);
