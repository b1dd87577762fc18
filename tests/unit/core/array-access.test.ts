import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  assertLength,
  assertMultiple,
  assertRoom,
  at,
  f32,
  f64,
  i32,
  i64,
  u32,
  u8,
} from '../../../src/core/array-access.js';

describe.each<[string, (length: number) => (index: number) => number]>([
  ['f32', (length) => (index) => f32(new Float32Array(length).fill(3), index)],
  ['f64', (length) => (index) => f64(new Float64Array(length).fill(3), index)],
  ['u8', (length) => (index) => u8(new Uint8Array(length).fill(3), index)],
  ['u32', (length) => (index) => u32(new Uint32Array(length).fill(3), index)],
  ['i32', (length) => (index) => i32(new Int32Array(length).fill(3), index)],
  ['at', (length) => (index) => at(Array<number>(length).fill(3), index)],
])('%s', (_name, arrayOf) => {
  it('gives the entries of the array, and throws outside of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: -2, max: 12 }), (length, index) => {
        const entry = arrayOf(length);
        if (index >= 0 && index < length) expect(entry(index)).toBe(3);
        else expect(() => entry(index)).toThrow(RangeError);
      }),
    );
    expect(() => arrayOf(2)(0.5)).toThrow(RangeError);
    expect(() => arrayOf(2)(NaN)).toThrow('index NaN of an array of 2 entries');
  });
});

it('i64 gives the entries of the array, and throws outside of it', () => {
  expect(i64(BigInt64Array.of(5n, 7n), 1)).toBe(7n);
  expect(() => i64(BigInt64Array.of(5n), 1)).toThrow(RangeError);
  expect(() => i64(BigInt64Array.of(5n), -1)).toThrow(RangeError);
});

it('passes on a 0 and a NaN', () => {
  expect(f64(Float64Array.of(0, NaN), 0)).toBe(0);
  expect(f64(Float64Array.of(0, NaN), 1)).toBeNaN();
});

it('the assertions name the array, its length and the expected one', () => {
  assertLength('weights', [1, 2], 2);
  expect(() => {
    assertLength('weights', [1, 2, 3], 2);
  }).toThrow('weights: found 3 entries, expected 2');
  assertRoom('pixels', [1, 2], 1);
  assertRoom('pixels', [1, 2], 2);
  expect(() => {
    assertRoom('pixels', [1, 2], 3);
  }).toThrow('pixels: found 2 entries, expected at least 3');
  assertMultiple('noise', [1, 2, 3, 4], 2);
  assertMultiple('noise', [], 2);
  expect(() => {
    assertMultiple('noise', [1, 2, 3], 2);
  }).toThrow('noise: found 3 entries, expected a multiple of 2');
});
