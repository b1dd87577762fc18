import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ANIMATION_PX, renderAnimation } from '../../../eval/demo/animation.js';
import type { ImageFrame } from '../../../src/core/types.js';

type Colour = readonly [number, number, number];

/** A frame of one colour, with 5 bytes of padding after each row. */
function plain(stampMs: number, rgb: Colour): ImageFrame {
  const [size, step] = [64, 64 * 3 + 5];
  const data = new Uint8Array(step * size).fill(255);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) data.set(rgb, row * step + column * 3);
  return { stampNs: BigInt(stampMs) * 1_000_000n, width: size, height: size, encoding: 'rgb8', step, data };
}

const [RED, BLUE, YELLOW]: Colour[] = [
  [200, 0, 0],
  [0, 0, 200],
  [200, 200, 0],
];

/** Camera moves from red to yellow; the goal is blue. */
function episode(success: boolean, recordedMs: readonly number[]) {
  const [start, end] = [plain(0, RED as Colour), plain(400, YELLOW as Colour)];
  const recorded = recordedMs.map((stampMs) => plain(stampMs, RED as Colour));
  return { start, goal: plain(0, BLUE as Colour), end, success, recorded };
}

/** Colour at a pixel of one page, as bytes. */
async function colourAt(webp: Buffer, page: number, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(webp, { page })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * 3;
  return Array.from(data.subarray(at, at + 3));
}

function expectColour(found: readonly number[], expected: Colour | undefined): void {
  for (const [channel, value] of found.entries())
    expect(Math.abs(value - (expected?.[channel] ?? Number.NaN))).toBeLessThan(25);
}

describe('renderAnimation', () => {
  it('shows the episodes one after the other at the speed of their stamps, and holds the last image of each', async () => {
    const webp = await renderAnimation([episode(true, [0, 100, 300]), episode(false, [])]);
    const { format, pages, delay, width, pageHeight, loop } = await sharp(webp, {
      animated: true,
    }).metadata();
    expect({ format, pages, width, pageHeight, loop }).toEqual({
      format: 'webp',
      pages: delay?.length,
      width: ANIMATION_PX.width,
      pageHeight: ANIMATION_PX.height,
      loop: 0,
    });
    // The encoder may merge images that are alike; the times add up all the same.
    expect(delay?.reduce((sum, ms) => sum + ms, 0)).toBe(400 + 1000 + 1000);
  });

  it('shows the camera on the left and the goal on the right, in a border whose colour shows the result', async () => {
    const { width, height } = ANIMATION_PX;
    const [left, right, middle] = [Math.round(width * 0.25), Math.round(width * 0.75), height / 2];
    for (const success of [true, false]) {
      const webp = await renderAnimation([episode(success, [0])]);
      expectColour(await colourAt(webp, 0, left, middle), RED);
      expectColour(await colourAt(webp, 0, right, middle), BLUE);
      expectColour(await colourAt(webp, 0, 3, 3), [200, 200, 200]);
      expectColour(await colourAt(webp, 1, left, middle), YELLOW);
      expectColour(await colourAt(webp, 1, right, middle), BLUE);
      expectColour(await colourAt(webp, 1, 3, 3), success ? [34, 160, 74] : [204, 41, 41]);
    }
  });
});
