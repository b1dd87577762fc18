import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { softmaxWeights } from '../../../src/math/softmax.js';

function weights(costs: readonly number[], temperature: number, rows = costs.map((_, n) => n)): number[] {
  const out = new Float64Array(rows.length);
  softmaxWeights(Float32Array.from(costs), Uint32Array.from(rows), temperature, out);
  return [...out];
}

describe('softmaxWeights', () => {
  it('gives a cost one temperature above the best 1/e of its weight', () => {
    const [best = NaN, next = NaN] = weights([3, 3.5], 0.5);
    expect(next / best).toBeCloseTo(1 / Math.E, 6);
  });

  it('counts the named rows only', () => {
    expect(weights([9, 1, NaN, 1], 1, [1, 3])).toEqual([0.5, 0.5]);
  });

  it('goes from all the weight on the best to equal weights as the temperature rises', () => {
    expect(weights([1, 2, 3], 1e-6)).toEqual([1, 0, 0]);
    for (const weight of weights([1, 2, 3], 1e9)) expect(weight).toBeCloseTo(1 / 3, 6);
  });

  it('always adds up to 1, falls with the cost, and knows no zero of cost', () => {
    const cost = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        fc.array(cost, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (values, temperature) => {
          const costs = values.sort((a, b) => a - b);
          const shares = weights(costs, temperature);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
          expect(shares).toEqual([...shares].sort((a, b) => b - a));
          expect(
            weights(
              costs.map((value) => value + 4096),
              temperature,
            ),
          ).toEqual(shares);
        },
      ),
    );
  });
});
