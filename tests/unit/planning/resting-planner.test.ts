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

/** The last plan, that long ago, and how much patience was used up by then. */
const last = (rested: boolean, usedMs: number, ageMs: number): PlannerState => ({
  mean: new Float32Array(SIZE),
  ageMs,
  rest: { rested, usedMs },
});

describe('a planner that rests unless its plan is worth moving for', () => {
  it('follows a plan that is cheaper by more than the margin, unchanged', async () => {
    const result = await plan([2, 3.1]);
    expect(result.actions).toBe(MOVING);
    expect(result.state).toEqual({ mean: MOVING, ageMs: 0, rest: { rested: false, usedMs: 0 } });
    expect(result).not.toHaveProperty('rests');
  });

  it('rests where the plan is cheaper by the margin or less, behind what is committed, and plans on from there', async () => {
    const { actions, state, rests, bestCost } = await plan([2, 2.75]);
    expect([...actions]).toEqual(RESTING);
    expect(state).toEqual({ mean: actions, ageMs: 0, rest: { rested: true, usedMs: 0 } });
    expect(state.mean).not.toBe(actions);
    expect([rests, bestCost]).toEqual([true, 2.75]);
  });

  it('reports the least cost of all that was scored', async () => {
    expect((await plan([5, 5.5])).bestCost).toBe(3);
  });

  const usedMs = async (state: PlannerState): Promise<number | undefined> =>
    (await plan([2, 2.001], undefined, state)).state.rest?.usedMs;

  it('uses its patience up at rest, and gets it back three times as fast in motion', async () => {
    expect(await usedMs(last(true, 200, 33))).toBe(233);
    expect(await usedMs(last(false, 200, 33))).toBe(101);
    expect(await usedMs(last(true, 990, 33))).toBe(1000);
    expect(await usedMs(last(false, 50, 33))).toBe(0);
    expect(await usedMs({ mean: MOVING, ageMs: 33 })).toBe(0);
  });

  it('asks for less the more patience is used up, and for nothing in the end', async () => {
    const restsAfter = async (ms: number): Promise<boolean> =>
      (await plan([2, 2.5], undefined, last(true, ms - 100, 100))).rests === true;
    expect(await restsAfter(499)).toBe(true);
    expect(await restsAfter(501)).toBe(false);
    expect((await plan([2, 2.001], undefined, last(true, 5000, 100))).rests).toBeUndefined();
    expect((await plan([2, 2], undefined, last(true, 5000, 100))).rests).toBe(true);
  });

  it('goes on with a move after a rest: the next plan need not be worth the whole margin', async () => {
    expect((await plan([2, 2.2], undefined, last(false, 1000, 33))).rests).toBeUndefined();
    expect((await plan([2, 2.2], undefined, last(false, 1000, 300))).rests).toBe(true);
  });

  it('does not count a step back in time', async () => {
    expect(await usedMs(last(true, 200, -50))).toBe(200);
    expect(await usedMs(last(false, 200, -50))).toBe(200);
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
