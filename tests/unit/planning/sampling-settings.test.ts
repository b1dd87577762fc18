import { describe, expect, it } from 'vitest';

import {
  checkSamplingSettings,
  samplingSettings,
  type PlannerDefaults,
} from '../../../src/planning/sampling-settings.js';
import type { PlanningValues } from '../../../src/planning/planning-parameters.js';
import { completeSettings, defaultValues, type TestSettings } from '../../fixtures/planners.js';
import { planningFacts } from '../../fixtures/planning-facts.js';
import { linearAction, linearOptions } from './linear-world.js';

const PLANNER: PlannerDefaults = { momentum: 0.1, noiseBeta: 2, returned: 'best' };

const { plannerDefaults } = planningFacts;
const facts = {
  ...planningFacts,
  action: { ...planningFacts.action, frozen: [null, 0.25] },
  plannerDefaults: { ...plannerDefaults, momentum: 0.15, actionRepeat: 5 },
};

function settings(changes: Partial<PlanningValues> = {}, of = facts): ReturnType<typeof samplingSettings> {
  return samplingSettings({ ...defaultValues, ...changes }, of, PLANNER, () => 0);
}

describe('the settings that the parameters ask for', () => {
  it('come from the model if the parameters do not give them', () => {
    expect(settings()).toMatchObject({
      samples: plannerDefaults.samples,
      momentum: 0.15,
      actionRepeat: 5,
      frozen: [null, 0.25],
    });
  });

  it('are those of the parameters, for the entries that they name', () => {
    const changes = { 'sampling.momentum': 0, 'actions.repeat': 1, 'actions.frozen': 'elbow=0.5' };
    expect(settings(changes)).toMatchObject({ momentum: 0, actionRepeat: 1, frozen: [null, 0.5] });
  });

  it('come from the planner if neither gives them, and nothing else does', () => {
    const found = settings({}, { ...planningFacts, action: planningFacts.action } as typeof facts);
    expect(found).toMatchObject({ actionRepeat: 1, frozen: [null, null], ...PLANNER });
    expect(settings({ 'sampling.momentum': 0 })).toMatchObject({
      momentum: 0,
      noiseBeta: 2,
      returned: 'best',
    });
  });

  it('have one standard deviation for every joint, or one for each', () => {
    expect(settings({ 'sampling.initial_std': 0.5, 'sampling.joint_min_std': [0.1, 0] })).toMatchObject({
      initialStd: [0.5, 0.5],
      minStd: [0.1, 0],
    });
    expect(settings({ 'sampling.joint_initial_std': [0.3] }).initialStd).toEqual([0.3, 0.3]);
  });
});

describe('settings of a planner', () => {
  it.each<[string, Partial<TestSettings>]>([
    ['sampling.samples 0', { samples: 0 }],
    ['sampling.iterations 1.5', { iterations: 1.5 }],
    ['sampling.elites 101', { elites: 101 }],
    ['sampling.horizon 0', { horizon: 0 }],
    ['actions.repeat 0', { actionRepeat: 0 }],
    ['sampling.initial_std [0.5, 1, 2]', { initialStd: [0.5, 1, 2] }],
    ['sampling.initial_std [1, 0]', { initialStd: [1, 0], minStd: 0 }],
    ['sampling.min_std [0.1, 0.3]', { initialStd: 0.2, minStd: [0.1, 0.3] }],
    ['sampling.momentum 1', { momentum: 1 }],
    ['noise.beta -1', { noiseBeta: -1 }],
    ['sampling.wide_share 1.1', { wideShare: 1.1 }],
    ['sampling.early_stop_std NaN', { earlyStopStd: NaN }],
    ['actions.frozen [nothing, 9]', { frozen: [null, 9] }],
    ['planning.time_budget_ms 0', { timeBudget: { ms: 0, nowMs: () => 0 } }],
  ])('are refused with %s', (found, changes) => {
    const wrong = completeSettings({ ...linearOptions, ...changes }, linearAction, PLANNER);
    expect(() => {
      checkSamplingSettings(wrong, linearAction);
    }).toThrow(
      expect.objectContaining({
        code: 'params.invalid',
        message: expect.stringContaining(`found ${found},`) as string,
      }),
    );
  });
});
