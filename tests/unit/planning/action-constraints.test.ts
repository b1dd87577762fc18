import { describe, expect, it } from 'vitest';

import { ActionConstraints } from '../../../src/planning/action-constraints.js';
import { linearAction } from './linear-world.js';

type Options = ConstructorParameters<typeof ActionConstraints>[1];

const NOTHING = new Float32Array(0);

/** Two steps of two periods each. */
function constraints(options: Partial<Options> = {}, lower = [-2, -1], upper = [2, 3]): ActionConstraints {
  const action = { ...linearAction, lower, upper };
  return new ActionConstraints(action, {
    horizon: 2,
    ball: 'none',
    frozen: [null, null],
    actionRepeat: 1,
    ...options,
  });
}

function applied(values: readonly number[], by: ActionConstraints, committed = NOTHING): number[] {
  const sequence = Float32Array.from(values);
  by.apply(sequence, committed);
  return [...sequence];
}

describe('ActionConstraints', () => {
  it('clips each action to its joint’s bounds', () => {
    expect(applied([5, 5, -5, -5, 1, -0.5, 0, 0], constraints())).toEqual([2, 3, -2, -1, 1, -0.5, 0, 0]);
  });

  it('shrinks a period towards rest until it is inside the ball, keeping its direction', () => {
    // Half ranges are 2 and 2: (2, 2) is (1, 1) in units of the ball.
    const [a = NaN, b = NaN] = applied([2, 2, 0, 0, 0, 0, 0, 0], constraints({ ball: 'l2' }));
    expect([a, b]).toEqual([a, a]);
    expect(a).toBeCloseTo(Math.SQRT2, 6);
    expect(applied([2, 2, 2, 0, 0.5, 0.5, 0, 0], constraints({ ball: 'l1' }))).toEqual([
      1, 1, 2, 0, 0.5, 0.5, 0, 0,
    ]);
  });

  it('centres the ball on the rest that the bounds allow', () => {
    const neverStill = constraints({ ball: 'l1' }, [1, -1], [3, 1]);
    // Rest is (1, 0), half ranges are 1 and 1: (3, 1) is (2, 1) from there, three radii out.
    const [a = NaN, b = NaN] = applied([3, 1, 1, 0, 1, 0, 1, 0], neverStill);
    expect(a).toBeCloseTo(1 + 2 / 3, 6);
    expect(b).toBeCloseTo(1 / 3, 6);
  });

  it('centres the ball where it is put, as far as the bounds allow', () => {
    const moved = constraints({ ball: 'l1' });
    moved.centreOn(Float32Array.of(1, 9));
    // Rest is (1, 3), half ranges are 2 and 2: (-1, 1) is (-1, -1) from there, two radii out.
    expect(applied([-1, 1, 1, 3, 1, 2, 0, 3], moved)).toEqual([0, 2, 1, 3, 1, 2, 0, 3]);
  });

  it('holds frozen joints and leaves them out of the ball', () => {
    const frozen = constraints({ ball: 'l1', frozen: [null, 3] });
    expect(applied([2, 0, 9, 0, 0, 0, -2, 0], frozen)).toEqual([2, 3, 2, 3, 0, 3, -2, 3]);
  });

  it('puts committed actions at the front of every sequence, whatever they are', () => {
    const two = [...new Array<number>(8).fill(0), ...new Array<number>(8).fill(1)];
    expect(applied(two, constraints(), Float32Array.of(7, 7))).toEqual([
      ...[7, 7, 0, 0, 0, 0, 0, 0],
      ...[7, 7, 1, 1, 1, 1, 1, 1],
    ]);
  });

  it('counts the planned actions that are at their bounds', () => {
    const share = (
      values: readonly number[],
      frozen: readonly (number | null)[],
      committed = NOTHING,
    ): number => constraints({ frozen }).shareAtBounds(Float32Array.from(values), committed);
    // Bounds are -2 to 2 and -1 to 3; two hundredths of half a range from them still count.
    const values = [2, 0, -2, 1, 1.97, 0.5, 1.9, -1];
    expect(share(values, [null, null])).toBe(4 / 8);
    expect(share(values, [null, 3])).toBe(3 / 4);
    expect(share(values, [null, null], Float32Array.of(2, 0))).toBe(3 / 6);
    expect(share(values, [2, 3])).toBe(0);
  });

  it('holds the first or the mean of each group of periods, from the committed ones on', () => {
    const values = [1, 10, 2, 20, 4, 40, 6, 60];
    const twice = constraints({ actionRepeat: 2 });
    const first = Float32Array.from(values);
    twice.holdFirst(first, NOTHING);
    expect([...first]).toEqual([1, 10, 1, 10, 4, 40, 4, 40]);
    const behindOne = Float32Array.from(values);
    twice.holdFirst(behindOne, Float32Array.of(0, 0));
    expect([...behindOne]).toEqual([1, 10, 2, 20, 2, 20, 6, 60]);
    const mean = Float32Array.from(values);
    twice.holdMean(mean, NOTHING);
    expect([...mean]).toEqual([1.5, 15, 1.5, 15, 5, 50, 5, 50]);
  });
});
