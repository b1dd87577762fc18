import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { percentile } from '../../../src/math/percentile.js';
import { RollingSample } from '../../../src/math/rolling-sample.js';

describe('a rolling sample', () => {
  it('is over the last numbers only', () => {
    const sample = new RollingSample(3);
    expect(sample.percentile(0.5)).toBeNaN();
    for (const value of [100, 1, 2, 3]) sample.note(value);
    expect(sample.percentile(0)).toBe(1);
    expect(sample.percentile(0.5)).toBe(2);
    expect(sample.percentile(1)).toBe(3);
    sample.reset();
    sample.note(7);
    expect(sample.percentile(0.95)).toBe(7);
  });

  it('also has percentiles over only the newest numbers', () => {
    const sample = new RollingSample(4);
    for (const value of [9, 8, 1, 2, 3]) sample.note(value);
    expect(sample.percentile(1, 3)).toBe(3);
    expect(sample.percentile(0, 3)).toBe(1);
    expect(sample.percentile(0.5, 1)).toBe(3);
    expect(sample.percentile(1, 100)).toBe(8);
    expect(new RollingSample(4).percentile(0.5, 2)).toBeNaN();
  });

  it('has the percentiles of the numbers that it keeps, however often it went round', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, length, last, fraction) => {
          const sample = new RollingSample(length);
          for (const value of values) sample.note(value);
          const newest = values.slice(-Math.min(length, last));
          expect(sample.percentile(fraction, last)).toBe(percentile(newest, fraction));
        },
      ),
    );
  });
});
