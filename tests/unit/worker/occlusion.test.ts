import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CameraSpec } from '../../../src/core/model-spec.js';
import type { Tensor } from '../../../src/core/types.js';
import { planResampling } from '../../../src/perception/resampling.js';
import { Occlusion } from '../../../src/worker/occlusion.js';

const SPEC: CameraSpec = {
  name: 'front',
  topic: 'image',
  width: 8,
  height: 4,
  channels: 3,
  colorOrder: 'rgb',
  resize: 'squash',
  interpolation: 'area',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

function picture(
  height: number,
  width: number,
  valueAt: (channel: number, y: number, x: number) => number,
): Tensor {
  const data = new Float32Array(3 * height * width);
  for (let channel = 0; channel < 3; channel++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) data[(channel * height + y) * width + x] = valueAt(channel, y, x);
  return { data, shape: [1, 3, height, width] };
}

/** The contributions to the number that `of` computes from the picture. */
async function contributionsTo(
  image: Tensor,
  patches: number,
  of: (data: Float32Array) => number,
): Promise<Occlusion> {
  const occlusion = new Occlusion(image, patches);
  for (let patch = 0; patch < occlusion.count; patch++)
    await occlusion.measure(patch, of(image.data), () => Promise.resolve(of(image.data)));
  return occlusion;
}

const brightest = (data: Float32Array): number => Math.max(...data);

describe('occlusion', () => {
  it('finds the patch that a number depends on, and only that one', async () => {
    // One bright pixel of channel 1, in the second row and third column of patches of two by two.
    const image = picture(4, 8, (channel, y, x) => (channel === 1 && y === 3 && x === 5 ? 8 : 0));
    const { contributions } = await contributionsTo(image, 4, brightest);
    // Hidden, the patch is its mean in that channel: 8 / 4.
    expect([...contributions]).toEqual([0, 0, 0, 0, 0, 0, 6, 0]);
  });

  it('shows it where it is in the frame, however that was made smaller or cropped', async () => {
    const bright = picture(4, 8, (channel, y, x) => (channel === 1 && y === 3 && x === 5 ? 8 : 0));
    const occlusion = await contributionsTo(bright, 4, brightest);
    const nonZero = (map: Float32Array, width: number): number[][] =>
      [...map.keys()].filter((i) => map[i] !== 0).map((i) => [i % width, Math.floor(i / width)]);
    const squashed = occlusion.asLargeAs(planResampling(SPEC, 16, 8));
    expect(squashed).toHaveLength(16 * 8);
    const area = [8, 9, 10, 11].flatMap((x) => [4, 5, 6, 7].map((y) => [x, y]));
    expect(nonZero(squashed, 16)).toHaveLength(area.length);
    expect(nonZero(squashed, 16)).toEqual(expect.arrayContaining(area));
    // Of a frame that is twice as wide as the model looks, its middle: 8 more pixels on either side.
    const cropped = occlusion.asLargeAs(planResampling({ ...SPEC, resize: 'shortest-edge-crop' }, 32, 8));
    expect(nonZero(cropped, 32)).toEqual(expect.arrayContaining(area.map(([x = 0, y]) => [x + 8, y])));
    expect(nonZero(cropped, 32)).toHaveLength(area.length);
  });

  it('leaves the picture as it was, of any size, and hides every pixel once', async () => {
    const size = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(size, size, fc.integer({ min: 1, max: 20 }), async (height, width, patches) => {
        const image = picture(height, width, (channel, y, x) => channel + 0.25 * y - 0.5 * x);
        const before = image.data.slice();
        const touched = new Uint8Array(before.length);
        const occlusion = new Occlusion(image, patches);
        for (let patch = 0; patch < occlusion.count; patch++) {
          await occlusion.measure(patch, 0, () => {
            for (const [i, value] of image.data.entries()) if (value !== before[i]) touched[i] = 1;
            return Promise.resolve(0);
          });
        }
        expect(image.data).toEqual(before);
        const side = Math.max(1, Math.ceil(Math.max(height, width) / patches));
        expect(occlusion.count).toBe(Math.ceil(height / side) * Math.ceil(width / side));
        // A patch of one pixel is its own mean.
        if (side === 1) expect(touched.some((each) => each === 1)).toBe(false);
        else if (height > 1 && width % side !== 1 && height % side !== 1)
          expect(touched.filter((each) => each === 1).length).toBeGreaterThan(touched.length / 2);
      }),
    );
  });
});
