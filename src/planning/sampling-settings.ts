import { JepaMpcError } from '../core/errors.js';
import type { PlanningFacts } from '../core/model-info.js';
import type { ActionSpec } from '../core/model-spec.js';
import { perJoint } from '../core/per-joint.js';
import { choice, double, dynamic, integer, numberPerJoint, type ValuesOf } from '../core/parameter.js';
import { writeValue } from '../core/write-value.js';
import { frozenEntries, type ActionConstraintValues, type ConstraintSettings } from './action-constraints.js';
import type { StopSettings, TimeBudgetValues } from './stop-rule.js';

const MAX_NOISE_BETA = 10;

/** Parameters of every sampling planner. Standard deviations are fractions of half the action range. */
export const samplingParameters = {
  'sampling.samples': dynamic(
    integer({ min: 0, max: 100000, default: 0 }),
    '1',
    'Candidate action sequences in each iteration; 0 takes the model’s default.',
  ),
  'sampling.iterations': dynamic(
    integer({ min: 0, max: 1000, default: 0 }),
    '1',
    'Iterations of each plan; 0 takes the model’s default, and at least 8 for plans from rest when the planner is too slow to plan while the robot moves.',
  ),
  'sampling.elites': dynamic(
    integer({ min: 0, max: 10000, default: 0 }),
    '1',
    'Number of best candidates that refit the distribution; 0 takes the model’s default.',
  ),
  'sampling.horizon': dynamic(
    integer({ min: 0, max: 100, default: 0 }),
    '1',
    'Planning horizon in predictor steps; 0 takes the model’s default.',
  ),
  'sampling.initial_std': dynamic(
    double({ min: 0, max: 10, default: 0 }),
    '1',
    'Initial standard deviation, as a fraction of half the action range; 0 takes the model’s default, and at least 0.5 for plans from rest when the planner is too slow to plan while the robot moves.',
  ),
  'sampling.min_std': dynamic(
    double({ min: 0, max: 10, default: 0 }),
    '1',
    'Minimum standard deviation, as a fraction of half the action range; 0 takes the model’s default.',
  ),
  'sampling.joint_initial_std': dynamic(
    numberPerJoint({ min: 0.000001, max: 10 }),
    '1',
    'Initial standard deviation of each joint (or one number for all joints). Overrides sampling.initial_std when not empty.',
  ),
  'sampling.joint_min_std': dynamic(
    numberPerJoint({ min: 0, max: 10 }),
    '1',
    'Minimum standard deviation of each joint (or one number for all joints). Overrides sampling.min_std when not empty.',
  ),
  'sampling.keep': dynamic(
    choice(['mean', 'mean_best_rest'], 'mean_best_rest'),
    '',
    'Candidates of each iteration that are not sampled: the mean alone, or also the best sequence so far and the one that rests (for icem: only the one that rests, since it keeps its elites anyway).',
  ),
  'sampling.momentum': dynamic(
    double({ min: -1, max: 0.99, default: -1 }),
    '1',
    'Share of the old mean and standard deviation that a refit keeps; -1 takes the planner’s default (icem 0.1, others 0).',
  ),
  'sampling.returned': dynamic(
    choice(['planner_default', 'mean', 'checked_mean', 'best'], 'planner_default'),
    '',
    'Which sequence is the plan: the last mean, the mean if it costs no more than all earlier means, or the best candidate. planner_default: checked_mean for cem, cma and mppi, best for the others.',
  ),
  'sampling.early_stop_std': dynamic(
    double({ min: 0, max: 1, default: 0 }),
    '1',
    'Planning stops early when every standard deviation of the elites is below this fraction of half the action range; 0: never.',
  ),
  'sampling.wide_share': dynamic(
    double({ min: 0, max: 1, default: 0 }),
    '1',
    'Share of the candidates that is sampled with the initial standard deviation in every iteration.',
  ),
  'noise.beta': dynamic(
    double({ min: -1, max: MAX_NOISE_BETA, default: -1 }),
    '1',
    'Colour of the sampling noise: its power falls with frequency as 1 / f^beta; 0 is white. -1 takes the planner’s default (icem 2, others 0).',
  ),
};

