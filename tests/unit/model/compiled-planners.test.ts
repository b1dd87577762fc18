import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import type { ObjectiveSpec } from '../../../src/core/objective-spec.js';
import { REFITTING_DEFAULTS } from '../../../src/planning/refitting-planner.js';
import { linearAction } from '../planning/linear-world.js';
import type { Planner } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { loadModel } from '../../../src/model/load-model.js';
import { whyIterateOnHost } from '../../../src/planning/kernel-planner.js';
import { largestDifference } from '../../fixtures/graph-run.js';
import {
  completeSettings,
  type TestSettings,
  makeKernelPlanner,
  makePlanner,
} from '../../fixtures/planners.js';
import { randomContext } from '../../fixtures/random-context.js';

const HORIZON = 4;
const REACHER = fileURLToPath(new URL('../../../models/reacher', import.meta.url));
const OBJECTIVE: ObjectiveSpec = {
  metric: 'temporal_distance',
  steps: 'last',
  expression: null,
  weights: { action: 0.3, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 },
};
const OPTIONS: TestSettings = {
  samples: 40,
  iterations: 3,
  elites: 8,
  horizon: HORIZON,
  initialStd: 0.3,
  minStd: 0.02,
};

const REFITS = { cem: 'elites', mppi: 'weights', cma: 'steps' } as const;

describe.each(['cem', 'mppi', 'cma'] as const)('%s in one graph', (name) => {
  const variants: [string, TestSettings][] = [
    ['plain', OPTIONS],
    ['with momentum and red noise', { ...OPTIONS, momentum: 0.2, noiseBeta: 2 }],
    ['with held and frozen actions', { ...OPTIONS, actionRepeat: 2, frozen: [null, 0.5] }],
    ['handing out the best', { ...OPTIONS, returned: 'best' }],
    ['stopping early', { ...OPTIONS, iterations: 8, earlyStopStd: 0.2 }],
  ];

  it.each(variants)('makes the plan of the host, %s', async (_, options) => {
    const model = await loadModel(REACHER, { device: 'cpu' });
    const { latent, history, action } = model.manifest;
    const spec = { latent, history, action };
    const request = { objective: OBJECTIVE, horizon: HORIZON, precision: 'float32' } as const;
    const scorer = await model.rollouts.scorer(request);
    const kernel = await model.rollouts.plan(request, REFITS[name]);
    const host: Planner = makePlanner(name, spec, scorer, options);
    const device = makeKernelPlanner(name, spec, kernel, scorer, options);
    const context = { ...randomContext(model, 11), committed: Float32Array.of(0.3, 0.5) };
    let hostState = null;
    let deviceState = null;
    for (let plan = 0; plan < 3; plan++) {
      const expected = await host.plan(hostState, context, createRng(plan));
      const found = await device.plan(deviceState, context, createRng(plan));
      expect(largestDifference(found.actions, expected.actions)).toBeLessThan(1e-4);
      expect(found.bestCost).toBeCloseTo(expected.bestCost, 4);
      expect(found.meanCost).toBeCloseTo(expected.meanCost, 4);
      expect(found.iterations).toBe(expected.iterations);
      expect(found.elitesStd).toBeCloseTo(expected.elitesStd, 4);
      expect(found.elitesStdByIteration).toHaveLength(found.iterations);
      for (const [iteration, std] of expected.elitesStdByIteration.entries())
        expect(found.elitesStdByIteration[iteration]).toBeCloseTo(std, 4);
      expect(found.costVariation).toBeCloseTo(expected.costVariation, 4);
      hostState = { ...expected.state, ageMs: action.periodMs };
      deviceState = { ...found.state, ageMs: action.periodMs };
    }
    await scorer.dispose();
    await kernel.dispose();
    await model.dispose();
  });
});

describe('whyIterateOnHost', () => {
  it.each([
    ['icem', OPTIONS, 'planner icem'],
    ['cem', { ...OPTIONS, ball: 'l2' } as const, 'actions.ball l2'],
    ['cem', { ...OPTIONS, samples: 2, elites: 1 }, '2 samples'],
    ['mppi', { ...OPTIONS, timeBudget: { ms: 5, nowMs: () => 0 } }, 'a time budget'],
    ['cem', OPTIONS, null],
  ])('%s', (name, options, why) => {
    expect(
      whyIterateOnHost(
        name,
        completeSettings(options, linearAction, REFITTING_DEFAULTS),
        { kind: 'joint_velocity' },
        false,
      ),
    ).toBe(why);
  });
});
