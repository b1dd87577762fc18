import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { selectSmallest } from '../../../src/math/select-smallest.js';

function select(costs: readonly number[], k: number): number[] {
  const out = new Uint32Array(k);
  selectSmallest(Float32Array.from(costs), out);
  return [...out];
}

describe('selectSmallest', () => {
  it('agrees with a stable sort that puts non-finite costs last', () => {
    const cost = fc.oneof(
      fc.integer({ min: -5, max: 5 }),
      fc.float(),
      fc.constantFrom(NaN, Infinity, -Infinity),
    );
    fc.assert(
      fc.property(fc.array(cost, { minLength: 1, maxLength: 60 }), fc.nat(), (costs, pick) => {
        const k = 1 + (pick % costs.length);
        const rank = (index: number): number => {
          const value = Math.fround(costs[index] ?? NaN);
          return Number.isFinite(value) ? value : Infinity;
        };
        const sorted = [...costs.keys()].sort((a, b) => (rank(a) === rank(b) ? a - b : rank(a) - rank(b)));
        expect(select(costs, k)).toEqual(sorted.slice(0, k));
      }),
      { numRuns: 500 },
    );
  });

  it('breaks ties by index', () => {
    expect(select([2, 1, 1, 1, 2], 3)).toEqual([1, 2, 3]);
  });

  it('never prefers NaN or minus infinity to a finite cost', () => {
    expect(select([NaN, -Infinity, 1e30, 3], 2)).toEqual([3, 2]);
  });

  it('selects nothing when nothing is asked for', () => {
    expect(select([1, 2], 0)).toEqual([]);
  });
});