type SamplingValues = ValuesOf<typeof samplingParameters>;

/** The result of one iteration of a planner. The arrays are reused: copy what you keep longer than the call. */
export interface IterationTrace {
  /** From 0. */
  readonly iteration: number;
  /** Raw actions `[N, K, J]` as they were scored. */
  readonly candidates: Float32Array;
  /** `[N]` */
  readonly costs: Float32Array;
  /** Indices of the elites, cheapest first, `[E]`. */
  readonly elites: Uint32Array;
  /** Mean after the refit, raw actions `[K, J]`. */
  readonly mean: Float32Array;
  /** Standard deviation of the next iteration, in raw units, `[K, J]`. */
  readonly std: Float32Array;
}

/**
 * The sequence that is the plan: the mean of the last refit, which was never scored; the cheapest sequence of all; or the mean if scoring it
 * shows that it costs no more than every earlier mean, else the cheapest sequence of all.
 */
export type Returned = 'mean' | 'checked_mean' | 'best';

/** Settings for which each planner has a default of its own. */
export interface PlannerDefaults {
  readonly momentum: number;
  readonly noiseBeta: number;
  readonly returned: Returned;
}

/** Settings of a sampling planner, completed from the model and the planner. Standard deviations are fractions of half a joint's range. */
export interface SamplingSettings extends PlannerDefaults, ConstraintSettings, StopSettings {
  /** Candidate action sequences in each iteration (N), at least 1. */
  readonly samples: number;
  /** Best candidates that the distribution is refitted to, 1 to `samples`. */
  readonly elites: number;
  /** `[J]`: initial standard deviation of each raw action, above 0. */
  readonly initialStd: readonly number[];
  /** `[J]`: minimum standard deviation, 0 to `initialStd`. */
  readonly minStd: readonly number[];
  /** Share of the candidates sampled with the initial standard deviation instead of the refitted one, 0 to 1. */
  readonly wideShare: number;
  /**
   * Candidates of each iteration that are not sampled, in this order from the front: the mean (as in the published planners), or also the best
   * sequence so far and the one that rests, so that an iteration cannot lose what is known and a robot at its goal finds that it may stay.
   */
  readonly keep: SamplingValues['sampling.keep'];
  /** Called after each refit. */
  readonly onIteration?: (trace: IterationTrace) => void;
}

/**
 * The settings that the parameters ask for. What they leave open comes from the model, then from the planner.
 *
 * @param nowMs clock for a time budget
 * @throws JepaMpcError `params.invalid` for frozen joints that cannot be read, and for the wrong number of values for the joints
 */
export function samplingSettings(
  values: SamplingValues & ActionConstraintValues & TimeBudgetValues,
  { plannerDefaults: model, action }: Pick<PlanningFacts, 'plannerDefaults' | 'action'>,
  planner: PlannerDefaults,
  nowMs: () => number,
): SamplingSettings {
  const eachJoint = (list: 'sampling.joint_initial_std' | 'sampling.joint_min_std', all: number) =>
    perJoint(values[list], action.names, list) ?? action.names.map(() => all);
  const momentum = values['sampling.momentum'];
  const noiseBeta = values['noise.beta'];
  const returned = values['sampling.returned'];
  const budgetMs = values['planning.time_budget_ms'];
  return {
    samples: values['sampling.samples'] || model.samples,
    iterations: values['sampling.iterations'] || model.iterations,
    elites: values['sampling.elites'] || model.elites,
    horizon: values['sampling.horizon'] || model.horizon,
    initialStd: eachJoint('sampling.joint_initial_std', values['sampling.initial_std'] || model.initialStd),
    minStd: eachJoint('sampling.joint_min_std', values['sampling.min_std'] || model.minStd),
    keep: values['sampling.keep'],
    momentum: momentum < 0 ? (model.momentum ?? planner.momentum) : momentum,
    noiseBeta: noiseBeta < 0 ? planner.noiseBeta : noiseBeta,
    returned: returned === 'planner_default' ? planner.returned : returned,
    earlyStopStd: values['sampling.early_stop_std'],
    wideShare: values['sampling.wide_share'],
    actionRepeat: values['actions.repeat'] || (model.actionRepeat ?? 1),
    ball: values['actions.ball'],
    frozen: frozenEntries(values['actions.frozen'], action),
    ...(budgetMs > 0 && { timeBudget: { ms: budgetMs, nowMs } }),
  };
}

