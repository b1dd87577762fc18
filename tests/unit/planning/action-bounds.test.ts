import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ActionBounds } from '../../../src/core/action-bounds.js';
import { linearAction } from './linear-world.js';

describe('ActionBounds', () => {
  it('rounds inwards: no float32 that it lets through is outside the bounds of the manifest', () => {
    const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        bound,
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.float({ noNaN: true }),
        (lower, range, value) => {
          const upper = lower + range;
          const bounds = new ActionBounds({
            ...linearAction,
            joints: ['one'],
            lower: [lower],
            upper: [upper],
          });
          const clamped = Math.fround(bounds.clamp(value, 0));
          fc.pre((bounds.lower[0] ?? NaN) <= (bounds.upper[0] ?? NaN));
          expect(clamped).toBeGreaterThanOrEqual(lower);
          expect(clamped).toBeLessThanOrEqual(upper);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('leaves bounds alone that float32 can hold', () => {
    const bounds = new ActionBounds({ ...linearAction, lower: [-2, 0], upper: [2, 0.5] });
    expect([...bounds.lower, ...bounds.upper]).toEqual([-2, 0, 2, 0.5]);
    expect([bounds.halfRange(0), bounds.halfRange(1), bounds.largest(1)]).toEqual([2, 0.25, 0.5]);
  });
});
