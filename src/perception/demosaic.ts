import { assertRoom } from '../core/array-access.js';
import type { ImageFrame } from '../core/types.js';
import type { BayerPattern } from './encodings.js';

/** Column and row, 0 or 1, of the red site in the top left 2 x 2 block. */
const RED_SITE: Readonly<Record<BayerPattern, readonly [number, number]>> = {
  rggb: [0, 0],
  grbg: [1, 0],
  gbrg: [0, 1],
  bggr: [1, 1],
};

/**
 * Bilinear demosaicing: a colour that a site lacks is the rounded mean of the two or four nearest sites that have it. At the border the
 * mosaic is mirrored about its outermost row or column, which keeps the pattern.
 *
 * @param frame a Bayer mosaic of one byte per pixel, at least 2 x 2
 * @param rgb `[height, width, 3]`, written: red, green and blue of each pixel, without padding
 * @throws RangeError when `frame.data` or `rgb` is too small for the size of the frame
 */
export function demosaic(frame: ImageFrame, pattern: BayerPattern, rgb: Uint8Array): void {
  const { width, height, step, data } = frame;
  assertRoom('Bayer mosaic', data, step * height);
  assertRoom('colours of a mosaic', rgb, width * height * 3);
  const [redColumn, redRow] = RED_SITE[pattern];
  let out = 0;
  for (let y = 0; y < height; y++) {
    const row = y * step;
    const above = (y === 0 ? 1 : y - 1) * step;
    const below = (y === height - 1 ? height - 2 : y + 1) * step;
    // Every row has green and one other colour.
    const isRedRow = (y & 1) === redRow;
    const own = isRedRow ? 0 : 2;
    const other = 2 - own;
    const ownColumn = isRedRow ? redColumn : 1 - redColumn;
    for (let x = 0; x < width; x++, out += 3) {
      const left = x === 0 ? 1 : x - 1;
      const right = x === width - 1 ? width - 2 : x + 1;
      const here = data[row + x] as number;
      const horizontal = (data[row + left] as number) + (data[row + right] as number);
      const vertical = (data[above + x] as number) + (data[below + x] as number);
      if ((x & 1) === ownColumn) {
        const diagonal =
          (data[above + left] as number) +
          (data[above + right] as number) +
          (data[below + left] as number) +
          (data[below + right] as number);
        rgb[out + own] = here;
        rgb[out + 1] = (horizontal + vertical + 2) >> 2;
        rgb[out + other] = (diagonal + 2) >> 2;
      } else {
        rgb[out + own] = (horizontal + 1) >> 1;
        rgb[out + 1] = here;
        rgb[out + other] = (vertical + 1) >> 1;
      }
    }
  }
}