/**
 * Refuses settings that are out of range or contradict each other.
 *
 * @throws JepaMpcError `params.invalid`, naming every setting that is wrong by its parameter
 */
export function checkSamplingSettings(settings: SamplingSettings, action: ActionSpec): void {
  const { samples, initialStd, minStd, frozen } = settings;
  const joints = action.names.length;
  const problems: { found: string; expected: string }[] = [];
  const demand = (name: string, value: unknown, holds: boolean, expected: string): void => {
    if (!holds) problems.push({ found: `${name} ${writeValue(value)}`, expected: `${name} ${expected}` });
  };
  const count = (name: string, value: number, min: number, max = Infinity): void => {
    const limit = max === samples ? `from ${min} to sampling.samples (${max})` : `of at least ${min}`;
    const holds = Number.isInteger(value) && value >= min && value <= max;
    demand(name, value, holds, `a whole number ${limit}`);
  };
  const within = (name: string, value: number, min: number, max: number): void => {
    demand(name, value, value >= min && value <= max, `from ${min} to ${max}`);
  };

  count('sampling.samples', samples, 1);
  count('sampling.iterations', settings.iterations, 1);
  count('sampling.elites', settings.elites, 1, samples);
  count('sampling.horizon', settings.horizon, 1);
  count('actions.repeat', settings.actionRepeat, 1);

  const positive = (value: number): boolean => value > 0 && value < Infinity;
  const eachJoint = (name: string): string => `one number or, in ${name}, one for each of ${joints} joints`;
  demand(
    'sampling.initial_std',
    shortened(initialStd),
    initialStd.length === joints && initialStd.every(positive),
    `above 0, ${eachJoint('sampling.joint_initial_std')}`,
  );
  demand(
    'sampling.min_std',
    shortened(minStd),
    minStd.length === joints && minStd.every((min, joint) => min >= 0 && min <= (initialStd[joint] ?? 0)),
    `from 0 to sampling.initial_std or sampling.joint_initial_std (${writeValue(shortened(initialStd))}), ${eachJoint('sampling.joint_min_std')}`,
  );
  demand(
    'sampling.momentum',
    settings.momentum,
    settings.momentum >= 0 && settings.momentum < 1,
    'from 0 to below 1',
  );
  within('noise.beta', settings.noiseBeta, 0, MAX_NOISE_BETA);
  within('sampling.wide_share', settings.wideShare, 0, 1);
  demand('sampling.early_stop_std', settings.earlyStopStd, settings.earlyStopStd >= 0, 'at least 0');
  demand(
    'actions.frozen',
    frozen,
    frozen.length === joints &&
      frozen.every(
        (value, joint) =>
          value === null || (value >= (action.lower[joint] ?? NaN) && value <= (action.upper[joint] ?? NaN)),
      ),
    `for each of ${joints} joints nothing, or an action from ${writeValue(action.lower)} to ${writeValue(action.upper)}`,
  );
  const budgetMs = settings.timeBudget?.ms ?? 1;
  demand('planning.time_budget_ms', budgetMs, positive(budgetMs), 'above 0');

  if (problems.length > 0) {
    throw new JepaMpcError('params.invalid', {
      subject: 'planner settings',
      found: problems.map((problem) => problem.found).join(', '),
      expected: problems.map((problem) => problem.expected).join(', '),
      remedy:
        'Change these parameters, all in one request if one depends on another. A parameter that is left to the model counts with the model’s value.',
    });
  }
}

/** One number if all joints have the same. */
function shortened(values: readonly number[]): readonly number[] | number {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : values;
}
