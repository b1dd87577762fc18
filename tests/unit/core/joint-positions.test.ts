import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { displacement, marginWithin } from '../../../src/core/joint-positions.js';

describe('displacement', () => {
  it('leaves out whole revolutions of a continuous joint, and of no other', () => {
    const revolutions = 4 * Math.PI;
    expect(displacement(0.3, 0.1 + revolutions, true)).toBeCloseTo(-0.2, 12);
    expect(displacement(0.3, 0.1 + revolutions, false)).toBeCloseTo(revolutions - 0.2, 12);
  });

  it('of a continuous joint is never more than half a revolution', () => {
    const position = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(position, position, (from, to) => {
        expect(Math.abs(displacement(from, to, true))).toBeLessThanOrEqual(Math.PI + 1e-12);
      }),
    );
  });
});

describe('marginWithin', () => {
  it('takes at most a tenth of the range from each end', () => {
    expect(marginWithin(-1, 1, 0.05)).toBe(0.05);
    expect(marginWithin(0, 0.04, 0.05)).toBeCloseTo(0.004, 15);
    expect(marginWithin(-Infinity, Infinity, 0.05)).toBe(0.05);
  });
});
