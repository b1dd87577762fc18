import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import type {
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  RestMemory,
} from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { RestingPlanner, type RestOptions } from '../../../src/planning/resting-planner.js';
import {
  linearAction,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  scorerOf,
} from './linear-world.js';
import { type TestSettings, makePlanner, makeRestingPlanner } from '../../fixtures/planners.js';

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
    elitesStdByIteration: [0.3, 0.1],
    costVariation: 0.2,
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
  const planner = makeRestingPlanner(fixedPlanner(MOVING), linearModel, scorer, linearOptions, rest);
  return planner.plan(state, context, createRng(1));
}

/** For actions that are joint positions. It always rests: moving costs no less. */
function positionPlanner(): RestingPlanner {
  const model = { ...linearModel, action: { ...linearAction, kind: 'joint_position' } } as const;
  return makeRestingPlanner(
    fixedPlanner(MOVING),
    model,
    scorerOf(() => 1),
    linearOptions,
    { margin: 1, patienceMs: 1000 },
  );
}

/** The state after a plan, some time later. */
const later = (memory: RestMemory, ageMs: number): PlannerState => ({
  mean: new Float32Array(SIZE),
  ageMs,
  rest: memory,
});

/** Plans one after the other, which gain so much in turn: `M` for those that move the robot, `.` for rest. */
async function story(gains: readonly number[], everyMs: number): Promise<string> {
  let state: PlannerState | null = null;
  let letters = '';
  for (const gain of gains) {
    const result: PlannerResult = await plan([2, 2 + gain], undefined, state);
    letters += result.state.rest?.rested === true ? '.' : 'M';
    state = { ...result.state, ageMs: everyMs };
  }
  return letters;
}

/** Lengths of the runs of one letter. */
const runsOf = (story: string, letter: 'M' | '.'): number[] =>
  [...story.matchAll(letter === 'M' ? /M+/g : /\.+/g)].map(([run]) => run.length);

