import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildRollout, type RolloutSpec } from '../../../src/rollout/build-rollout.js';
import { FallbackPlanner } from '../../../src/planning/fallback-planner.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import type { PlanContext, Planner, PlannerResult } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { silentLogger } from '../../fixtures/plan-message.js';
import { tinyModelFolder } from '../../fixtures/tiny-model.js';

const HORIZON = 3;
const context: PlanContext = {
  history: { data: new Float32Array(4), shape: [1, 2, 1, 2] },
  goal: { data: Float32Array.of(0.7, -0.4), shape: [1, 1, 2] },
  committed: new Float32Array(0),
};
const wish: RolloutSpec = {
  objective: {
    metric: 'squared_latent_distance',
    steps: 'last',
    expression: null,
    weights: { action: 0, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 },
  },
  horizon: HORIZON,
  precision: 'float32',
  kind: 'iteration',
  planner: null,
};

const runFailed = (): JepaMpcError =>
  new JepaMpcError('model.run-failed', {
    subject: 'compiled rollout',
    found: 'out of memory',
    expected: 'a run without error',
    remedy: 'Lower sampling.samples.',
  });

/** A model whose graphs can be made on its device, but not run there. */
function onBrokenDevice(model: LoadedModel, device: LoadedModel['device']): LoadedModel {
  const broken = {
    weights: null,
    score: () => Promise.reject(runFailed()),
    plan: () => Promise.reject(runFailed()),
    dispose: () => Promise.resolve(),
  };
  const rollouts = {
    scorer: () => Promise.resolve(broken),
    plan: () => Promise.resolve(broken),
    onCpu: model.rollouts,
  };
  return { ...model, device, rollouts: rollouts as unknown as LoadedModel['rollouts'] };
}

describe('a rollout whose runs fail', () => {
  let model: LoadedModel;
  const { action, ...sizes } = { action: 2, block: 2 };
  const candidates = new Float32Array(40 * HORIZON * sizes.block * action);
  createRng(1).normals(candidates);
  beforeAll(async () => {
    model = await loadModel(tinyModelFolder, { device: 'cpu' });
  });
  afterAll(() => model.dispose());

  it.each([
    ['webgpu', 'iteration', 'a compiled rollout on the cpu'],
    ['cpu', 'host', 'the rollout step by step'],
  ] as const)('on %s goes on elsewhere with the same costs', async (device, kind, instead) => {
    const whole = await buildRollout(model, wish, context, createRng(2), silentLogger);
    const expected = (await whole.scorer.score(context, candidates)).slice();
    const rollout = await buildRollout(
      onBrokenDevice(model, device),
      wish,
      context,
      createRng(2),
      silentLogger,
    );
    const costs = await rollout.scorer.score(context, candidates);
    for (const [i, cost] of costs.entries()) expect(cost).toBeCloseTo(expected[i] ?? NaN, 4);
    expect(rollout.kind).toBe(kind);
    expect(rollout.fallbacks.at(-1)).toMatchObject({ instead, remedy: 'Lower sampling.samples.' });
    await rollout.dispose();
    await whole.dispose();
  });

  it('gives up plans in one graph and says so', async () => {
    const whole: RolloutSpec = { ...wish, kind: 'plan', planner: 'cem' };
    const rollout = await buildRollout(
      onBrokenDevice(model, 'webgpu'),
      whole,
      context,
      createRng(2),
      silentLogger,
    );
    expect(rollout.kernel).not.toBeNull();
    await rollout.dropKernel(runFailed());
    expect([rollout.kernel, rollout.kind]).toEqual([null, 'iteration']);
    expect(rollout.fallbacks.at(-1)?.instead).toBe('plans made iteration by iteration');
    await rollout.dispose();
  });
});

describe('a planner with a relief', () => {
  const planner = (name: string, plan: () => Promise<PlannerResult>): Planner => ({ name, plan });
  const result = { bestCost: 1 } as PlannerResult;

  it('is relieved for good by another when a run fails', async () => {
    let failures = 0;
    const noted: JepaMpcError[] = [];
    const first = planner('whole', () => {
      failures++;
      return Promise.reject(runFailed());
    });
    const relieved = new FallbackPlanner(
      first,
      () => planner('iterating', () => Promise.resolve(result)),
      (failure) => Promise.resolve(void noted.push(failure)),
    );
    const rng = createRng(1);
    expect(await relieved.plan(null, context, rng)).toBe(result);
    expect(await relieved.plan(null, context, rng)).toBe(result);
    expect([failures, noted.length, relieved.name]).toEqual([1, 1, 'iterating']);
  });

  it('is not for other errors', async () => {
    const refusal = new Error('no goal');
    const relieved = new FallbackPlanner(
      planner('whole', () => Promise.reject(refusal)),
      () => planner('iterating', () => Promise.resolve(result)),
      () => Promise.resolve(),
    );
    await expect(relieved.plan(null, context, createRng(1))).rejects.toBe(refusal);
  });
});
