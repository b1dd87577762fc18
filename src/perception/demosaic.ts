import type { ImageFrame } from '../core/types.js';
import type { BayerPattern } from './encodings.js';

/** Column and row, 0 or 1, of the red site in the upper left two by two. */
const RED_SITE: Readonly<Record<BayerPattern, readonly [number, number]>> = {
  rggb: [0, 0],
  grbg: [1, 0],
  gbrg: [0, 1],
  bggr: [1, 1],
};

/**
 * Bilinear demosaicing: a colour that a site does not have is the rounded mean of the two or four nearest sites that have it. At the border
 * the mosaic is mirrored about its outermost row or column, which keeps the pattern.
 *
 * @param frame a Bayer mosaic of one byte a pixel, at least 2 x 2
 * @param rgb receives width * height * 3 bytes: red, green, blue of each pixel, row by row, without padding
 */
export function demosaic(frame: ImageFrame, pattern: BayerPattern, rgb: Uint8Array): void {
  const { width, height, step, data } = frame;
  const [redColumn, redRow] = RED_SITE[pattern];
  let out = 0;
  for (let y = 0; y < height; y++) {
    const row = y * step;
    const above = (y === 0 ? 1 : y - 1) * step;
    const below = (y === height - 1 ? height - 2 : y + 1) * step;
    // Every row has one colour besides green.
    const isRedRow = (y & 1) === redRow;
    const own = isRedRow ? 0 : 2;
    const other = 2 - own;
    const ownColumn = isRedRow ? redColumn : 1 - redColumn;
    for (let x = 0; x < width; x++, out += 3) {
      const left = x === 0 ? 1 : x - 1;
      const right = x === width - 1 ? width - 2 : x + 1;
      const here = data[row + x] ?? 0;
      const beside = (data[row + left] ?? 0) + (data[row + right] ?? 0);
      const upright = (data[above + x] ?? 0) + (data[below + x] ?? 0);
      if ((x & 1) === ownColumn) {
        const diagonal =
          (data[above + left] ?? 0) +
          (data[above + right] ?? 0) +
          (data[below + left] ?? 0) +
          (data[below + right] ?? 0);
        rgb[out + own] = here;
        rgb[out + 1] = (beside + upright + 2) >> 2;
        rgb[out + other] = (diagonal + 2) >> 2;
      } else {
        rgb[out + own] = (beside + 1) >> 1;
        rgb[out + 1] = here;
        rgb[out + other] = (upright + 1) >> 1;
      }
    }
  }
}
