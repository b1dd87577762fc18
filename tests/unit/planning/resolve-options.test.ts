import { describe, expect, it } from 'vitest';

import type { PlannerOptions } from '../../../src/planning/planner-options.js';
import { resolvePlannerOptions } from '../../../src/planning/resolve-options.js';
import { linearAction, linearOptions } from './linear-world.js';

const OWN = { momentum: 0.1, noiseBeta: 2, returned: 'best' } as const;

function resolve(options: Partial<PlannerOptions>): ReturnType<typeof resolvePlannerOptions> {
  return resolvePlannerOptions({ ...linearOptions, ...options }, linearAction, OWN);
}

describe('resolvePlannerOptions', () => {
  it('gives one deviation to every joint, or each its own', () => {
    expect(resolve({ initialStd: 0.5, minStd: [0.1, 0] })).toMatchObject({
      initialStd: [0.5, 0.5],
      minStd: [0.1, 0],
    });
  });

  it('takes what was left out from the planner, and nothing else', () => {
    expect(resolve({ momentum: 0 })).toMatchObject({ momentum: 0, noiseBeta: 2, returned: 'best' });
  });

  it.each<[string, Partial<PlannerOptions>]>([
    ['cem.samples 0', { samples: 0 }],
    ['cem.iterations 1.5', { iterations: 1.5 }],
    ['cem.elites 101', { elites: 101 }],
    ['cem.horizon 0', { horizon: 0 }],
    ['actions.repeat 0', { actionRepeat: 0 }],
    ['icem.kept_elites -1', { keptElites: -1 }],
    ['cem.initial_std [0.5, 1, 2]', { initialStd: [0.5, 1, 2] }],
    ['cem.initial_std [1, 0]', { initialStd: [1, 0], minStd: 0 }],
    ['cem.min_std [0.1, 0.3]', { initialStd: 0.2, minStd: [0.1, 0.3] }],
    ['cem.momentum 1', { momentum: 1 }],
    ['noise.beta -1', { noiseBeta: -1 }],
    ['cem.wide_share 1.1', { wideShare: 1.1 }],
    ['cem.early_stop_std NaN', { earlyStopStd: NaN }],
    ['mppi.temperature 0', { temperature: 0 }],
    ['icem.shrink 0.9', { shrink: 0.9 }],
    ['actions.frozen [nothing, 9]', { frozen: [null, 9] }],
    ['planning.time_budget_ms 0', { timeBudget: { ms: 0, nowMs: () => 0 } }],
  ])('refuses %s', (found, options) => {
    expect(() => resolve(options)).toThrow(
      expect.objectContaining({
        code: 'params.invalid',
        message: expect.stringContaining(`found ${found},`) as string,
      }),
    );
  });
});
