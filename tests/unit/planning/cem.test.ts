import { describe, expect, it } from 'vitest';

import type { Objective, Rng } from '../../../src/core/ports.js';
import { createRng, deriveSeed } from '../../../src/math/rng.js';
import { CemPlanner } from '../../../src/planning/cem.js';
import { SquaredLatentDistance } from '../../../src/planning/objectives.js';
import type { PlannerOptions } from '../../../src/planning/planner-options.js';
import { RandomPlanner } from '../../../src/planning/random.js';
import { distanceBetween, linearContext, linearModel, linearOptions, move } from './linear-world.js';

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
const START = [0.2, -0.1];
const GOAL = [1.1, 0.5];

function cem(
  options: Partial<PlannerOptions> = {},
  objective: Objective = new SquaredLatentDistance(),
): CemPlanner {
  return new CemPlanner(linearModel, objective, { ...linearOptions, ...options });
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

/** Noise that is all zero, so that only the candidates that are not sampled differ. */
const silence: Rng = { normals: (out) => out.fill(0), uniforms: (out) => out.fill(0) };

describe('CemPlanner', () => {
  it('ends within 0.05 rad of a reachable goal 1.1 rad away, for every seed', async () => {
    for (const seed of SEEDS) {
      const { actions } = await cem().plan(null, linearContext(START, GOAL), createRng(seed));
      expect(missedBy(actions)).toBeLessThan(0.05);
    }
  });

  it('ends at least ten times nearer than random actions', async () => {
    const random = new RandomPlanner(linearModel, new SquaredLatentDistance(), linearOptions);
    const plan = async (planner: CemPlanner | RandomPlanner, seed: number): Promise<number> =>
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
    const planner = cem({ samples: 64, iterations: 2, elites: 8, objectiveSteps: 'all' });
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
    const objective = new SquaredLatentDistance();
    for (const seed of SEEDS) {
      const { bestCost } = await cem({ samples: 3, elites: 1, iterations: 2 }, objective).plan(
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

  it('charges actions: mean of the squared action as a fraction of its larger bound', async () => {
    const state = { mean: Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 1 : 0)), ageMs: 0 };
    const free: Objective = {
      name: 'free',
      distance: (latents) => Promise.resolve(new Float32Array(latents.shape[0] ?? 0)),
    };
    const { bestCost } = await cem({ samples: 1, elites: 1, iterations: 1, actionPenalty: 8 }, free).plan(
      state,
      linearContext(START, GOAL),
      silence,
    );
    expect(bestCost).toBeCloseTo((8 * (0.5 ** 2 + 0)) / 2, 6);
  });

  it('scores the mean over all steps when asked to', async () => {
    const seen: number[] = [];
    const stepCounter: Objective = {
      name: 'step',
      distance: (latents) => {
        seen.push(seen.length + 1);
        return Promise.resolve(new Float32Array(latents.shape[0] ?? 0).fill(seen.length));
      },
    };
    const one = { samples: 1, elites: 1, iterations: 1 };
    const all = await cem({ ...one, objectiveSteps: 'all' }, stepCounter).plan(
      null,
      linearContext(START, GOAL),
      silence,
    );
    expect(all.bestCost).toBeCloseTo((1 + 2 + 3 + 4) / 4, 6);
    const last = await cem({ ...one, objectiveSteps: 'last' }, stepCounter).plan(
      null,
      linearContext(START, GOAL),
      silence,
    );
    expect(last.bestCost).toBe(5);
  });

  it('leaves candidates without a finite cost out of the refit', async () => {
    const onlyForwards: Objective = {
      name: 'only forwards',
      distance: (latents) =>
        Promise.resolve(
          Float32Array.from({ length: latents.shape[0] ?? 0 }, (_, n) => {
            return (latents.data[n * 2] ?? 0) > (START[0] ?? 0) + 0.2 ? 1 : NaN;
          }),
        ),
    };
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
});
