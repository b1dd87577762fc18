import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { shiftWarmStart } from '../../../src/planning/warm-start.js';

const OLD = Float32Array.of(1, 10, 2, 20, 4, 40);

function shifted(ageMs: number, periods = 3): number[] | null {
  const mean = new Float32Array(periods * 2).fill(-1);
  return shiftWarmStart({ mean: OLD, ageMs }, 2, 100, mean) ? [...mean] : null;
}

describe('shiftWarmStart', () => {
  it('copies a plan that is no older', () => {
    expect(shifted(0)).toEqual([...OLD]);
  });

  it('drops whole periods and repeats the last action', () => {
    expect(shifted(100)).toEqual([2, 20, 4, 40, 4, 40]);
  });

  it('weighs the two periods that a new one straddles by time', () => {
    expect(shifted(25)).toEqual([1.25, 12.5, 2.5, 25, 4, 40]);
  });

  it('follows a horizon that got longer or shorter', () => {
    expect(shifted(100, 4)).toEqual([2, 20, 4, 40, 4, 40, 4, 40]);
    expect(shifted(0, 1)).toEqual([1, 10]);
  });

  it.each([-1, 300, NaN, Infinity])('has no use for a plan of age %s ms', (ageMs) => {
    expect(shifted(ageMs)).toBeNull();
  });

  it('has no use for a plan of other joints or with a number that is not finite', () => {
    const mean = new Float32Array(6);
    expect(shiftWarmStart({ mean: new Float32Array(5), ageMs: 0 }, 2, 100, mean)).toBe(false);
    expect(shiftWarmStart({ mean: Float32Array.of(1, NaN), ageMs: 0 }, 2, 100, mean)).toBe(false);
    expect([...mean]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('never leaves the range of the old plan', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 299.9, noNaN: true }), (ageMs) => {
        for (const [i, value] of (shifted(ageMs) ?? []).entries()) {
          expect(value).toBeGreaterThanOrEqual(i % 2 === 0 ? 1 : 10);
          expect(value).toBeLessThanOrEqual(i % 2 === 0 ? 4 : 40);
        }
      }),
    );
  });
});
