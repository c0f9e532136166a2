// Which token of which text of which column.

/** @typedef {[column: number, sample: number, token: number]} TokenRef */

/**
 * @param {TokenRef | null} one
 * @param {TokenRef | null} other
 */
export const sameRef = (one, other) => String(one) === String(other);

/**
 * The token that a key leads to, which there need not be; null for keys that lead nowhere.
 *
 * @param {string} key
 * @param {TokenRef | null} from null: keys begin before the first token
 * @returns {TokenRef | null}
 */
export function tokenFrom(key, from) {
  const [column, sample, token] = from ?? [0, 0, -1];
  const same = Math.max(0, token);
  switch (key) {
    case "ArrowRight":
      return [column, sample, token + 1];
    case "ArrowLeft":
      return [column, sample, Math.max(0, token - 1)];
    case "ArrowDown":
      return [column, sample + 1, same];
    case "ArrowUp":
      return [column, sample - 1, same];
    case "PageDown":
      return [column + 1, sample, same];
    case "PageUp":
      return [column - 1, sample, same];
    default:
      return null;
  }
}
