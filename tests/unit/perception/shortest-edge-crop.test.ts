import { describe, expect, it } from 'vitest';

import type { CameraSpec } from '../../../src/core/model-spec.js';
import { planResampling } from '../../../src/perception/resampling.js';

/** Cameras, and sizes that encoders take. */
const FRAMES = [
  [256, 192],
  [320, 240],
  [424, 240],
  [640, 360],
  [640, 480],
  [752, 480],
  [800, 600],
  [848, 480],
  [960, 540],
  [1024, 768],
  [1280, 720],
  [1280, 800],
  [1280, 1024],
  [1920, 1080],
] as const;
const SIZES = [64, 84, 96, 112, 128, 160, 192, 224, 256, 336, 384] as const;

function spec(width: number, height: number): CameraSpec {
  return {
    name: 'image',
    topic: 'image',
    width,
    height,
    channels: 3,
    colorOrder: 'rgb',
    resize: 'shortest-edge-crop',
    interpolation: 'nearest',
    scale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
}

/** Input pixels that `output` samples are taken from when `length` are scaled to `resized` and the first `skipped` are cut off. */
function nearest(length: number, resized: number, skipped: number, output: number): number[] {
  return Array.from({ length: output }, (_, i) => Math.floor((i + skipped + 0.5) * (length / resized)));
}

describe('shortest-edge-crop', () => {
  // Resize(size) and CenterCrop(size) of torchvision: int(size * long / short), round((long - size) / 2).
  it.each([
    // [width, height, size], long edge after Resize, first pixel that CenterCrop keeps
    [[640, 480, 64], 85, 10],
    [[640, 480, 96], 128, 16],
    [[640, 480, 112], 149, 18],
    [[640, 480, 224], 298, 37],
    [[640, 480, 256], 341, 42],
    [[1280, 720, 64], 113, 24],
    [[1280, 720, 224], 398, 87],
    [[1920, 1080, 336], 597, 130],
    [[848, 480, 112], 197, 42],
    [[752, 480, 256], 401, 72],
    [[1280, 1024, 84], 105, 10],
    // In floating point the quotient of the sizes times the long edge falls short of these.
    [[720, 320, 112], 252, 70],
    [[360, 160, 224], 504, 140],
  ])('is that of torchvision: %j', ([width = 0, height = 0, size = 0], long, skipped) => {
    const wide = planResampling(spec(size, size), width, height);
    expect([...wide.columns.start]).toEqual(nearest(width, long, skipped, size));
    expect([...wide.rows.start]).toEqual(nearest(height, size, 0, size));
    const tall = planResampling(spec(size, size), height, width);
    expect([...tall.rows.start]).toEqual([...wide.columns.start]);
    expect([...tall.columns.start]).toEqual([...wide.rows.start]);
  });

  it('is exact for every common pair of sizes', () => {
    for (const [width, height] of FRAMES) {
      for (const size of SIZES) {
        const long = Number((BigInt(size) * BigInt(width)) / BigInt(height));
        const cut = long - size;
        // Half a pixel goes to the even one.
        const skipped = cut % 4 === 3 ? (cut + 1) / 2 : Math.floor(cut / 2);
        const { columns } = planResampling(spec(size, size), width, height);
        expect([...columns.start], `${String(width)} x ${String(height)} to ${String(size)}`).toEqual(
          nearest(width, long, skipped, size),
        );
      }
    }
  });

  it('covers a tensor that is not square', () => {
    const { columns, rows } = planResampling(spec(40, 20), 640, 480);
    expect([...columns.start]).toEqual(nearest(640, 40, 0, 40));
    expect([...rows.start]).toEqual(nearest(480, 30, 5, 20));
  });
});
