import { describe, expect, it } from 'vitest';

import type { Fallback } from '../../../../src/core/types.js';
import { UNHINDERED } from '../../../../src/safety/operator-state.js';
import { validateParameters } from '../../../../src/params/validate.js';
import type { ControlLoop } from '../../../../src/loop/control-loop.js';
import type { PlanReport } from '../../../../src/loop/replanning.js';
import { Latency } from '../../../../src/timeline/latency.js';
import type { CommandTiming } from '../../../../src/ros/topics/command-timing.js';
import type { JointStatesReport } from '../../../../src/ros/diagnostics/input-diagnostics.js';
import type { ArrivalRate } from '../../../../src/ros/topics/arrival-rate.js';
import { nodeDiagnostics, type NodeView } from '../../../../src/ros/diagnostics/node-diagnostics.js';
import { PlanFigures } from '../../../../src/ros/diagnostics/plan-figures.js';
import { planOf } from '../../../fixtures/robot.js';

const SMALLER: Fallback = {
  instead: 'runs of 150 candidates at most',
  reason: 'compiled rollout: found out of memory',
  remedy: 'Lower sampling.samples.',
};

function reportWith(fallbacks: readonly Fallback[]): PlanReport {
  const plan = planOf(0, [[0]]);
  return {
    plan: { ...plan, statistics: { ...plan.statistics, fallbacks } },
    late: false,
    committed: 1,
    position: new Float64Array(1),
  };
}

function partOf(
  name: string,
  fallbacks: readonly Fallback[] = [],
  parameters: object = {},
  seen: Partial<NodeView> = {},
) {
  const figures = new PlanFigures();
  figures.note(reportWith(fallbacks), null);
  const view: Partial<NodeView> = { isConfigured: true, isActive: true, missing: null, figures };
  const quiet = {
    model: null,
    condition: null,
    goal: null,
    problems: { last: null },
    recording: { state: 'off' },
  };
  const arrivals = { ageMs: () => null };
  const timing = { count: 0, missed: 0, periodErrorMs: () => NaN };
  const all = nodeDiagnostics('node', {
    ...view,
    ...quiet,
    cameras: [],
    qosMismatches: [],
    operator: UNHINDERED,
    frames: arrivals,
    jointStates: arrivals,
    jointStatesReport: null,
    timing,
    parameters,
    nowMs: 0,
    ...seen,
  } as unknown as NodeView);
  return all.find((status) => status.name === `node: ${name}`);
}

const plannerPart = (fallbacks: readonly Fallback[]) => partOf('planner', fallbacks);

describe('the diagnostics of the planner', () => {
  it('are fine while plans are made as asked for', () => {
    expect(plannerPart([])).toMatchObject({ level: 'ok', values: { fallbacks: '' } });
  });

  it('warn of what is done instead, with the reason and what to do', () => {
    expect(plannerPart([SMALLER])).toMatchObject({
      level: 'warn',
      message:
        'instead: runs of 150 candidates at most, because of compiled rollout: found out of memory. Lower sampling.samples.',
      values: { fallbacks: 'runs of 150 candidates at most' },
    });
  });

  it('go with what the statistics of the plan say', () => {
    const figures = new PlanFigures();
    const circumstances = {
      loop: { frameToCommandMs: null, latency: new Latency() } as unknown as ControlLoop,
      timing: { missed: 0, periodErrorMs: () => NaN } as unknown as CommandTiming,
      device: 'webgpu',
      showsCostTerms: true,
      nowNs: 0n,
    };
    const { values } = figures.of(reportWith([SMALLER]), circumstances);
    expect(values['fallbacks']).toBe('runs of 150 candidates at most');
  });
});

describe('the diagnostics of the parameters', () => {
  it('name those that are not at their defaults, lists compared by what is in them', () => {
    expect(partOf('parameters', [], validateParameters({}))).toMatchObject({
      message: '0 not at their defaults',
      values: {},
    });
    const changed = validateParameters({ 'actions.lower': [-1, -0.5], 'sampling.samples': 64 });
    expect(partOf('parameters', [], changed)).toMatchObject({
      message: '2 not at their defaults',
      values: { 'actions.lower': '-1,-0.5', 'sampling.samples': '64' },
    });
  });
});

describe('the diagnostics of the motion', () => {
  it('count the messages that were refused for their stamps', () => {
    const condition = { level: 'ok', reasons: [] } as const;
    const refusedStamps = { frames: 3, readings: 2 };
    expect(partOf('motion', [], {}, { condition, refusedStamps })).toMatchObject({
      level: 'ok',
      values: { condition: 'ok', frame_stamps_refused: 3, joint_state_stamps_refused: 2 },
    });
  });
});

describe('the diagnostics of joint states', () => {
  const seen = (report: Partial<JointStatesReport>, ageMs = 20) => ({
    jointStates: { ageMs: () => ageMs, hz: 50 } as unknown as ArrivalRate,
    jointStatesReport: { contradiction: null, overdue: null, agesMs: [], ...report },
  });
  const part = (report: Partial<JointStatesReport>, ageMs?: number) =>
    partOf('joint states', [], validateParameters({}), seen(report, ageMs));

  it('have an age for each joint', () => {
    const agesMs = [
      ['shoulder', 12.6],
      ['elbow', NaN],
    ] as const;
    expect(part({ agesMs })).toEqual({
      name: 'node: joint states',
      level: 'ok',
      message: '50.00 a second',
      values: { rate_hz: '50.00', age_ms: '20', 'age_ms of shoulder': '13', 'age_ms of elbow': 'nan' },
    });
    expect(part({}, 300)).toMatchObject({ level: 'error', message: 'the last one came 0.3 s ago' });
  });

  it('say which joint is missing, and before that which publishers contradict each other', () => {
    expect(part({ overdue: 'no elbow' })).toMatchObject({ level: 'error', message: 'no elbow' });
    expect(part({ overdue: 'no elbow', contradiction: 'a or b' })).toMatchObject({
      level: 'error',
      message: 'a or b',
    });
  });

  it('are those of messages alone before there is a model', () => {
    const { jointStates } = seen({});
    expect(partOf('joint states', [], validateParameters({}), { jointStates })).toMatchObject({
      level: 'ok',
      values: { rate_hz: '50.00', age_ms: '20' },
    });
  });
});
