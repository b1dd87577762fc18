import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { withGuide } from '../../../src/guide/guide-markdown.js';
import { advise, type Advice } from '../../../src/guide/guide.js';
import { RULES, type RuleId } from '../../../src/guide/rules.js';
import type { Rule } from '../../../src/guide/rule.js';
import { parametersByName } from '../../../src/params/schema.js';
import { validateParameters } from '../../../src/params/validate.js';
import { guideWindow, type WindowChanges } from '../../fixtures/guide-windows.js';
import { thrownBy } from '../../fixtures/robot.js';

/** The advice of one rule, which is the only one that applies. */
function only(id: RuleId, changes: WindowChanges): Advice {
  const advice = advise(guideWindow(changes));
  expect(advice.map((each) => each.id)).toEqual([id]);
  return advice[0] as Advice;
}

function turnsOf({ turns }: Advice): Record<string, unknown> {
  return Object.fromEntries(
    turns.map(({ parameter, present, suggested }) => [parameter, [present, suggested]]),
  );
}

const arrived = { goal_distance: 0.15, cost_total: 0.1, cost_rest: 0.1, best_cost: 0.09 };

describe('the guide', () => {
  it('has nothing to say while all is well, on the way and at the goal', () => {
    expect(advise(guideWindow())).toEqual([]);
    expect(advise(guideWindow({ plan: () => ({ ...arrived, rests: 1 }) }))).toEqual([]);
  });

  it('says nothing before there are plans enough, and nothing about a goal that was given up', () => {
    const late = { plan: () => ({ late: 1 }) };
    expect(advise(guideWindow({ ...late, plans: 9 }))).toEqual([]);
    expect(advise(guideWindow({ plan: (i) => ({ late: 1, goal_stamp_ns: i < 25 ? 17 : 18 }) }))).toEqual([]);
    expect(advise({ plans: [], parts: {}, parameters: {}, ranges: {} })).toEqual([]);
  });

  it('names elites that still differ after the last iteration', () => {
    const advice = only('elites_spread', {
      plan: () => ({ elites_std_by_iteration: '0.912', iterations: 1 }),
      parameters: { 'sampling.initial_std': 1 },
    });
    expect(advice.says).toContain('After 1 iteration the elites still differ by 91 %');
    expect(turnsOf(advice)).toEqual({ 'sampling.iterations': [1, 3], 'sampling.initial_std': [1, 0.5] });
  });

  it('does not expect elites to agree of a planner that does not narrow, nor at the goal', () => {
    const spread = { elites_std_by_iteration: '0.9 0.9' };
    expect(advise(guideWindow({ plan: () => spread, parameters: { planner: 'mppi' } }))).toEqual([]);
    expect(advise(guideWindow({ plan: () => ({ ...spread, ...arrived, rests: 1 }) }))).toEqual([]);
  });

  it('names late plans, and a fixed latency first', () => {
    const late = (index: number): Record<string, number> => ({ late: index % 3 === 0 ? 1 : 0 });
    const advice = only('late_plans', { plan: late, parameters: { 'planning.latency': 'fixed' } });
    expect(advice.says).toMatch(/^33 % of the plans/);
    expect(turnsOf(advice)).toEqual({
      'planning.latency': ['fixed', 'measured'],
      'sampling.samples': [100, 50],
      'rollout.precision': ['float32', 'int8'],
    });
    const onGpu = only('late_plans', { plan: (i) => ({ ...late(i), device: 'cuda', samples: 16 }) });
    expect(onGpu.turns).toEqual([]);
    expect(onGpu.besides).toContain('GPU');
  });

  it('names plans that take longer than a control period', () => {
    const advice = only('slow_plans', {
      plan: () => ({ plan_p95_ms: 240, samples: 3000, iterations: 6 }),
      parameters: { 'rollout.precision': 'int8', 'sampling.elites': 600 },
    });
    expect(advice.says).toContain('240 ms, longer than the control period of 100 ms');
    // Three candidates for each elite at least.
    expect(turnsOf(advice)).toEqual({ 'sampling.samples': [3000, 1800], 'sampling.iterations': [6, 3] });
  });

  it('names a cost that is the same whatever the robot does', () => {
    const advice = only('flat_cost', {
      plan: () => ({ cost_cv: 0.0021 }),
      parameters: { 'objective.metric': 'l1', 'objective.expression': 'latent_distance + 40' },
    });
    expect(advice.says).toContain('0.21 %');
    expect(turnsOf(advice)).toEqual({
      'objective.expression': ['latent_distance + 40', ''],
      'objective.metric': ['l1', 'model_default'],
    });
    const without = only('flat_cost', { plan: () => ({ cost_cv: 0.0021 }) });
    expect([without.turns, without.besides]).toEqual([[], expect.stringContaining('Train a distance')]);
    expect(advise(guideWindow({ plan: () => ({ ...arrived, cost_cv: 0.0021, rests: 1 }) }))).toEqual([]);
  });

  it('names actions at their bounds', () => {
    const advice = only('at_bounds', {
      plan: () => ({ actions_at_bounds: '0.700' }),
      parameters: { 'objective.action_weight': 0, 'command.speed_scale': 0.8 },
    });
    expect(advice.says).toMatch(/^70 % of the planned actions/);
    expect(turnsOf(advice)).toMatchObject({ 'command.speed_scale': [0.8, 0.56] });
    const [first] = advice.turns;
    expect(first).toMatchObject({ parameter: 'objective.action_weight', direction: 'raise', present: 0 });
    expect(first?.suggested).toBeGreaterThan(0.1);
    const narrowed = only('at_bounds', {
      plan: () => ({ actions_at_bounds: '0.700' }),
      parameters: { 'actions.upper': [0.3] },
    });
    expect(narrowed.turns[0]).toEqual({
      parameter: 'actions.upper',
      direction: 'set',
      present: [0.3],
      suggested: [],
    });
  });

  it('names a robot that oscillates about its goal, with a margin from what the plans seem to gain', () => {
    const oscillating = (index: number): Record<string, number> => ({
      ...arrived,
      goal_distance: index % 4 < 2 ? 0.2 : 0.5,
      cost_rest: index % 4 < 2 ? 0.4 : 0.6,
      cost_total: 0.3,
    });
    const advice = only('oscillation', { plan: oscillating, parameters: { 'rest.margin': 0 } });
    expect(advice.says).toMatch(/turns round 13 times in 30 plans/);
    expect(turnsOf(advice)).toEqual({ 'rest.margin': [0, 0.15] });
    // A robot that rests between moves does not oscillate, nor does one that is on its way.
    expect(advise(guideWindow({ plan: (i) => ({ ...oscillating(i), rests: 1 }) }))).toEqual([]);
    expect(advise(guideWindow({ plan: (i) => ({ goal_distance: 8 - 0.2 * i + (i % 2) / 2 }) }))).toEqual([]);
  });

  it('names a robot that rests too far from its goal, with a margin below what a plan could gain', () => {
    const resting = { goal_distance: 2.4, rests: 1, cost_rest: 2.4, cost_total: 2.4, best_cost: 1.6 };
    const advice = only('rests_far', { plan: () => resting, parameters: { 'rest.margin': 3 } });
    expect(advice.says).toContain('2.4 from its goal');
    expect(turnsOf(advice)).toEqual({ 'rest.margin': [3, 0.4], 'rest.patience_s': [1, 0.5] });
  });

  it('names a robot that moves and gets no nearer', () => {
    const advice = only('stalled', {
      plan: (index) => ({ goal_distance: 6 + 0.05 * (index % 2), cost_cv: 0.05 }),
      parameters: { 'objective.metric': 'squared_latent_distance', 'sampling.horizon': 3 },
    });
    expect(turnsOf(advice)).toEqual({
      'objective.metric': ['squared_latent_distance', 'model_default'],
      'sampling.horizon': [3, 6],
      'sampling.samples': [100, 200],
    });
  });

  it('names frames that arrive late, and a compressed transport where they are rare, too', () => {
    const plan = (): Record<string, number> => ({ camera_age_p95_ms: 310 });
    expect(only('old_frames', { plan }).turns).toEqual([]);
    const rare = { level: 'ok', message: '', values: { rate_hz: '3.1' } } as const;
    expect(turnsOf(only('old_frames', { plan, parts: { 'camera image': rare } }))).toEqual({
      'camera.transport': ['raw', 'compressed'],
    });
  });

  it('names what is done in place of what was asked for, with the reason of the diagnostics', () => {
    const plan = (): Record<string, string> => ({ fallbacks: 'plans made iteration by iteration' });
    const message =
      'instead: plans made iteration by iteration, because of planner icem. Set rollout.graph to auto.';
    const advice = only('fallbacks', {
      plan,
      parts: { planner: { level: 'warn', message, values: {} } },
      parameters: { planner: 'icem', 'rollout.graph': 'plan' },
    });
    expect(advice.says).toContain('because of planner icem');
    expect(turnsOf(advice)).toEqual({ 'rollout.graph': ['plan', 'auto'] });
    const reduced = only('fallbacks', {
      plan: () => ({ fallbacks: 'float32' }),
      parameters: { 'rollout.precision': 'int8' },
    });
    expect(turnsOf(reduced)).toEqual({ 'rollout.precision': ['int8', 'float32'] });
  });

  it('suggests no number of which it does not know whether the parameter takes it', () => {
    const slow = { plan: () => ({ plan_p95_ms: 240, samples: 3000, iterations: 6 }) };
    const parameters = { 'rollout.precision': 'int8' };
    const [advice] = advise({ ...guideWindow({ ...slow, parameters }), ranges: {} });
    expect(advice).toMatchObject({ id: 'slow_plans', turns: [] });
  });

  it('never suggests a value that the node would refuse, or the one that is in force, whatever the figures', () => {
    const figure = fc.oneof(fc.double(), fc.double({ min: 0, max: 10 }), fc.constant(0), fc.constant(1));
    const keys = Object.keys(guideWindow().plans[0] ?? {});
    const record = fc.dictionary(fc.constantFrom(...keys), figure.map(String));
    const valueOf = (name: string): fc.Arbitrary<unknown> => {
      const { range: [min, max] = [0, 1], type, choices } = parametersByName.get(name) ?? { type: 'string' };
      if (type === 'string') return choices === undefined ? fc.string() : fc.constantFrom(...choices);
      return type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
    };
    const names = Object.values<Rule>(RULES).flatMap(({ turns }) => turns.map(({ parameter }) => parameter));
    const parameters = fc.record(
      Object.fromEntries([...new Set(names)].map((name) => [name, valueOf(name)])),
      {
        requiredKeys: [],
      },
    );
    fc.assert(
      fc.property(fc.array(record, { minLength: 10, maxLength: 30 }), parameters, (plans, given) => {
        const changes = { plan: (i: number) => plans[i % plans.length] ?? {}, parameters: given as never };
        for (const { says, turns } of advise(guideWindow(changes))) {
          expect(says).not.toContain('NaN');
          for (const { parameter, present, suggested } of turns) {
            expect(() => validateParameters({ [parameter]: suggested })).not.toThrow();
            expect(suggested).not.toBe(present);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the rules of the guide', () => {
  it('name parameters that the node has, with ranges that allow what they suggest', () => {
    for (const { turns } of Object.values<Rule>(RULES))
      for (const { parameter } of turns) expect(parametersByName.has(parameter), parameter).toBe(true);
  });

  it('are the table of docs/tuning.md (npm run docs)', () => {
    const page = readFileSync('docs/tuning.md', 'utf8');
    expect(withGuide(page)).toBe(page);
    expect(
      thrownBy(() => {
        withGuide('# Tuning');
      }).code,
    ).toBe('docs.no-marks');
  });
});
