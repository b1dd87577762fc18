import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sampleCandidates } from '../../../src/planning/candidate-sample.js';

/** Candidates of two actions, both of which are the candidate's own number. */
const numbered = (count: number): Float32Array =>
  Float32Array.from({ length: 2 * count }, (_, i) => Math.floor(i / 2));

describe('a sample of the candidates', () => {
  it('goes from the cheapest to the dearest, with those that cost no number left out', () => {
    const costs = Float32Array.of(5, NaN, 1, 3, Infinity, 2, 4);
    const sample = sampleCandidates(numbered(7), costs, 3, 2);
    expect([...sample.costs]).toEqual([1, 3, 5]);
    expect([...sample.actions]).toEqual([2, 2, 3, 3, 0, 0]);
    // Of the two elites, that cost 1 and 2, the first is shown.
    expect(sample.elites).toBe(1);
    expect(sampleCandidates(numbered(7), costs, 3, 3).elites).toBe(2);
    expect(sampleCandidates(numbered(7), costs, 3, 7).elites).toBe(3);
  });

  it('is never more than asked for, in the order of costs, and each with its own cost', () => {
    const cost = fc.float({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(cost, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 60 }),
        (all, most) => {
          const costs = Float32Array.from(all);
          const sample = sampleCandidates(numbered(all.length), costs, most, 3);
          expect(sample.costs).toHaveLength(Math.min(most, all.length));
          expect(sample.costs[0]).toBe(Math.min(...costs));
          for (let place = 0; place < sample.costs.length; place++) {
            expect(sample.costs[place]).toBe(costs[sample.actions[2 * place] ?? -1]);
            if (place > 0) expect(sample.costs[place]).toBeGreaterThanOrEqual(sample.costs[place - 1] ?? NaN);
          }
        },
      ),
    );
  });

  it('is empty where nothing has a finite cost', () => {
    expect(sampleCandidates(numbered(2), Float32Array.of(NaN, Infinity), 5, 1).costs).toHaveLength(0);
  });
});
