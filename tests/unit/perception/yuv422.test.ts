import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkFrame } from '../../../src/perception/encodings.js';
import { PixelGridReader } from '../../../src/perception/pixel-grid.js';
import type { Yuv422Order } from '../../../src/perception/yuv422.js';
import { unpackYuv422 } from '../../../src/perception/yuv422.js';

const ORDERS = { yuyv: [0, 1, 2, 3], uyvy: [1, 0, 3, 2] } as const;

/** Two pixels of one row. */
function unpacked(order: Yuv422Order, [y0, u, y1, v]: readonly number[]): number[] {
  const data = new Uint8Array(4);
  for (const [i, value] of [y0, u, y1, v].entries()) data[ORDERS[order][i] ?? 0] = value ?? 0;
  const rgb = new Uint8Array(6);
  unpackYuv422({ stampNs: 0n, width: 2, height: 1, encoding: order, step: 4, data }, order, rgb);
  return [...rgb];
}

describe('unpackYuv422', () => {
  it('refuses an image that is cut short, and an output that is too small', () => {
    const frame = { stampNs: 0n, width: 2, height: 1, encoding: 'uyvy', step: 4, data: new Uint8Array(4) };
    expect(() => {
      unpackYuv422({ ...frame, data: new Uint8Array(3) }, 'uyvy', new Uint8Array(6));
    }).toThrow(RangeError);
    expect(() => {
      unpackYuv422(frame, 'uyvy', new Uint8Array(5));
    }).toThrow(RangeError);
  });

  // Bars of full saturation in BT.601, as every table has them.
  it.each([
    ['white', [235, 128, 235, 128], [255, 255, 255]],
    ['black', [16, 128, 16, 128], [0, 0, 0]],
    ['red', [81, 90, 81, 240], [254, 0, 0]],
    ['green', [145, 54, 145, 34], [0, 255, 1]],
    ['blue', [41, 240, 41, 110], [0, 0, 255]],
    ['below black', [0, 128, 0, 128], [0, 0, 0]],
    ['above white', [255, 128, 255, 128], [255, 255, 255]],
  ])('gives %s', (_, bytes, colour) => {
    for (const order of ['yuyv', 'uyvy'] as const) {
      for (const [i, value] of unpacked(order, bytes).entries())
        expect(Math.abs(value - (colour[i % 3] ?? NaN))).toBeLessThanOrEqual(1);
    }
  });

  it('is BT.601 to half a step for every value, each pixel with a luma of its own', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const near = (found: number, exact: number): void => {
      expect(Math.abs(found - Math.min(255, Math.max(0, exact)))).toBeLessThanOrEqual(0.501);
    };
    fc.assert(
      fc.property(
        fc.constantFrom('yuyv' as const, 'uyvy' as const),
        byte,
        byte,
        byte,
        byte,
        (order, ...yuv) => {
          const [y0, u, y1, v] = yuv;
          const rgb = unpacked(order, [y0, u, y1, v]);
          for (const [pixel, y] of [y0, y1].entries()) {
            const luma = 1.164 * Math.max(0, y - 16);
            near(rgb[3 * pixel] ?? NaN, luma + 1.596 * (v - 128));
            near(rgb[3 * pixel + 1] ?? NaN, luma - 0.391 * (u - 128) - 0.813 * (v - 128));
            near(rgb[3 * pixel + 2] ?? NaN, luma + 2.018 * (u - 128));
          }
        },
      ),
    );
  });

  it.each([
    ['yuv422_yuy2', 'yuyv'],
    ['yuyv', 'yuyv'],
    ['yuv422', 'uyvy'],
    ['uyvy', 'uyvy'],
  ] as const)('reads the encoding %s in the order %s', (encoding, order) => {
    const data = Uint8Array.of(50, 60, 70, 80);
    const frame = { stampNs: 0n, width: 2, height: 1, encoding, step: 4, data };
    const rgb = new Uint8Array(6);
    unpackYuv422(frame, order, rgb);
    const grid = new PixelGridReader().read(frame, checkFrame('topic', frame, 'colour'));
    expect([...grid.samples]).toEqual([...rgb]);
  });
});
