import { describe, expect, it } from 'vitest';

import type { CandidateScorer, Planner } from '../../../src/core/ports.js';
import { createRng, deriveSeed } from '../../../src/math/rng.js';
import {
  distanceBetween,
  GOAL,
  linearContext,
  linearModel,
  linearOptions,
  linearScorer,
  move,
  START,
  scorerOf,
} from './linear-world.js';
import { type TestSettings, makePlanner } from '../../fixtures/planners.js';

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

function cem(options: Partial<TestSettings> = {}, scorer: CandidateScorer = linearScorer()): Planner {
  return makePlanner('cem', linearModel, scorer, { ...linearOptions, ...options });
}

async function meanOf(measure: (seed: number) => Promise<number>): Promise<number> {
  let sum = 0;
  for (const seed of SEEDS) sum += await measure(seed);
  return sum / SEEDS.length;
}

/** Distance from the goal where the actions of a plan end. */
function missedBy(actions: Float32Array, from: readonly number[] = START): number {
  return distanceBetween(move(from, actions), GOAL);
}

describe('CemPlanner', () => {
  it('ends within 0.05 rad of a reachable goal 1.1 rad away, for every seed', async () => {
    for (const seed of SEEDS) {
      const { actions } = await cem().plan(null, linearContext(START, GOAL), createRng(seed));
      expect(missedBy(actions)).toBeLessThan(0.05);
    }
  });

  it('ends at least ten times nearer than random actions', async () => {
    const random = makePlanner('random', linearModel, linearScorer(), linearOptions);
    const plan = async (planner: Planner, seed: number): Promise<number> =>
      missedBy((await planner.plan(null, linearContext(START, GOAL), createRng(seed))).actions);
    const byCem = await meanOf((seed) => plan(cem(), seed));
    const byRandom = await meanOf((seed) => plan(random, seed));
    expect(byCem * 10).toBeLessThan(byRandom);
  });

  it('needs one iteration with a warm start where a cold one misses by at least three times as much', async () => {
    const first = await cem().plan(null, linearContext(START, GOAL), createRng(1));
    const later = move(START, first.actions.slice(0, 2));
    const context = linearContext(later, GOAL);
    const once = cem({ iterations: 1 });
    const warm = await meanOf(async (seed) => {
      const { actions } = await once.plan({ ...first.state, ageMs: 100 }, context, createRng(seed));
      return missedBy(actions, later);
    });
    const cold = await meanOf(async (seed) =>
      missedBy((await once.plan(null, context, createRng(seed))).actions, later),
    );
    expect(warm * 3).toBeLessThan(cold);
  });

  it('makes up for committed actions that lead away from the goal', async () => {
    const { actions } = await cem().plan(null, linearContext(START, GOAL, [-1, -1, -1, -1]), createRng(1));
    expect([...actions.subarray(0, 4)]).toEqual([-1, -1, -1, -1]);
    expect(missedBy(actions)).toBeLessThan(0.05);
  });

  it('reaches and holds the goal when it plans again every period', async () => {
    // Scored at every step: the last latent alone says nothing of how to get there, so the first action would wander.
    const planner = cem({ samples: 64, iterations: 2, elites: 8 }, linearScorer('all'));
    let pose = START;
    let state = null;
    for (let index = 0; index < 25; index++) {
      const result = await planner.plan(state, linearContext(pose, GOAL), createRng(deriveSeed(1, index)));
      pose = move(pose, result.actions.subarray(0, 2));
      state = { ...result.state, ageMs: 100 };
      if (index >= 20) expect(distanceBetween(pose, GOAL)).toBeLessThan(0.1);
    }
  });

  it('never does worse than resting where it already is', async () => {
    for (const seed of SEEDS) {
      const { bestCost } = await cem({ samples: 3, elites: 1, iterations: 2 }).plan(
        { mean: new Float32Array(16).fill(1), ageMs: 0 },
        linearContext(GOAL, GOAL),
        createRng(seed),
      );
      expect(bestCost).toBeLessThan(1e-12);
    }
  });

  it('never does worse than the plan that it starts from', async () => {
    const good = await cem().plan(null, linearContext(START, GOAL), createRng(1));
    const again = await cem({ iterations: 1, samples: 2, elites: 1, returned: 'best' }).plan(
      good.state,
      linearContext(START, GOAL),
      createRng(2),
    );
    expect(missedBy(again.actions)).toBeLessThanOrEqual(missedBy(good.state.mean) + 1e-6);
  });

  it('hands out the cheapest candidate when asked for the best', async () => {
    const { actions, bestCost } = await cem({ returned: 'best' }).plan(
      null,
      linearContext(START, GOAL),
      createRng(3),
    );
    expect(missedBy(actions) ** 2).toBeCloseTo(bestCost, 5);
  });

  it('leaves candidates without a finite cost out of the refit', async () => {
    const onlyForwards = scorerOf((actions) => ((move([0, 0], actions)[0] ?? 0) > 0.2 ? 1 : NaN));
    const { state, meanCost } = await cem({ samples: 100, elites: 100, iterations: 1 }, onlyForwards).plan(
      null,
      linearContext(START, GOAL),
      createRng(1),
    );
    expect(meanCost).toBe(1);
    expect(move(START, state.mean)[0]).toBeGreaterThan((START[0] ?? 0) + 0.2);
  });

  it('moves only as far as momentum lets it', async () => {
    const options = { samples: 100, iterations: 1 };
    const context = linearContext(START, GOAL);
    const free = await cem({ ...options, momentum: 0 }).plan(null, context, createRng(4));
    const slow = await cem({ ...options, momentum: 0.75 }).plan(null, context, createRng(4));
    for (const [i, value] of slow.state.mean.entries())
      expect(value).toBeCloseTo(0.25 * (free.state.mean[i] ?? NaN), 5);
  });

  it('hands out the mean of good plans that agree', async () => {
    const { actions, state } = await cem().plan(null, linearContext(START, GOAL), createRng(1));
    expect(actions).toEqual(state.mean);
  });

  it('hands out the best plan, and goes on from it, where the mean of good plans is a bad one', async () => {
    // An obstacle straight ahead: going round it at 1 rad/s on either side is best, and the mean of both drives into it.
    const cost = (actions: Float32Array): number => Math.abs(Math.abs(actions[0] ?? NaN) - 1);
    const state = { mean: new Float32Array(16).fill(0.7), ageMs: 0 };
    const plan = (returned: 'mean' | 'checked_mean'): ReturnType<Planner['plan']> =>
      cem({ iterations: 1, samples: 200, elites: 50, keep: 'mean', returned }, scorerOf(cost)).plan(
        state,
        linearContext(START, GOAL),
        createRng(1),
      );
    expect(cost((await plan('mean')).actions)).toBeGreaterThan(cost(state.mean));
    const checked = await plan('checked_mean');
    expect(cost(checked.actions)).toBeCloseTo(checked.bestCost, 6);
    expect(checked.state.mean).toEqual(checked.actions);
  });

  it('narrows down no further than the least deviation of each joint', async () => {
    const smallest = [Infinity, Infinity];
    await cem({
      iterations: 10,
      minStd: [0.1, 0.01],
      onIteration: ({ std }) => {
        for (const [i, value] of std.entries()) smallest[i % 2] = Math.min(smallest[i % 2] ?? NaN, value);
      },
    }).plan(null, linearContext(START, GOAL), createRng(1));
    expect(smallest[0]).toBeCloseTo(0.1 * 2, 6);
    expect(smallest[1]).toBeGreaterThanOrEqual(Math.fround(0.01 * 1.4));
    expect(smallest[1]).toBeLessThan(0.1 * 1.4);
  });

  it('stops early when the elites agree, and says how far they do', async () => {
    const plan = (earlyStopStd: number): ReturnType<Planner['plan']> =>
      cem({ iterations: 50, minStd: 0, earlyStopStd }).plan(null, linearContext(START, GOAL), createRng(1));
    const early = await plan(0.05);
    expect(early.iterations).toBeLessThan(50);
    expect(early.elitesStd).toBeLessThan(0.05);
    const [first = NaN] = early.elitesStdByIteration;
    expect(first).toBeGreaterThan(0.2);
    expect(early.elitesStdByIteration.slice(0, -1).every((std) => std >= 0.05)).toBe(true);
    expect((await plan(0)).iterations).toBe(50);
  });

  it('takes no single elite for agreement', async () => {
    const options = { samples: 10, elites: 1, iterations: 4, earlyStopStd: 1 };
    const { iterations } = await cem(options).plan(null, linearContext(START, GOAL), createRng(1));
    expect(iterations).toBe(4);
  });

  it('keeps a share of its samples as wide as at first', async () => {
    const spread = async (wideShare: number): Promise<number> => {
      let largest = 0;
      await cem({
        wideShare,
        iterations: 8,
        onIteration: ({ iteration, candidates, mean }) => {
          if (iteration < 7) return;
          for (const [i, value] of candidates.entries())
            largest = Math.max(largest, Math.abs(value - (mean[i % mean.length] ?? NaN)));
        },
      }).plan(null, linearContext(START, GOAL), createRng(1));
      return largest;
    };
    expect(await spread(0.5)).toBeGreaterThan(2 * (await spread(0)));
  });

  it('reports the mean cost of the elites, whatever the check of the mean leaves in the buffer of the scorer', async () => {
    const shared = new Float32Array(linearOptions.samples);
    const inner = linearScorer();
    const reusing: CandidateScorer = {
      score: async (given, candidates) => {
        const costs = await inner.score(given, candidates);
        shared.fill(NaN);
        shared.set(costs);
        return shared.subarray(0, costs.length);
      },
    };
    const context = linearContext(START, GOAL);
    const plain = await cem().plan(null, context, createRng(1));
    expect(await cem({}, reusing).plan(null, context, createRng(1))).toEqual(plain);
  });
});
