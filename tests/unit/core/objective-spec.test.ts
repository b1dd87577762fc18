import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { resolveStep } from '../../../src/core/expression.js';
import { stepWeights } from '../../../src/core/objective-spec.js';

describe('stepWeights', () => {
  it('scores the last step only, all equally, or each twice as much as the one before', () => {
    expect([...stepWeights('last', 3)]).toEqual([0, 0, 1]);
    expect([...stepWeights('all', 4)]).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect([...stepWeights('weighted', 3)]).toEqual([1 / 7, 2 / 7, 4 / 7]);
  });

  it('always adds up to 1', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('last' as const, 'all' as const, 'weighted' as const),
        fc.integer({ min: 1, max: 100 }),
        (steps, horizon) => {
          expect(stepWeights(steps, horizon).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
        },
      ),
    );
  });
});

describe('resolveStep', () => {
  it('never leaves the horizon', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('current' as const, 'last' as const, 'start' as const),
        fc.integer(),
        fc.integer({ min: 1, max: 9 }),
        (from, offset, t) => {
          const step = resolveStep({ from, offset }, t, 9);
          expect(step).toBeGreaterThanOrEqual(1);
          expect(step).toBeLessThanOrEqual(9);
          if (from === 'current' && t + offset >= 1 && t + offset <= 9) expect(step).toBe(t + offset);
        },
      ),
    );
  });
});
