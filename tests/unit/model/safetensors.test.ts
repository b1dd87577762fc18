import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { parseSafetensors } from '../../../src/model/safetensors.js';

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A file with the given JSON header in front of the given data. */
function fileOf(header: unknown, data: Uint8Array): Uint8Array {
  const encoded = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + encoded.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(encoded.length), true);
  file.set(encoded, 8);
  file.set(data, 8 + encoded.length);
  return file;
}

function write(entries: readonly Entry[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const data: number[] = [];
  for (const { name, shape, data: values } of entries) {
    const bytes = new Uint8Array(values.buffer);
    header[name] = { dtype: 'F32', shape, data_offsets: [data.length, data.length + bytes.length] };
    data.push(...bytes);
  }
  return fileOf(header, Uint8Array.from(data));
}

const entries = fc.uniqueArray(
  fc
    .tuple(
      fc.stringMatching(/^[a-z][a-z.]{0,8}$/),
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    )
    .chain(([name, shape]) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return fc
        .array(fc.float(), { minLength: length, maxLength: length })
        .map((values): Entry => ({ name, shape, data: Float32Array.from(values) }));
    }),
  { selector: (entry) => entry.name, maxLength: 4 },
);

const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };

describe('parseSafetensors', () => {
  it('reads back what was written, from any alignment and from a Buffer', () => {
    fc.assert(
      fc.property(entries, fc.nat(7), (written, shift) => {
        const file = write(written);
        const shifted = Buffer.alloc(file.length + shift);
        shifted.set(file, shift);
        const read = parseSafetensors(shifted.subarray(shift), 'golden');
        expect([...read.keys()].sort()).toEqual(written.map(({ name }) => name).sort());
        for (const { name, shape, data } of written) expect(read.get(name)).toEqual({ shape, data });
      }),
    );
  });

  it('refuses any file that is cut off', () => {
    fc.assert(
      fc.property(entries, fc.double({ min: 0, max: 0.999, noNaN: true }), (written, share) => {
        const file = write(written);
        const needed = written.some(({ data }) => data.length > 0) ? file.length : file.length - 1;
        expect(() => parseSafetensors(file.subarray(0, Math.floor(needed * share)), 'golden')).toThrow(
          JepaMpcError,
        );
      }),
    );
  });

  it('answers any bytes with tensors or with an error of its own', () => {
    const attempt = (bytes: Uint8Array): void => {
      try {
        parseSafetensors(bytes, 'golden');
      } catch (error) {
        expect(error).toMatchObject({ code: 'model.unreadable' });
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), attempt));
    fc.assert(
      fc.property(fc.json(), fc.uint8Array({ maxLength: 16 }), (json, data) => {
        attempt(fileOf(json, data));
      }),
    );
  });

  it.each([
    ['another type', { t: { ...entry, dtype: 'F16' } }, 'of type F16'],
    ['an entry without a shape', { t: { dtype: 'F32', data_offsets: [0, 4] } }, 'malformed entry "t"'],
    [
      'a shape that needs more bytes than it has',
      { t: { ...entry, shape: [2] } },
      'tensor "t" at bytes 0 to 4',
    ],
    ['data behind the end', { t: { ...entry, data_offsets: [4, 8] } }, 'bytes 4 to 8 of 4'],
    ['a negative offset', { t: { ...entry, data_offsets: [-4, 0] } }, 'malformed entry "t"'],
    ['a header that is a list', [], 'header that is no object'],
    ['a header that is no JSON', '{"t":', 'header that is not JSON'],
  ])('refuses %s', (_, header, found) => {
    expect(() => parseSafetensors(fileOf(header, new Uint8Array(4)), 'golden.safetensors')).toThrow(found);
  });
});
