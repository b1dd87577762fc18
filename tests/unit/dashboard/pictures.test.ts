import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

import { heatMap } from '../../../src/dashboard/planner/heat-map.js';
import { jpegOf, jpegOfCompressed } from '../../../src/dashboard/planner/jpeg.js';
import { PictureLane } from '../../../src/dashboard/planner/picture-lane.js';
import type { Picture } from '../../../src/dashboard/planner/picture-lane.js';

function frame(encoding: string, bytesPerPixel: number, width = 8, height = 4, shade = 200) {
  const step = width * bytesPerPixel;
  const data = new Uint8Array(step * height).fill(shade);
  return { stampNs: 5n, width, height, encoding, step, data };
}

async function sizeOf(jpeg: Uint8Array): Promise<{ format: string; width: number; height: number }> {
  const { format, width, height } = await sharp(jpeg).metadata();
  return { format, width, height };
}

describe('a picture for a page', () => {
  it.each([
    ['rgb8', 3],
    ['bgra8', 4],
    ['mono8', 1],
    ['yuv422_yuy2', 2],
  ])('is a JPEG of the size of a frame of %s', async (encoding, bytes) => {
    expect(await sizeOf(await jpegOf('topic', frame(encoding, bytes)))).toEqual({
      format: 'jpeg',
      width: 8,
      height: 4,
    });
  });

  it('is no wider than a page shows it', async () => {
    const { width, height } = await sizeOf(await jpegOf('topic', frame('rgb8', 3, 1920, 1080)));
    expect([width, height]).toEqual([960, 540]);
  });

  it('has rows without the padding of the message', async () => {
    const padded = { ...frame('rgb8', 3), step: 32, data: new Uint8Array(32 * 4) };
    expect((await sizeOf(await jpegOf('topic', padded))).width).toBe(8);
  });

  it('is passed on as it is if it is a JPEG already, and decoded if its channels are swapped', async () => {
    const jpeg = await jpegOf('topic', frame('rgb8', 3));
    const asItIs = await jpegOfCompressed('topic', {
      stampNs: 0n,
      format: 'rgb8; jpeg compressed bgr8',
      data: jpeg,
    });
    expect(asItIs).toEqual(jpeg);
    const swapped = await jpegOfCompressed('topic', {
      stampNs: 0n,
      format: 'rgb8; jpeg compressed ',
      data: jpeg,
    });
    expect((await sizeOf(swapped)).format).toBe('jpeg');
    const png = await sharp(jpeg).png().toBuffer();
    const fromPng = await jpegOfCompressed('topic', { stampNs: 0n, format: 'png', data: png });
    expect((await sizeOf(fromPng)).format).toBe('jpeg');
  });

  it('is refused by name if it is none', async () => {
    await expect(jpegOf('topic /depth', frame('32FC1', 4))).rejects.toMatchObject({ code: 'image.encoding' });
    await expect(
      jpegOfCompressed('topic', { stampNs: 0n, format: 'jpeg', data: Uint8Array.of(1, 2, 3) }),
    ).rejects.toMatchObject({ code: 'image.compressed' });
  });
});

describe('a heat map', () => {
  it('is the lighter the larger the magnitude, warm above 0 and blue below', () => {
    const values = Float32Array.of(0, 1, 2, NaN, 4, -1, -4, 0);
    const data = new Uint8Array(values.buffer);
    const map = heatMap('topic', { stampNs: 1n, width: 8, height: 1, encoding: '32FC1', step: 32, data });
    const pixel = (index: number): readonly number[] => [...map.data.subarray(3 * index, 3 * index + 3)];
    const lightness = (index: number): number => pixel(index).reduce((sum, channel) => sum + channel, 0);
    expect(pixel(3)).toEqual(pixel(0));
    for (const [darker, lighter] of [
      [0, 1],
      [1, 2],
      [2, 4],
      [0, 5],
      [5, 6],
    ] as const)
      expect(lightness(darker)).toBeLessThan(lightness(lighter));
    const [red = 0, , blue = 0] = pixel(2);
    expect(red).toBeGreaterThan(blue);
    const [redBelow = 0, , blueBelow = 0] = pixel(5);
    expect(redBelow).toBeLessThan(blueBelow);
    expect(map).toMatchObject({ encoding: 'rgb8', step: 24, stampNs: 1n });
  });

  it('is black where nothing matters', () => {
    const map = heatMap('topic', { ...frame('mono8', 1), data: new Uint8Array(32) });
    expect(Math.max(...map.data)).toBeLessThan(10);
  });

  it.each([
    ['an encoding that it has no numbers for', frame('rgb8', 3), 'image.encoding'],
    ['too few bytes', { ...frame('32FC1', 4), data: new Uint8Array(3) }, 'image.size'],
  ])('of %s is refused', (_, bad, code) => {
    expect(() => heatMap('topic', bad)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a lane of pictures', () => {
  it('encodes one at a time, at most 30 a second, and the newest of those that came meanwhile', async () => {
    const started: number[] = [];
    const releases: (() => void)[] = [];
    const pictures: Picture[] = [];
    let nowMs = 0;
    const lane = new PictureLane({
      nowMs: () => nowMs,
      encode: async (message) => {
        started.push(message[0] ?? -1);
        await new Promise<void>((resolve) => releases.push(resolve));
        return { stampNs: BigInt(message[0] ?? 0), jpeg: new Uint8Array(1) };
      },
      onPicture: (picture) => pictures.push(picture),
      onProblem: (error) => {
        throw error;
      },
    });
    for (let index = 0; index < 5; index++) lane.push(Uint8Array.of(index));
    expect(started).toEqual([0]);
    nowMs = 1000;
    releases.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual([0, 4]);
    lane.close();
    releases.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(pictures.map(({ stampNs }) => stampNs)).toEqual([0n]);
  });

  it('goes on after one that is no picture', async () => {
    const problems: unknown[] = [];
    let nowMs = 0;
    const pictures: Picture[] = [];
    const lane = new PictureLane({
      nowMs: () => (nowMs += 100),
      encode: (message) =>
        message.length === 0
          ? Promise.reject(new Error('empty'))
          : Promise.resolve({ stampNs: 0n, jpeg: new Uint8Array(1) }),
      onPicture: (picture) => pictures.push(picture),
      onProblem: (error) => problems.push(error),
    });
    lane.push(new Uint8Array(0));
    await new Promise((resolve) => setImmediate(resolve));
    lane.push(new Uint8Array(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect([problems.length, pictures.length]).toEqual([1, 1]);
  });
});
