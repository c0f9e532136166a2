// The picture of one head.

/**
 * The colours of bytes, as a canvas has them: red is the lowest byte.
 *
 * @param {Uint8Array} palette (256, 3) red, green and blue
 */
export const asPixels = (palette) =>
  new Uint32Array(256).map((_, i) => {
    const [red, green, blue] = palette.subarray(3 * i, 3 * i + 3);
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  });

/**
 * Makes a painter of triangles of bytes, `side` cells high, in `size` by `size` pixels, each as large as the largest
 * cell on it. Pixels above the diagonal are transparent.
 *
 * @param {number} side
 * @param {number} size
 * @param {Uint32Array} colours see `asPixels`
 */
export function trianglePainter(side, size, colours) {
  const n = Math.min(side, size);
  const block = Int32Array.from({ length: side }, (_, cell) => Math.floor((cell * n) / side));
  const from = Int32Array.from({ length: size }, (_, pixel) => Math.floor((pixel * n) / size));
  const largest = new Uint8Array(n * n);
  /**
   * @param {Uint32Array} pixels (size, size), which it overwrites
   * @param {Uint8Array} cells of all heads, triangle after triangle, row after row
   * @param {number} start of this head's
   */
  return (pixels, cells, start) => {
    largest.fill(0);
    let at = start;
    for (let row = 0; row < side; row++) {
      const base = block[row] * n;
      for (let column = 0; column <= row; column++, at++) {
        const place = base + block[column];
        if (cells[at] > largest[place]) largest[place] = cells[at];
      }
    }
    for (let y = 0, pixel = 0; y < size; y++) {
      const base = from[y] * n;
      for (let x = 0; x < size; x++, pixel++) pixels[pixel] = from[x] > from[y] ? 0 : colours[largest[base + from[x]]];
    }
  };
}
