import * as ort from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';

import { PlannerEngine } from '../../../src/worker/planner-engine.js';
import type { Plan } from '../../../src/core/types.js';
import type { PlanningValues } from '../../../src/planning/planning-parameters.js';
import { loadSettings, planMessage, silentLogger } from '../../fixtures/plan-message.js';

const HOUR_NS = 3_600_000_000_000n;

let engine: PlannerEngine;
let nowNs = 0n;

/** A plan in the middle of a run, so nothing is waited for; long after the one before, so that nothing is left to start from. */
function planWith(values: Partial<PlanningValues>): Promise<Plan> {
  nowNs += HOUR_NS;
  return engine.plan({ ...planMessage(values, nowNs), planIndex: 3 });
}

/** The sessions that are opened from now on. */
function sessions(): MockInstance {
  return vi.spyOn(ort.InferenceSession, 'create');
}

beforeEach(async () => {
  engine = await PlannerEngine.load(loadSettings, silentLogger);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await engine.dispose();
});

describe.each(['iteration', 'plan', 'host'] as const)('with rollout.graph %s', (rollout) => {
  const before: Partial<PlanningValues> = {
    'rollout.graph': rollout,
    'sampling.samples': 64,
    'sampling.iterations': 3,
    'sampling.horizon': 2,
    'objective.action_weight': 0,
  };

  it.each<[string, Partial<PlanningValues>]>([
    ['fewer samples', { 'sampling.samples': 16, 'sampling.elites': 4 }],
    ['more samples', { 'sampling.samples': 200 }],
    ['iterations', { 'sampling.iterations': 1 }],
    ['elites', { 'sampling.elites': 3 }],
    ['deviations', { 'sampling.initial_std': 0.1, 'sampling.min_std': 0.01 }],
    [
      'deviations of each joint',
      { 'sampling.joint_initial_std': [0.5, 0.05], 'sampling.joint_min_std': [0.01, 0.02] },
    ],
    [
      'weights',
      {
        'objective.action_weight': 50,
        'objective.smoothness_weight': 5,
        'objective.limit_weight': 3,
        'objective.limit_margin': 0.5,
        'objective.limit_margin_m': 0.5,
      },
    ],
    ['bounds', { 'actions.lower': [-0.1], 'actions.upper': [0.1, 0.2] }],
    ['a frozen joint', { 'actions.frozen': 'elbow=0.3' }],
    ['momentum', { 'sampling.momentum': 0.5 }],
  ])('%s: take effect with the next plan, and no session is opened', async (_, change) => {
    const old = await planWith(before);
    const opened = sessions();
    const changed = await planWith({ ...before, ...change });
    engine.buildPending();
    const again = await planWith({ ...before, ...change });
    expect(opened).not.toHaveBeenCalled();
    expect(again.actions).toEqual(changed.actions);
    expect(changed.statistics.rollout).toBe(rollout);
    expect(changed.statistics.samples).toBe(change['sampling.samples'] ?? before['sampling.samples']);
    expect(changed.statistics.iterations).toBe(
      change['sampling.iterations'] ?? before['sampling.iterations'],
    );
    expect(changed.actions).not.toEqual(old.actions);
    expect(again.statistics.fallbacks).toEqual([]);
  });

  it('the temperature of mppi takes effect with the next plan too', async () => {
    const mppi: Partial<PlanningValues> = { ...before, planner: 'mppi', 'sampling.returned': 'mean' };
    const old = await planWith({ ...mppi, 'mppi.temperature': 0.1 });
    const opened = sessions();
    expect((await planWith({ ...mppi, 'mppi.temperature': 100 })).actions).not.toEqual(old.actions);
    expect(opened).not.toHaveBeenCalled();
  });

  it('narrower bounds are kept by every action that is planned', async () => {
    const {
      actions,
      actionSize: joints,
      committed,
    } = await planWith({
      ...before,
      'actions.lower': [-0.1, -0.3],
      'actions.upper': [0.2, 0.1],
    });
    for (const [i, action] of actions.subarray(committed * joints).entries()) {
      expect(action).toBeGreaterThanOrEqual(i % 2 === 0 ? -0.1 : -0.3);
      expect(action).toBeLessThanOrEqual(i % 2 === 0 ? 0.2 : 0.1);
    }
  });
});

describe.each<[string, Partial<PlanningValues>]>([
  ['the horizon', { 'sampling.horizon': 4 }],
  ['the metric', { 'objective.metric': 'l1' }],
  ['the expression', { 'objective.expression': 'square(q[1] - 1)' }],
])('another value of %s', (_, change) => {
  it('has a graph built beside the one in force, which goes on until it is there', async () => {
    const before: Partial<PlanningValues> = {
      'rollout.graph': 'iteration',
      'sampling.horizon': 2,
      'sampling.samples': 32,
      'sampling.elites': 4,
    };
    const old = await planWith(before);
    const opened = sessions();
    const meanwhile = await planWith({ ...before, ...change });
    expect(opened).not.toHaveBeenCalled();
    expect(meanwhile.actions).toEqual(old.actions);
    expect(meanwhile.statistics.bestCost).toBe(old.statistics.bestCost);

    engine.buildPending();
    const changed = await planWith({ ...before, ...change });
    expect(opened).toHaveBeenCalledOnce();
    // Another metric may well agree on what is best, but not on its cost.
    expect(changed.statistics.bestCost).not.toBe(old.statistics.bestCost);
    await planWith({ ...before, ...change });
    expect(opened).toHaveBeenCalledOnce();
  });
});
