import type { ParameterValue } from '../../src/core/parameter.js';
import type { RuleId } from '../../src/guide/rules.js';
import type { HeldEpisode } from './held-episode.js';

/** How a robot and its camera run. A session is started for each. */
export const SETTINGS = {
  lockstep: { lockstep: true, imperfections: [] },
  'old-frames': { lockstep: true, imperfections: ['camera-delay-ms=300'] },
  realtime: { lockstep: false, imperfections: [] },
} as const satisfies Readonly<
  Record<string, { readonly lockstep: boolean; readonly imperfections: readonly string[] }>
>;

export type Setting = keyof typeof SETTINGS;

/** A number that shows whether following the advice helped. */
export interface Figure {
  readonly name: string;
  readonly better: 'lower' | 'higher';
  readonly of: (episode: HeldEpisode) => number;
}

/** Parameters that make something bad, and what the guide is to find then. */
export interface GuideCase {
  readonly rule: RuleId;
  readonly setting: Setting;
  readonly bad: Readonly<Record<string, ParameterValue>>;
  readonly figure: Figure;
  /** The parameters to turn; absent: the first of the advice. */
  readonly turned?: readonly string[];
  /** Where no parameter helps: the setting without what is wrong. */
  readonly remedy?: Setting;
}

const success: Figure = { name: 'success', better: 'higher', of: ({ success: is }) => (is ? 1 : 0) };
const timeToGoal: Figure = { name: 'time to goal [s]', better: 'lower', of: ({ timeS }) => timeS };
const finalDistance: Figure = {
  name: 'distance at the end [m]',
  better: 'lower',
  of: ({ finalDistanceM }) => finalDistanceM,
};
const restlessness: Figure = {
  name: 'joint travel in the last 2 s [rad]',
  better: 'lower',
  of: ({ lastTravelRad }) => lastTravelRad,
};

/** The mean of a figure of `~/statistics` over an episode. */
function meanOf(key: string, name: string): Figure {
  return {
    name,
    better: 'lower',
    of: ({ plans }) => {
      const values = plans.map((plan) => Number(plan[key] ?? NaN)).filter(Number.isFinite);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    },
  };
}

const fallbacks: Figure = {
  name: 'share of plans with a fallback',
  better: 'lower',
  of: ({ plans }) => plans.filter((plan) => plan['fallbacks'] !== '').length / plans.length,
};

export const CASES: readonly GuideCase[] = [
  {
    rule: 'fallbacks',
    setting: 'lockstep',
    bad: { planner: 'icem', 'rollout.graph': 'plan' },
    figure: fallbacks,
  },
  {
    rule: 'elites_spread',
    setting: 'lockstep',
    bad: {
      'sampling.iterations': 1,
      'sampling.initial_std': 3,
      'sampling.samples': 16,
      'sampling.elites': 8,
    },
    turned: ['sampling.iterations', 'sampling.initial_std'],
    figure: timeToGoal,
  },
  {
    rule: 'flat_cost',
    setting: 'lockstep',
    // A bell about the goal: beyond its width every latent costs 1.
    bad: { 'objective.expression': '1 - exp(-latent_distance / 0.1)' },
    figure: success,
  },
  {
    rule: 'at_bounds',
    setting: 'lockstep',
    bad: {
      'actions.lower': [-0.5],
      'actions.upper': [0.5],
      'objective.action_weight': 0,
      'sampling.iterations': 8,
      'sampling.initial_std': 0.6,
    },
    turned: ['actions.lower', 'actions.upper'],
    figure: meanOf('actions_at_bounds', 'share of actions at their bounds'),
  },
  { rule: 'oscillation', setting: 'lockstep', bad: { 'rest.margin': 0 }, figure: restlessness },
  { rule: 'rests_far', setting: 'lockstep', bad: { 'rest.margin': 3 }, figure: finalDistance },
  {
    rule: 'stalled',
    setting: 'lockstep',
    bad: { 'objective.metric': 'squared_latent_distance' },
    figure: finalDistance,
  },
  { rule: 'old_frames', setting: 'old-frames', bad: {}, figure: timeToGoal, remedy: 'lockstep' },
  {
    rule: 'late_plans',
    setting: 'realtime',
    bad: { 'planning.latency': 'fixed', 'planning.committed_periods': 0 },
    figure: meanOf('late', 'share of late plans'),
  },
  {
    rule: 'slow_plans',
    setting: 'realtime',
    bad: { 'sampling.samples': 3000 },
    figure: meanOf('plan_ms', 'time of a plan [ms]'),
  },
];
