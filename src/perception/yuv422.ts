import { assertRoom } from '../core/array-access.js';
import type { ImageFrame } from '../core/types.js';

/** Order of the four bytes of two neighbouring pixels. */
export type Yuv422Order = 'uyvy' | 'yuyv';

/** Offsets of the first luma, U, the second luma and V in four bytes. */
const OFFSETS: Readonly<Record<Yuv422Order, readonly [number, number, number, number]>> = {
  yuyv: [0, 1, 2, 3],
  uyvy: [1, 0, 3, 2],
};

/**
 * Fractional bits of the fixed-point arithmetic. Sums of three terms fit in 32 bits, and round as in OpenCV, which cv_bridge uses.
 */
const FRACTION_BITS = 20;
const HALF = 2 ** (FRACTION_BITS - 1);
const fixed = (coefficient: number): number => Math.round(coefficient * 2 ** FRACTION_BITS);

// ITU-R BT.601 with luma from 16 to 235.
const LUMA = fixed(1.164);
const U_TO_GREEN = fixed(-0.391);
const U_TO_BLUE = fixed(2.018);
const V_TO_RED = fixed(1.596);
const V_TO_GREEN = fixed(-0.813);

/**
 * Converts YUV 4:2:2 to RGB, to the same pixel values as cv_bridge. Two neighbouring pixels share U and V.
 *
 * @param frame two bytes per pixel, of an even width
 * @param rgb `[height, width, 3]`, written: red, green and blue of each pixel, without padding
 * @throws RangeError when `frame.data` or `rgb` is too small for the size of the frame
 */
export function unpackYuv422(frame: ImageFrame, order: Yuv422Order, rgb: Uint8Array): void {
  const { width, height, step, data } = frame;
  assertRoom('YUV 4:2:2 image', data, step * height);
  assertRoom('colours of a YUV 4:2:2 image', rgb, width * height * 3);
  const [first, atU, second, atV] = OFFSETS[order];
  let out = 0;
  for (let y = 0; y < height; y++) {
    const end = y * step + 2 * width;
    for (let pair = y * step; pair < end; pair += 4) {
      const u = (data[pair + atU] as number) - 128;
      const v = (data[pair + atV] as number) - 128;
      const red = V_TO_RED * v + HALF;
      const green = U_TO_GREEN * u + V_TO_GREEN * v + HALF;
      const blue = U_TO_BLUE * u + HALF;
      for (const at of [first, second]) {
        const luma = LUMA * Math.max(0, (data[pair + at] as number) - 16);
        rgb[out++] = clamped((luma + red) >> FRACTION_BITS);
        rgb[out++] = clamped((luma + green) >> FRACTION_BITS);
        rgb[out++] = clamped((luma + blue) >> FRACTION_BITS);
      }
    }
  }
}

function clamped(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
