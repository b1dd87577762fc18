import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import type { WantedImage } from '../../../src/core/model-spec.js';
import { decodeCompressed } from '../../../src/perception/decode-compressed.js';

type Channels = 1 | 3 | 4;

async function png(data: Uint8Array, width: number, height: number, channels: Channels): Promise<Uint8Array> {
  const image = sharp(data, { raw: { width, height, channels } });
  if (channels === 1) image.toColourspace('b-w');
  return new Uint8Array(await image.png().toBuffer());
}

async function refusal(
  format: string,
  data: Uint8Array,
  wanted: WantedImage = 'grey',
): Promise<JepaMpcError> {
  try {
    await decodeCompressed('topic /image/compressed', { stampNs: 5n, format, data }, wanted);
  } catch (error) {
    if (error instanceof JepaMpcError) return error;
  }
  throw new TypeError('it was not refused');
}

const colour = Uint8Array.from({ length: 4 * 3 * 3 }, (_, index) => (index * 37) % 256);
const jpegOfGrey = async (value: number): Promise<Uint8Array> =>
  new Uint8Array(
    await sharp(new Uint8Array(16 * 16).fill(value), { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace('b-w')
      .jpeg({ quality: 100 })
      .toBuffer(),
  );

describe('decodeCompressed', () => {
  it('gives the very pixels of a PNG back, whatever its size', async () => {
    const size = fc.integer({ min: 1, max: 20 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.constantFrom<Channels>(1, 3),
        fc.integer({ min: 0, max: 255 }),
        async (width, height, channels, seed) => {
          const pixels = Uint8Array.from(
            { length: width * height * channels },
            (_, index) => (index * 89 + seed) % 256,
          );
          const data = await png(pixels, width, height, channels);
          const frame = await decodeCompressed('topic', { stampNs: 7n, format: 'png', data }, 'grey');
          expect(frame).toMatchObject({
            stampNs: 7n,
            width,
            height,
            encoding: channels === 1 ? 'mono8' : 'rgb8',
            step: width * channels,
          });
          expect([...frame.data]).toEqual([...pixels]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('leaves alpha out and colours as they are', async () => {
    const pixels = Uint8Array.of(10, 20, 30, 128, 40, 50, 60, 0);
    const frame = await decodeCompressed(
      'topic',
      {
        stampNs: 0n,
        format: 'rgba8; png compressed bgra8',
        data: await png(pixels, 2, 1, 4),
      },
      'grey',
    );
    expect([frame.encoding, ...frame.data]).toEqual(['rgb8', 10, 20, 30, 40, 50, 60]);
  });

  it('decodes a grey JPEG as mono8', async () => {
    const frame = await decodeCompressed(
      'topic',
      {
        stampNs: 0n,
        format: 'mono8; jpeg compressed ',
        data: await jpegOfGrey(93),
      },
      'grey',
    );
    expect(frame).toMatchObject({ encoding: 'mono8', step: 16, width: 16, height: 16 });
    expect(new Set(frame.data)).toEqual(new Set([93]));
  });

  it.each([
    ['jpeg', 'rgb8'],
    ['png', 'rgb8'],
    ['rgb8; png compressed bgr8', 'rgb8'],
    ['bgr8; png compressed bgr8', 'rgb8'],
    ['rgb8; jpeg compressed rgb8', 'bgr8'],
    ['bgr8; png compressed ', 'bgr8'],
    ['yuv422; jpeg compressed bgr8', 'rgb8'],
    ['bayer_rggb8; jpeg compressed bgr8', 'rgb8'],
  ])('takes the channels of "%s" for %s, as image_transport does', async (format, encoding) => {
    const frame = await decodeCompressed(
      'topic',
      { stampNs: 0n, format, data: await png(colour, 4, 3, 3) },
      'grey',
    );
    expect(frame.encoding).toBe(encoding);
    expect([...frame.data]).toEqual([...colour]);
  });

  it('takes a mosaic that was compressed as grey for what it is', async () => {
    const data = await png(colour, 12, 3, 1);
    const frame = await decodeCompressed(
      'topic',
      {
        stampNs: 0n,
        format: 'bayer_grbg8; png compressed ',
        data,
      },
      'grey',
    );
    expect(frame.encoding).toBe('bayer_grbg8');
  });

  it('keeps the 16 bits of a 16-bit PNG', async () => {
    const words = Uint16Array.of(0, 1, 256, 65535);
    const data = new Uint8Array(
      await sharp(words, { raw: { width: 4, height: 1, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer(),
    );
    const frame = await decodeCompressed(
      'topic',
      { stampNs: 0n, format: 'mono16; png compressed ', data },
      'grey',
    );
    expect(frame).toMatchObject({ encoding: 'mono16', step: 8 });
    expect([...new Uint16Array(frame.data.slice().buffer)]).toEqual([...words]);
  });

  describe('refuses', () => {
    it('compressedDepth', async () => {
      const error = await refusal('16UC1; compressedDepth png', Uint8Array.of(0));
      expect(error.code).toBe('image.compressed');
      expect(error.facts.remedy).toContain('colour topic');
    });

    it('depth in a plain PNG', async () => {
      const error = await refusal('16UC1; png compressed ', await png(colour, 12, 3, 1));
      expect(error.code).toBe('image.encoding');
    });

    it.each([
      ['a format of another codec', 'h264', Uint8Array.of(0, 0, 0, 1)],
      ['nothing', 'jpeg', new Uint8Array(0)],
      ['an SVG', 'png', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ])('%s', async (_, format, data) => {
      const error = await refusal(format, data);
      expect(error.code).toBe('image.compressed');
      expect(error.facts.found).toContain(`format "${format}"`);
      expect(error.facts.expected).toContain('JPEG or PNG');
    });

    it.each([
      ['yuv422_yuy2; jpeg compressed mono8', /camera\.transport: raw/],
      ['jpeg', /camera\.transport: raw/],
      ['mono8; jpeg compressed ', /colour topic/],
      ['mono16; png compressed ', /colour topic/],
    ])('a grey file for a model of colours: %s', async (format, remedy) => {
      const error = await refusal(format, await jpegOfGrey(93), 'colour');
      expect(error.code).toBe('image.encoding');
      expect(error.facts.subject).toBe('topic /image/compressed');
      expect(error.facts.found).toBe(`a grey picture (format "${format}")`);
      expect(error.facts.expected).toContain('a picture in colour');
      expect(error.facts.remedy).toMatch(remedy);
    });

    it('no mosaic that was compressed as grey, for its colours are there', async () => {
      const format = 'bayer_grbg8; png compressed ';
      const data = await png(colour, 12, 3, 1);
      const frame = await decodeCompressed('topic', { stampNs: 0n, format, data }, 'colour');
      expect(frame.encoding).toBe('bayer_grbg8');
    });

    it('a file that was cut short', async () => {
      for (const file of [await png(colour, 4, 3, 3), await jpegOfGrey(10)]) {
        const error = await refusal('', file.subarray(0, Math.floor(file.length * 0.6)));
        expect(error.code).toBe('image.compressed');
        expect(error.facts.found).toContain('cannot be decoded');
      }
    });
  });
});
