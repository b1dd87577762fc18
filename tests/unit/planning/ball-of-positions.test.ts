import { describe, expect, it } from 'vitest';

import type { PlanContext } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { isBaseline, plannerNames } from '../../../src/planning/registry.js';
import { linearAction, linearContext, linearModel, linearOptions, scorerOf } from './linear-world.js';
import { makePlanner } from '../../fixtures/planners.js';

/** Not in the middle of the bounds. */
const START = [1.8, -1];
const context: PlanContext = {
  ...linearContext(START, START),
  joints: {
    position: Float64Array.from(START),
    lower: Float64Array.of(-2, -2),
    upper: Float64Array.of(2, 2),
  },
};
const model = { ...linearModel, action: { ...linearAction, kind: 'joint_position', unit: 'rad' } } as const;
/** Asks for staying where the robot is. */
const staying = scorerOf((actions) => {
  let cost = 0;
  for (const [i, action] of actions.entries()) cost += (action - (START[i % START.length] ?? NaN)) ** 2;
  return cost;
});

describe.each(['l1', 'l2'] as const)('the %s ball of joint positions', (ball) => {
  it.each(plannerNames.filter((name) => !isBaseline(name)))(
    'lets %s leave the robot where it is',
    async (name) => {
      const planner = makePlanner(name, model, staying, { ...linearOptions, ball, keep: 'mean_best_rest' });
      const { bestCost } = await planner.plan(null, context, createRng(3));
      expect(bestCost).toBeCloseTo(0, 10);
    },
  );

  it('is around the last committed position where there is one', async () => {
    const moved = [1.2, -0.4];
    const { actions } = await makePlanner('random', model, staying, { ...linearOptions, ball }).plan(
      null,
      { ...context, committed: Float32Array.from(moved) },
      createRng(3),
    );
    for (let i = 0; i < actions.length; i += 2) {
      const offsets = [((actions[i] ?? NaN) - 1.2) / 2, ((actions[i + 1] ?? NaN) + 0.4) / 1.4].map(Math.abs);
      const [a = NaN, b = NaN] = offsets;
      expect(ball === 'l1' ? a + b : Math.hypot(a, b)).toBeLessThan(1 + 1e-6);
    }
  });

  it('is around the measured position for random plans too', async () => {
    const { actions } = await makePlanner('random', model, staying, { ...linearOptions, ball }).plan(
      null,
      context,
      createRng(3),
    );
    for (let i = 0; i < actions.length; i += 2) {
      const offsets = [((actions[i] ?? NaN) - 1.8) / 2, ((actions[i + 1] ?? NaN) + 1) / 1.4].map(Math.abs);
      const [a = NaN, b = NaN] = offsets;
      expect(ball === 'l1' ? a + b : Math.hypot(a, b)).toBeLessThan(1 + 1e-6);
    }
  });
});