describe('a planner that rests unless its plan is worth moving for', () => {
  it('follows a plan that is cheaper by more than the margin, unchanged', async () => {
    const result = await plan([2, 3.1]);
    expect(result.actions).toBe(MOVING);
    expect(result.state).toEqual({ mean: MOVING, ageMs: 0, rest: { rested: false, used: 0, stretch: 1 } });
  });

  it('rests where the plan is cheaper by the margin or less, behind what is committed, and plans on from there', async () => {
    const { actions, state, bestCost } = await plan([2, 2.75]);
    expect([...actions]).toEqual(RESTING);
    expect(state).toEqual({ mean: actions, ageMs: 0, rest: { rested: true, used: 0, stretch: 1 } });
    expect(state.mean).not.toBe(actions);
    expect(bestCost).toBe(2);
  });

  it('reports the least cost of all that was scored', async () => {
    expect((await plan([5, 5.5])).bestCost).toBe(3);
    expect((await plan([2, 3.5])).bestCost).toBe(2);
    expect((await plan([2.5, NaN])).bestCost).toBe(2.5);
  });

  it('moves for less the longer it has rested, and for any gain in the end', async () => {
    const restsAfter = async (used: number, gain: number): Promise<boolean> =>
      (await plan([2, 2 + gain], undefined, later({ rested: true, used, stretch: 1 }, 100))).state.rest
        ?.rested === true;
    expect(await restsAfter(0.39, 0.5)).toBe(true);
    expect(await restsAfter(0.41, 0.5)).toBe(false);
    expect(await restsAfter(5, 0.001)).toBe(false);
    expect(await restsAfter(5, 0)).toBe(true);
  });

  it.each([33, 100])(
    'goes on with a move out of impatience until a growing margin ends it, and then rests twice as long; plans every %i ms',
    async (everyMs) => {
      const gains = Array.from({ length: Math.round(60_000 / everyMs) }, () => 0.5);
      const letters = await story(gains, everyMs);
      const rests = runsOf(letters, '.').map((plans) => plans * everyMs);
      const moves = runsOf(letters, 'M').map((plans) => plans * everyMs);
      for (const [index, ms] of [500, 1000, 2000, 4000, 4000].entries())
        expect(Math.abs((rests[index] ?? NaN) - ms)).toBeLessThanOrEqual(everyMs);
      for (const ms of moves) expect(Math.abs(ms - 1000 / 6)).toBeLessThanOrEqual(everyMs);
    },
  );

  it('moves less and less where it only ever finds noise', async () => {
    const noise = Array.from({ length: 1000 }, (_, index) => 0.4 + 0.4 * Math.sin(index * 12.9898));
    const letters = await story(noise, 33);
    const share = (from: number): number =>
      runsOf(letters.slice(from), 'M').reduce((a, b) => a + b, 0) / (1000 - from);
    expect(share(500)).toBeLessThan(0.1);
    expect(share(500)).toBeLessThan(share(0));
  });

  it('is as patient as at first after a move that was worth the whole margin', async () => {
    const { state } = await plan([2, 3.5], undefined, later({ rested: true, used: 0.5, stretch: 8 }, 33));
    expect(state.rest).toEqual({ rested: false, used: 0, stretch: 1 });
    expect(await story([...Array<number>(40).fill(0.5), 1.5, ...Array<number>(40).fill(0.5)], 33)).toMatch(
      /^\.{15,17}M{5,6}\.+M\.{15,17}M/,
    );
  });

  it('does not count a step back in time', async () => {
    const memory = { rested: true, used: 0.2, stretch: 1 };
    expect((await plan([2, 2.001], undefined, later(memory, -50))).state.rest).toEqual(memory);
  });

  it('rests where the plan has no finite cost, and follows it where rest has none', async () => {
    expect((await plan([NaN, 7])).state.rest?.rested).toBe(true);
    expect((await plan([7, NaN])).state.rest?.rested).toBe(false);
  });

  it('rests where neither has a finite cost, which scorers refuse', async () => {
    const error = new JepaMpcError('planner.not-finite', {
      subject: 'costs',
      found: 'none finite',
      expected: 'one',
      remedy: 'none',
    });
    const scorer = { score: () => Promise.reject(error) };
    const planner = makeRestingPlanner(fixedPlanner(MOVING), linearModel, scorer, linearOptions, {
      margin: 1,
      patienceMs: 1000,
    });
    expect(await planner.plan(null, context, createRng(1))).toMatchObject({
      state: { rest: { rested: true } },
      bestCost: 3,
    });
  });

  it('rests as far as the constraints allow: frozen entries are held', async () => {
    const options: TestSettings = { ...linearOptions, frozen: [null, 0.7] };
    const scorer = scorerOf(() => 1);
    const planner = makeRestingPlanner(fixedPlanner(MOVING), linearModel, scorer, options, {
      margin: 1,
      patienceMs: 1000,
    });
    const { actions } = await planner.plan(null, context, createRng(1));
    expect([...actions.subarray(2, 4)]).toEqual([0, Math.fround(0.7)]);
  });

  it('stays where committed joint positions end, not where it was measured before them', async () => {
    const measured: PlanContext = {
      ...context,
      joints: {
        position: Float64Array.of(0.1, 0.2),
        lower: Float64Array.of(-2, -2),
        upper: Float64Array.of(2, 2),
      },
    };
    const { actions } = await positionPlanner().plan(null, measured, createRng(1));
    for (let i = 0; i < SIZE; i += 2) expect([...actions.subarray(i, i + 2)]).toEqual(COMMITTED);
  });

  it('stays where joint positions are commanded to, not where they sag to, where none is committed', async () => {
    const limits = { lower: Float64Array.of(-2, -2), upper: Float64Array.of(2, 2) };
    const joints = {
      position: Float64Array.of(0.1, 0.2),
      commanded: Float64Array.of(0.125, 0.25),
      ...limits,
    };
    const free = { ...context, joints, committed: new Float32Array(0) };
    const { actions } = await positionPlanner().plan(null, free, createRng(1));
    expect([...actions.subarray(0, 2)]).toEqual([0.125, 0.25]);
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
          const inner = makePlanner('cem', linearModel, scorer, linearOptions);
          const planner = makeRestingPlanner(inner, linearModel, scorer, linearOptions, {
            margin,
            patienceMs: 1000,
          });
          const costOf = async (actions: Float32Array): Promise<number> =>
            (await scorer.score(here, actions))[0] ?? NaN;
          const alone = await costOf(
            (await makePlanner('cem', linearModel, scorer, linearOptions).plan(null, here, createRng(4)))
              .actions,
          );
          const { actions, state } = await planner.plan(null, here, createRng(4));
          const cost = await costOf(actions);
          expect(cost).toBeLessThanOrEqual(alone + margin + 1e-6);
          expect(state.rest?.rested).toBe(actions.every((action) => action === 0));
        },
      ),
      { numRuns: 50 },
    );
  });
});
