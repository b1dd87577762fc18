import type { ImageFrame } from '../core/types.js';

/** Order of the four bytes that two neighbouring pixels share. */
export type Yuv422Order = 'uyvy' | 'yuyv';

/** Places of the first luma, U, the second luma and V in four bytes. */
const PLACES: Readonly<Record<Yuv422Order, readonly [number, number, number, number]>> = {
  yuyv: [0, 1, 2, 3],
  uyvy: [1, 0, 3, 2],
};

/** Bits behind the point: sums of three terms stay inside 32 bits, and round as those of OpenCV, which cv_bridge converts with. */
const BITS = 20;
const HALF = 2 ** (BITS - 1);
const fixed = (coefficient: number): number => Math.round(coefficient * 2 ** BITS);

// ITU-R BT.601 with luma from 16 to 235.
const LUMA = fixed(1.164);
const U_TO_GREEN = fixed(-0.391);
const U_TO_BLUE = fixed(2.018);
const V_TO_RED = fixed(1.596);
const V_TO_GREEN = fixed(-0.813);

/**
 * Unpacks YUV 4:2:2 to the pixels that cv_bridge makes of it: two neighbours have the same U and V.
 *
 * @param frame two bytes a pixel, of an even width
 * @param rgb receives width * height * 3 bytes: red, green, blue of each pixel, row by row, without padding
 */
export function unpackYuv422(frame: ImageFrame, order: Yuv422Order, rgb: Uint8Array): void {
  const { width, height, step, data } = frame;
  const [first, atU, second, atV] = PLACES[order];
  let out = 0;
  for (let y = 0; y < height; y++) {
    const end = y * step + 2 * width;
    for (let pair = y * step; pair < end; pair += 4) {
      const u = (data[pair + atU] ?? 0) - 128;
      const v = (data[pair + atV] ?? 0) - 128;
      const red = V_TO_RED * v + HALF;
      const green = U_TO_GREEN * u + V_TO_GREEN * v + HALF;
      const blue = U_TO_BLUE * u + HALF;
      for (const at of [first, second]) {
        const luma = LUMA * Math.max(0, (data[pair + at] ?? 0) - 16);
        rgb[out++] = clamped((luma + red) >> BITS);
        rgb[out++] = clamped((luma + green) >> BITS);
        rgb[out++] = clamped((luma + blue) >> BITS);
      }
    }
  }
}

function clamped(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
