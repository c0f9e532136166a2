// What the page asks of the sampler. A change is `[kind, about, value]`; changes that are not answered yet are asked
// for again with the next one: only the newest message is sure to arrive.

/**
 * @import { AnyModel } from "../../js/lib/types"
 * @typedef {[kind: string, about: string, value: any]} Change
 * @typedef {{ number: number, changes: Change[] }} Asked
 */

/**
 * The next thing to ask for: of several values of one number, the last.
 *
 * @param {Asked} asked the last thing
 * @param {number} answered the number of what was answered last
 * @param {Change} change
 * @returns {Asked}
 */
export function withChange({ number, changes }, answered, change) {
  const [kind, about] = change;
  const open = answered < number ? changes.filter((c) => kind !== "value" || c[0] !== kind || c[1] !== about) : [];
  return { number: Math.max(number, answered) + 1, changes: [...open, change] };
}

/**
 * The stages with one of them `by` places later (or earlier, below 0); null where there is no such place.
 *
 * @param {string[]} stages in their order
 * @param {string} stage
 * @param {number} by
 */
export function shifted(stages, stage, by) {
  const at = stages.indexOf(stage);
  if (at < 0 || !stages[at + by]) return null;
  const moved = [...stages];
  [moved[at], moved[at + by]] = [moved[at + by], moved[at]];
  return moved;
}

/**
 * The part of a slider between the neutral stop and the one in force: two shares of its length, the smaller first.
 *
 * @param {{ stops: (number | null)[], neutral: number }} scale
 * @param {number} stop
 * @returns {[number, number]}
 */
export function filledPart({ stops, neutral }, stop) {
  const last = stops.length - 1;
  return [Math.min(neutral, stop) / last, Math.max(neutral, stop) / last];
}

/**
 * @param {AnyModel<{ asked: Asked, shown: { answered: number } }>} model
 */
export function samplerRequests(model) {
  const open = () => (model.get("shown").answered < model.get("asked").number ? model.get("asked").changes : []);
  return {
    /** What is not answered yet. */
    open,
    isOpen: () => model.get("shown").answered < model.get("asked").number,
    /** @param {Change} change */
    ask: (...change) => {
      model.set("asked", withChange(model.get("asked"), model.get("shown").answered, change));
      model.save_changes();
    },
  };
}
