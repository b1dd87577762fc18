import fc from 'fast-check';
import { evaluate } from 'mathjs';
import { describe, expect, it } from 'vitest';

import {
  compileExpression,
  type StepInputs,
} from '../../../../src/planning/expression/compile-expression.js';
import { parseExpression } from '../../../../src/planning/expression/parse-expression.js';
import { numberExpression } from './random-expressions.js';

const JOINTS = 2;
const BLOCK = 2;
const HORIZON = 3;
const scope = { joints: JOINTS, hasTemporalDistance: true, foreseesState: true };

/** Two candidates; action k of joint j is 10 n + k + j / 10, and positions are negative. */
const actions = Float32Array.from({ length: 2 * HORIZON * BLOCK * JOINTS }, (_, i) => {
  const period = Math.floor(i / JOINTS) % (HORIZON * BLOCK);
  return 10 * Math.floor(i / (JOINTS * BLOCK * HORIZON)) + period + (i % JOINTS) / 10;
});

function inputs(step: number, change: Partial<StepInputs> = {}): StepInputs {
  return {
    candidates: 2,
    step,
    horizon: HORIZON,
    goalDistance: Float32Array.of(3, 5),
    latentDistance: Float32Array.of(0.5, 0.25),
    actions,
    positions: actions.map((action) => -action),
    ...change,
  };
}

function compute(text: string, step = 2, change: Partial<StepInputs> = {}): number[] {
  const run = compileExpression(parseExpression(text, scope).root, { joints: JOINTS, block: BLOCK });
  return [...run(inputs(step, change))].map((value) => Number(value.toFixed(4)));
}

describe('a compiled expression', () => {
  it('has a value for each candidate', () => {
    expect(compute('goal_distance + 2 * latent_distance')).toEqual([4, 5.5]);
    expect(compute('7')).toEqual([7, 7]);
  });

  it('takes the mean of the actions of a block, joints counted from 1', () => {
    // Step 2 is actions 2 and 3.
    expect(compute('action[1]')).toEqual([2.5, 12.5]);
    expect(compute('action[2]')).toEqual([2.6, 12.6]);
    expect(compute('sum(action)')).toEqual([5.1, 25.1]);
  });

  it('takes joint positions from the end of a step', () => {
    expect(compute('q[2]')).toEqual([-3.1, -13.1]);
    expect(compute('norm(state)')).toEqual([
      Number(Math.hypot(3, 3.1).toFixed(4)),
      Number(Math.hypot(13, 13.1).toFixed(4)),
    ]);
  });

  it('reaches the other steps, and the nearest one where there is none', () => {
    expect(compute('action[t - 1, 1]', 2)).toEqual([0.5, 10.5]);
    expect(compute('action[t - 1, 1]', 1)).toEqual([0.5, 10.5]);
    expect(compute('q[t + 5, 1]', 1)).toEqual(compute('q[H, 1]', 1));
    expect(compute('action[1, 1] - action[-4, 1]')).toEqual([0, 0]);
  });

  it('knows the step and the horizon', () => {
    expect(compute('10 * t + H', 1)).toEqual([13, 13]);
  });

  it('compares and chooses, joint by joint where there are joints', () => {
    expect(compute('goal_distance > 4 ? 1 : latent_distance')).toEqual([0.5, 1]);
    expect(compute('sum(action > 2.55)')).toEqual([1, 2]);
    expect(compute('sum(action > 2.55 ? 0 : q)')).toEqual([-3, 0]);
    expect(compute('(goal_distance - 3) ? 1 : 2')).toEqual([2, 1]);
  });

  it('leaves what is not a number to whoever takes the cheapest candidates', () => {
    expect(compute('1 / (goal_distance - 3)')).toEqual([Infinity, 0.5]);
    expect(compute('sqrt(4 - goal_distance)')).toEqual([1, NaN]);
  });

  it('follows the number of candidates from call to call', () => {
    const run = compileExpression(parseExpression('goal_distance * max(action)', scope).root, {
      joints: JOINTS,
      block: BLOCK,
    });
    expect(run(inputs(1))).toHaveLength(2);
    expect([...run(inputs(1, { candidates: 1, goalDistance: Float32Array.of(2) }))]).toEqual([
      Math.fround(2 * Math.fround(0.6)),
    ]);
  });

  it('agrees with mathjs on the same text', () => {
    fc.assert(
      fc.property(numberExpression, fc.integer({ min: 1, max: HORIZON }), (text, step) => {
        const run = compileExpression(parseExpression(text, scope).root, { joints: JOINTS, block: BLOCK });
        for (const [candidate, value] of run(inputs(step)).entries()) {
          const expected = byMathjs(text, step, candidate);
          expect(Math.abs(value - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** What mathjs itself makes of a text for one candidate. */
function byMathjs(text: string, step: number, candidate: number): number {
  const { goalDistance, latentDistance, positions } = inputs(step);
  const valueAt = (source: Float32Array | null, s: number, period: number, joint: number): number => {
    const block = Math.min(Math.max(s, 1), HORIZON) - 1;
    return source?.[((candidate * HORIZON + block) * BLOCK + period) * JOINTS + joint - 1] ?? NaN;
  };
  const stateAt = (s: number, joint: number): number => valueAt(positions, s, BLOCK - 1, joint);
  const actionAt = (s: number, joint: number): number =>
    (valueAt(actions, s, 0, joint) + valueAt(actions, s, 1, joint)) / 2;
  const translated = text
    .replaceAll(
      /\b(action|state|q)\[(?:([^,\]]+), )?([12])\]/gu,
      (_, name: string, s: string | undefined, joint: string) => `${name}At(${s ?? 't'}, ${joint})`,
    )
    .replaceAll('30 deg', '(30 * pi / 180)')
    .replaceAll('(-5 mm/s)', '(-0.005)');
  const value: unknown = evaluate(translated, {
    t: step,
    H: HORIZON,
    goal_distance: goalDistance?.[candidate],
    latent_distance: latentDistance?.[candidate],
    actionAt,
    stateAt,
    qAt: stateAt,
  });
  return Number(value);
}
