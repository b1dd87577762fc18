import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ImageFrame } from '../../../src/core/types.js';
import { demosaic } from '../../../src/perception/demosaic.js';
import type { BayerPattern } from '../../../src/perception/encodings.js';

const PATTERNS: readonly BayerPattern[] = ['rggb', 'bggr', 'gbrg', 'grbg'];

interface OpenCvGolden {
  readonly width: number;
  readonly height: number;
  readonly mosaic: readonly number[];
  /** RGB of the pixels that are not at the border. */
  readonly innerRgb: Readonly<Record<BayerPattern, readonly number[]>>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/opencv-bayer.json', import.meta.url), 'utf8'),
) as OpenCvGolden;

/** A mosaic whose rows are followed by `padding` bytes that no pixel may show. */
function mosaicFrame(width: number, height: number, values: readonly number[], padding = 0): ImageFrame {
  const step = width + padding;
  const data = new Uint8Array(step * height).fill(255);
  for (let y = 0; y < height; y++) data.set(values.slice(y * width, (y + 1) * width), y * step);
  return { stampNs: 0n, width, height, encoding: 'bayer', step, data };
}

function rgbOf(frame: ImageFrame, pattern: BayerPattern): Uint8Array {
  const rgb = new Uint8Array(frame.width * frame.height * 3);
  demosaic(frame, pattern, rgb);
  return rgb;
}

/** The colour under each site of a pattern: 0 red, 1 green, 2 blue. */
function siteColour(pattern: BayerPattern, x: number, y: number): number {
  return 'rgb'.indexOf(pattern[2 * (y % 2) + (x % 2)] ?? '');
}

describe('demosaic', () => {
  it('refuses a mosaic that is cut short, and an output that is too small', () => {
    const frame = mosaicFrame(2, 2, [1, 2, 3, 4]);
    expect(() => rgbOf({ ...frame, data: frame.data.subarray(0, 3) }, 'rggb')).toThrow(RangeError);
    expect(() => {
      demosaic(frame, 'rggb', new Uint8Array(11));
    }).toThrow(RangeError);
  });

  it.each(PATTERNS)('gives the pixels that OpenCV gives for %s, padded rows or not', (pattern) => {
    const { width, height, mosaic, innerRgb } = golden;
    for (const padding of [0, 3]) {
      const rgb = rgbOf(mosaicFrame(width, height, mosaic, padding), pattern);
      const inner: number[] = [];
      for (let y = 1; y < height - 1; y++)
        inner.push(...rgb.subarray(3 * (y * width + 1), 3 * (y * width + width - 1)));
      expect(inner).toEqual(innerRgb[pattern]);
    }
  });

  it('gives a scene of one colour back everywhere, the border included', () => {
    const size = fc.integer({ min: 2, max: 9 });
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(
        fc.constantFrom(...PATTERNS),
        size,
        size,
        fc.tuple(byte, byte, byte),
        (pattern, width, height, colour) => {
          const values = Array.from(
            { length: width * height },
            (_, index) => colour[siteColour(pattern, index % width, Math.floor(index / width))] ?? 0,
          );
          const rgb = rgbOf(mosaicFrame(width, height, values), pattern);
          for (let pixel = 0; pixel < width * height; pixel++)
            expect([...rgb.subarray(3 * pixel, 3 * pixel + 3)]).toEqual(colour);
        },
      ),
    );
  });

  it('leaves each site the value that was measured there', () => {
    const { width, height, mosaic } = golden;
    for (const pattern of PATTERNS) {
      const rgb = rgbOf(mosaicFrame(width, height, mosaic), pattern);
      const kept = mosaic.map(
        (_, index) => rgb[3 * index + siteColour(pattern, index % width, Math.floor(index / width))],
      );
      expect(kept).toEqual(mosaic);
    }
  });
});
