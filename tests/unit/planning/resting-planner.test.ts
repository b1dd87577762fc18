import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PlanContext, Planner, PlannerResult, PlannerState } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import type { PlannerOptions } from '../../../src/planning/planner-options.js';
import { createPlanner } from '../../../src/planning/registry.js';
import { RestingPlanner, type RestOptions } from '../../../src/planning/resting-planner.js';
import {
  linearAction,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  scorerOf,
} from './linear-world.js';

const SIZE = linearOptions.horizon * linearAction.block * 2;
const COMMITTED = [0.5, -0.25];
const context = linearContext([0.2, -0.1], [0.9, 0.4], COMMITTED);

/** A planner that always hands out the same. */
function fixedPlanner(actions: Float32Array): Planner {
  const result: PlannerResult = {
    state: { mean: actions, ageMs: 0 },
    actions,
    bestCost: 3,
    meanCost: 4,
    iterations: 2,
    elitesStd: 0.1,
  };
  return { name: 'fixed', plan: () => Promise.resolve(result) };
}

const MOVING = new Float32Array(SIZE).fill(1).fill(0.5, 0, 1).fill(-0.25, 1, 2);
const RESTING = [...COMMITTED, ...Array.from({ length: SIZE - 2 }, () => 0)];

/** Moving and resting cost this much. */
async function plan(
  [planCost, restCost]: readonly [number, number],
  rest: RestOptions = { margin: 1, patienceMs: 1000 },
  state: PlannerState | null = null,
): Promise<PlannerResult> {
  const scorer = scorerOf((actions) => (actions.subarray(2).every((a) => a === 0) ? restCost : planCost));
  const planner = new RestingPlanner(fixedPlanner(MOVING), linearModel, scorer, linearOptions, rest);
  return planner.plan(state, context, createRng(1));
}

const wasResting = (restedMs: number, ageMs: number): PlannerState => ({
  mean: new Float32Array(SIZE),
  ageMs,
  restedMs,
});

describe('a planner that rests unless its plan is worth moving for', () => {
  it('follows a plan that is cheaper by more than the margin, unchanged', async () => {
    const result = await plan([2, 3.1]);
    expect(result.actions).toBe(MOVING);
    expect(result.state).toEqual({ mean: MOVING, ageMs: 0 });
    expect(result).not.toHaveProperty('rests');
  });

  it('rests where the plan is cheaper by the margin or less, behind what is committed, and plans on from there', async () => {
    const { actions, state, rests, bestCost } = await plan([2, 2.75]);
    expect([...actions]).toEqual(RESTING);
    expect(state).toEqual({ mean: actions, ageMs: 0, restedMs: 0 });
    expect(state.mean).not.toBe(actions);
    expect([rests, bestCost]).toEqual([true, 2.75]);
  });

  it('reports the least cost of all that was scored', async () => {
    expect((await plan([5, 5.5])).bestCost).toBe(3);
  });

  it('knows how long it has rested, from plan to plan', async () => {
    expect((await plan([2, 2.1], undefined, wasResting(200, 33))).state.restedMs).toBe(233);
    expect((await plan([2, 2.1], undefined, { mean: MOVING, ageMs: 33 })).state.restedMs).toBe(0);
  });

  it('asks for less the longer it has rested, and for nothing after its patience', async () => {
    const restsAfter = async (ms: number): Promise<boolean> =>
      (await plan([2, 2.5], undefined, wasResting(ms - 100, 100))).rests === true;
    expect(await restsAfter(499)).toBe(true);
    expect(await restsAfter(501)).toBe(false);
    expect((await plan([2, 2.001], undefined, wasResting(5000, 100))).rests).toBeUndefined();
    expect((await plan([2, 2], undefined, wasResting(5000, 100))).rests).toBe(true);
  });

  it('does not count a step back in time', async () => {
    expect((await plan([2, 2.1], undefined, wasResting(200, -50))).state.restedMs).toBe(200);
  });

  it('rests where the plan has no finite cost, and follows it where rest has none', async () => {
    expect((await plan([NaN, 7])).rests).toBe(true);
    expect((await plan([7, NaN])).rests).toBeUndefined();
  });

  it('rests as far as the constraints allow: frozen entries are held', async () => {
    const options: PlannerOptions = { ...linearOptions, frozen: [null, 0.7] };
    const scorer = scorerOf(() => 1);
    const planner = new RestingPlanner(fixedPlanner(MOVING), linearModel, scorer, options, {
      margin: 1,
      patienceMs: 1000,
    });
    const { actions } = await planner.plan(null, context, createRng(1));
    expect([...actions.subarray(2, 4)]).toEqual([0, Math.fround(0.7)]);
  });

  it('stays where committed joint positions end, not where it was measured before them', async () => {
    const model = { ...linearModel, action: { ...linearAction, kind: 'joint_position' } } as const;
    const measured: PlanContext = {
      ...context,
      joints: {
        position: Float64Array.of(0.1, 0.2),
        lower: Float64Array.of(-2, -2),
        upper: Float64Array.of(2, 2),
      },
    };
    const planner = new RestingPlanner(
      fixedPlanner(MOVING),
      model,
      scorerOf(() => 1),
      linearOptions,
      { margin: 1, patienceMs: 1000 },
    );
    const { actions } = await planner.plan(null, measured, createRng(1));
    for (let i = 0; i < SIZE; i += 2) expect([...actions.subarray(i, i + 2)]).toEqual(COMMITTED);
  });

  it('costs more than its plan by no more than the margin, whatever the goal', async () => {
    const scorer = linearScorer('all');
    const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(coordinate, coordinate),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        async (goal, margin) => {
          const here = linearContext([0, 0], goal);
          const inner = createPlanner('cem', linearModel, scorer, linearOptions);
          const planner = new RestingPlanner(inner, linearModel, scorer, linearOptions, {
            margin,
            patienceMs: 1000,
          });
          const costOf = async (actions: Float32Array): Promise<number> =>
            (await scorer.score(here, actions))[0] ?? NaN;
          const alone = await costOf(
            (await createPlanner('cem', linearModel, scorer, linearOptions).plan(null, here, createRng(4)))
              .actions,
          );
          const { actions, rests } = await planner.plan(null, here, createRng(4));
          const cost = await costOf(actions);
          expect(cost).toBeLessThanOrEqual(alone + margin + 1e-6);
          expect(rests === true).toBe(actions.every((action) => action === 0));
        },
      ),
      { numRuns: 50 },
    );
  });
});
