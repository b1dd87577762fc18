import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeFrame, encodeFrame } from '../../../src/dashboard/binary-frame.js';
import type { BinaryFrame } from '../../../src/dashboard/binary-frame.js';

const stampNs = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const channel = fc.string({ maxLength: 40, unit: 'grapheme' });
const picture = fc
  .record({ stampNs, channel, jpeg: fc.uint8Array({ maxLength: 64 }) })
  .map((it): BinaryFrame => ({ kind: 'picture', ...it, jpeg: new Uint8Array(it.jpeg) }));
const numbers = fc
  .record({ stampNs, channel, shape: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }) })
  .chain(({ shape, ...rest }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return fc
      .float32Array({ minLength: count, maxLength: count })
      .map((values): BinaryFrame => ({ kind: 'numbers', shape, numbers: values, ...rest }));
  });

describe('a binary frame', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(picture, numbers), (frame) => {
        expect(decodeFrame(encodeFrame(frame).buffer)).toEqual(frame);
      }),
    );
  });

  it('is null where the bytes are no frame, and never anything but the frame or null', () => {
    fc.assert(
      fc.property(fc.oneof(picture, numbers), fc.nat(200), (frame, length) => {
        const bytes = encodeFrame(frame);
        fc.pre(length < bytes.length);
        const cut = decodeFrame(bytes.slice(0, length).buffer);
        // A picture that is cut in its JPEG is still a picture.
        expect(cut === null || (cut.kind === 'picture' && frame.kind === 'picture')).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const frame = decodeFrame(new Uint8Array(bytes).buffer);
        expect(frame === null || frame.kind === 'picture' || frame.numbers.length >= 0).toBe(true);
      }),
    );
  });
});
