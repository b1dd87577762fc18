import { crc32, deflateSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { decodeCompressed } from '../../../src/perception/decode-compressed.js';

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG of 8-bit colours that claims this size. */
function png(width: number, height: number, pixels: Uint8Array, extra: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const parts = [chunk('IHDR', header), ...extra, chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([magic, ...parts]);
}

const ROW = 2 * 3 + 1;
const SMALL = deflateSync(Buffer.alloc(2 * ROW));
const decode = (data: Uint8Array) =>
  decodeCompressed('topic /image', { stampNs: 0n, format: 'png', data }, 'grey');

/** Most memory that a test may take beyond what it had, bytes. */
const MAX_GROWTH = 150e6;

describe('a small file that claims or holds far more', () => {
  it.each([
    [10_000, 10_000],
    [60_000, 60_000],
    [1_000_000, 1000],
  ])('is refused before it is decoded: %d x %d pixels', async (width, height) => {
    const before = process.memoryUsage().rss;
    await expect(decode(png(width, height, SMALL))).rejects.toMatchObject({
      code: 'image.compressed',
      facts: { found: expect.stringContaining('claims more than 64000000 pixels') as string },
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH);
  });

  it('is refused with sizes that PNG does not allow', async () => {
    for (const size of [0, 0x7fffffff, 0xffffffff])
      await expect(decode(png(size, size, SMALL))).rejects.toMatchObject({ code: 'image.compressed' });
  });

  it.each(['zTXt', 'iCCP'])('is decoded without unpacking a text or profile of 200 MB (%s)', async (type) => {
    const bomb = Buffer.concat([Buffer.from('k\0\0'), deflateSync(Buffer.alloc(200e6))]);
    const before = process.memoryUsage().rss;
    const { width, height, data } = await decode(png(2, 2, SMALL, [chunk(type, bomb)]));
    expect([width, height, data.length]).toEqual([2, 2, 12]);
    expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH);
  });

  it('gives the pixels of its size alone, however many more are packed in it', async () => {
    const data = png(2, 2, deflateSync(Buffer.alloc(100e6)));
    const before = process.memoryUsage().rss;
    const outcome = await decode(data).then(
      (frame) => frame.data.length,
      (error: unknown) => error,
    );
    if (outcome !== 12) expect(outcome).toMatchObject({ code: 'image.compressed' });
    expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH);
  });
});
