import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

import type { WantedImage } from '../../../src/core/model-spec.js';
import type { ImageFrame } from '../../../src/core/types.js';
import { parseCompressedFormat } from '../../../src/perception/compressed-format.js';
import { decodeCompressed } from '../../../src/perception/decode-compressed.js';
import { checkFrame } from '../../../src/perception/encodings.js';
import { toImageFrame } from '../../../src/ros/topics/messages.js';
import { answersOrNames, answersOrNamesLater, byteMutationsOf, mutationsOf } from '../../fixtures/fuzzing.js';

const CODES = ['image.encoding', 'image.size', 'image.compressed'] as const;
const wanted = fc.constantFrom<WantedImage>('colour', 'grey');
const size = fc.oneof(fc.nat(6), fc.constantFrom(0, 1, 2, 0xffffffff, 2 ** 31, 65536));
const encoding = fc.oneof(
  fc.constantFrom(
    'rgb8',
    'bgra8',
    'mono16',
    'bayer_rggb8',
    'yuv422',
    'yuyv',
    '16UC1',
    '32FC1',
    'nv12',
    '',
    '__proto__',
    'constructor',
    'RGB8',
  ),
  mutationsOf('bayer_rggb16'),
);

describe('any image message', () => {
  const message = fc.record({
    header: fc.constant({ stamp: { sec: 1, nanosec: 5 } }),
    width: size,
    height: size,
    encoding,
    is_bigendian: fc.nat(255),
    step: size,
    data: fc.uint8Array({ maxLength: 200 }),
  });

  it('is a frame with all of its rows, or is refused by name', () => {
    fc.assert(
      fc.property(message, wanted, (image, kind) => {
        const frame = toImageFrame(image);
        const layout = answersOrNames(() => checkFrame('topic /image', frame, kind), CODES);
        if (layout === undefined) return;
        const row = frame.width * layout.samplesPerPixel * layout.bytesPerSample;
        expect(frame.width * frame.height).toBeGreaterThan(0);
        expect(frame.step).toBeGreaterThanOrEqual(row);
        expect(frame.data.length).toBeGreaterThanOrEqual(frame.step * frame.height);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('any format of a compressed image', () => {
  it('is read, or is refused by name', () => {
    fc.assert(
      fc.property(
        mutationsOf('bgra16; jpeg compressed bgr8', ['compressedDepth', '16UC1;', ';;', '64FC3;']),
        wanted,
        (format, kind) => {
          answersOrNames(() => parseCompressedFormat('topic /image', format, kind), CODES);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a compressed image changed anywhere', () => {
  const pixels = Buffer.from(Array.from({ length: 16 * 8 * 3 }, (_, index) => (index * 37) % 256));
  const picture = sharp(pixels, { raw: { width: 16, height: 8, channels: 3 } });

  it.each(['png', 'jpeg'] as const)('is a whole frame, or is refused by name: %s', async (format) => {
    const valid = new Uint8Array(await picture.clone().toFormat(format).toBuffer());
    await fc.assert(
      fc.asyncProperty(byteMutationsOf(valid), wanted, async (data, kind) => {
        const frame: ImageFrame | undefined = await answersOrNamesLater(
          () => decodeCompressed('topic /image', { stampNs: 1n, format, data }, kind),
          CODES,
        );
        if (frame === undefined) return;
        answersOrNames(() => checkFrame('topic /image', frame, 'grey'), CODES);
        expect(frame.data.length).toBe(frame.step * frame.height);
      }),
      { numRuns: 150 },
    );
  });
});
