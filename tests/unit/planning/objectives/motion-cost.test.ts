import { describe, expect, it } from 'vitest';

import type { ObjectiveWeights } from '../../../../src/core/objective-spec.js';
import type { JointSituation } from '../../../../src/core/ports.js';
import { foreseePositions } from '../../../../src/planning/objectives/foreseen-positions.js';
import { MotionCost } from '../../../../src/planning/objectives/motion-cost.js';
import { linearAction } from '../linear-world.js';

const NOTHING: ObjectiveWeights = { action: 0, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 };
/** Bounds of joint 1 are ±2, of joint 2 -1.1 to 1.7: larger bound 1.7, half range 1.4. */
const ACTIONS = Float32Array.of(2, 0, 2, 1.4, 0, 1.7);
const AT_ZERO = Float64Array.of(0, 0);
const LIMITS = {
  position: AT_ZERO,
  lower: Float64Array.of(-1, -Infinity),
  upper: Float64Array.of(0.45, Infinity),
};

/** Velocities held for 0.1 s each. */
const HELD = { isSum: true, gain: 0.1 };

function cost(weights: ObjectiveWeights, limits: JointSituation | null = LIMITS): number {
  const positions = new Float32Array(ACTIONS.length);
  foreseePositions(AT_ZERO, ACTIONS, 3, HELD, positions);
  const out = new Float64Array(1);
  new MotionCost(linearAction, { ...NOTHING, ...weights }, 3).write(
    ACTIONS,
    limits === null ? null : { positions, situation: limits },
    out,
  );
  return out[0] ?? NaN;
}

describe('MotionCost', () => {
  it('charges actions: mean of the square as a fraction of the larger bound', () => {
    expect(cost({ action: 6 })).toBeCloseTo(1 + 1 + (1.4 / 1.7) ** 2 + 1, 6);
  });

  it('charges changes from one action to the next: mean of the square as a fraction of half the range', () => {
    // Joint 1: 0, then -2; joint 2: 1.4, then 0.3. The first action has none before it.
    expect(cost({ smoothness: 4 })).toBeCloseTo(0 + 1 + 1 + (0.3 / 1.4) ** 2, 6);
  });

  it('charges nothing for changes in a plan of one action', () => {
    const out = Float64Array.of(NaN);
    new MotionCost(linearAction, { ...NOTHING, smoothness: 1 }, 1).write(Float32Array.of(1, 1), null, out);
    expect(out[0]).toBe(0);
  });

  it('charges the way into the margin of the limits: mean over periods of its square', () => {
    // Joint 1 is foreseen at 0.2, 0.4 and 0.4, with the margin beginning at 0.35; joint 2 has no limits.
    expect(cost({ limit: 3, limitMargin: 0.1, limitMarginM: 0.1 })).toBeCloseTo(0.05 ** 2 + 0.05 ** 2, 6);
    expect(cost({ limit: 3, limitMargin: 0, limitMarginM: 0 })).toBe(0);
  });

  it('has margins in the unit of each joint, of at most a tenth of its range', () => {
    // Joint 1 is foreseen at 0.2, 0.4 and 0.4 of a range up to 0.45: a tenth of it is 0.145.
    const slides = { ...LIMITS, units: ['m', 'rad'] as const };
    expect(cost({ limit: 3, limitMargin: 0, limitMarginM: 0.1 }, slides)).toBeCloseTo(2 * 0.05 ** 2, 6);
    expect(cost({ limit: 3, limitMargin: 0.1, limitMarginM: 0 }, slides)).toBe(0);
    expect(cost({ limit: 3, limitMargin: 0, limitMarginM: 9 }, slides)).toBeCloseTo(2 * 0.095 ** 2, 6);
  });

  it('charges nothing for limits that are not known', () => {
    expect(cost({ limit: 3, limitMargin: 10, limitMarginM: 10 }, null)).toBe(0);
  });

  it('adds up its terms', () => {
    const all = { action: 1, smoothness: 2, limit: 3, limitMargin: 0.1, limitMarginM: 0.1 };
    const apart =
      cost({ action: 1 }) + cost({ smoothness: 2 }) + cost({ limit: 3, limitMargin: 0.1, limitMarginM: 0.1 });
    expect(cost(all)).toBeCloseTo(apart, 12);
  });
});

describe('foreseePositions', () => {
  it('adds up what each action moves, for each sequence from the same start', () => {
    const out = new Float32Array(8);
    foreseePositions(Float64Array.of(1, -1), Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40), 2, HELD, out);
    expect([...out].map((value) => Number(value.toFixed(4)))).toEqual([1.1, -0.8, 1.4, -0.4, 2, 1, 5, 5]);
  });

  it('takes actions that are positions as they are', () => {
    const out = new Float32Array(2);
    foreseePositions(Float64Array.of(1), Float32Array.of(0.5, 0.25), 2, { isSum: false, gain: 1 }, out);
    expect([...out]).toEqual([0.5, 0.25]);
  });
});
