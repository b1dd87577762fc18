import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { layOut, renderContactSheet } from '../../../eval/demo/contact-sheet.js';
import type { ImageFrame } from '../../../src/core/types.js';

/** A frame of one colour, with 5 bytes of padding (of another colour) after each row. */
function plain(size: number, rgb: readonly [number, number, number]): ImageFrame {
  const step = size * 3 + 5;
  const data = new Uint8Array(step * size).fill(255);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) data.set(rgb, row * step + column * 3);
  return { stampNs: 0n, width: size, height: size, encoding: 'rgb8', step, data };
}

describe('renderContactSheet', () => {
  it('shows start, goal and end of each episode in a frame that is green after success and red after failure', async () => {
    const frames = {
      start: plain(64, [10, 20, 30]),
      goal: plain(32, [0, 0, 200]),
      end: plain(128, [200, 200, 0]),
    };
    const png = await renderContactSheet(
      [
        { ...frames, success: true },
        { ...frames, success: false },
      ],
      'reacher, model reacher, task reach: 1 of 2',
    );
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const pixel = (x: number, y: number): number[] =>
      Array.from(data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3));
    const [success = [0, 0], failure = [0, 0]] = layOut(2).corners;
    const [r = 0, g = 0] = pixel(success[0] + 1, success[1] + 1);
    expect(g).toBeGreaterThan(2 * r);
    const [failureR = 0, failureG = 0] = pixel(failure[0] + 1, failure[1] + 1);
    expect(failureR).toBeGreaterThan(2 * failureG);
    expect(pixel(success[0] + 50, success[1] + 50)).toEqual([10, 20, 30]);
    expect(pixel(success[0] + 150, success[1] + 50)).toEqual([0, 0, 200]);
    expect(pixel(success[0] + 250, success[1] + 50)).toEqual([200, 200, 0]);
    // The title is dark text above the first card.
    const strip = data.subarray(0, info.width * 3 * success[1]);
    expect(strip.some((value) => value < 80)).toBe(true);
  });
});

describe('the title of the sheet', () => {
  it('is shortened to the width of the sheet, whatever characters it has', async () => {
    const frame = plain(8, [0, 0, 0]);
    const episode = { start: frame, goal: frame, end: frame, success: true };
    const widthOf = async (title: string) =>
      (await sharp(await renderContactSheet([episode], title)).metadata()).width;
    expect(await widthOf('<robot> & model '.repeat(20))).toBe(layOut(1).width);
    expect(await widthOf('')).toBe(layOut(1).width);
  });
});

describe('layOut', () => {
  it('keeps cards apart and inside the sheet, at most 10 to a column', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), (episodes) => {
        const { width, height, corners } = layOut(episodes);
        expect(new Set(corners.map(String)).size).toBe(episodes);
        const columns = new Map<number, number>();
        for (const [x, y] of corners) {
          expect(x + 304).toBeLessThan(width);
          expect(y + 104).toBeLessThan(height);
          columns.set(x, (columns.get(x) ?? 0) + 1);
        }
        expect(Math.max(...columns.values())).toBeLessThanOrEqual(10);
      }),
    );
  });
});
