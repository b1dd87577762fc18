import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import { samplerDefaults } from '../params/sampler-defaults.js';
import type { ParameterName } from '../params/schema.js';
import { writeValue } from '../params/write-value.js';
import type { PerJoint, PlannerOptions } from './planner-options.js';

const LARGEST_NOISE_BETA = 10;

/** Options of which each planner has its own default. */
export type PlannersOwn = Required<Pick<PlannerOptions, 'momentum' | 'noiseBeta' | 'returned'>>;

/** Options with everything said. */
export type ResolvedOptions = Required<
  Omit<PlannerOptions, 'initialStd' | 'minStd' | 'timeBudget' | 'onIteration'>
> &
  Pick<PlannerOptions, 'timeBudget' | 'onIteration'> & {
    /** `[J]` */
    readonly initialStd: readonly number[];
    /** `[J]` */
    readonly minStd: readonly number[];
  };

/**
 * Fills in what was left out and refuses what is out of range.
 *
 * @throws JepaMpcError `params.invalid`, naming every option outside its range
 */
export function resolvePlannerOptions(
  options: PlannerOptions,
  action: ActionSpec,
  own: PlannersOwn,
): ResolvedOptions {
  const joints = action.names.length;
  const resolved: ResolvedOptions = {
    ...own,
    wideShare: 0,
    actionRepeat: 1,
    ball: 'none',
    frozen: action.frozen,
    keep: 'mean_best_rest',
    earlyStopStd: 0,
    temperature: samplerDefaults.temperature,
    shrink: samplerDefaults.shrink,
    keptElites: samplerDefaults.keptElites,
    ...options,
    initialStd: forEachJoint(options.initialStd, joints),
    minStd: forEachJoint(options.minStd, joints),
  };
  check(resolved, action);
  return resolved;
}

function forEachJoint(values: PerJoint, joints: number): readonly number[] {
  return typeof values === 'number' ? Array.from({ length: joints }, () => values) : values;
}

function check(options: ResolvedOptions, action: ActionSpec): void {
  const { samples, initialStd, minStd, frozen } = options;
  const joints = action.names.length;
  const problems: { found: string; expected: string }[] = [];
  const demand = (name: ParameterName, value: unknown, holds: boolean, expected: string): void => {
    if (!holds) problems.push({ found: `${name} ${writeValue(value)}`, expected: `${name} ${expected}` });
  };
  const count = (name: ParameterName, value: number, least: number, most = Infinity): void => {
    const limit = most === samples ? `from ${least} to cem.samples (${most})` : `of at least ${least}`;
    demand(
      name,
      value,
      Number.isInteger(value) && value >= least && value <= most,
      `a whole number ${limit}`,
    );
  };
  const within = (name: ParameterName, value: number, least: number, most: number): void => {
    demand(name, value, value >= least && value <= most, `from ${least} to ${most}`);
  };

  count('cem.samples', samples, 1);
  count('cem.iterations', options.iterations, 1);
  count('cem.elites', options.elites, 1, samples);
  count('cem.horizon', options.horizon, 1);
  count('actions.repeat', options.actionRepeat, 1);
  count('icem.kept_elites', options.keptElites, 0);

  const positive = (value: number): boolean => value > 0 && value < Infinity;
  const eachJoint = (name: ParameterName): string =>
    `one number or, in ${name}, one for each of ${joints} joints`;
  demand(
    'cem.initial_std',
    shortened(initialStd),
    initialStd.length === joints && initialStd.every(positive),
    `above 0, ${eachJoint('cem.joint_initial_std')}`,
  );
  demand(
    'cem.min_std',
    shortened(minStd),
    minStd.length === joints &&
      minStd.every((least, joint) => least >= 0 && least <= (initialStd[joint] ?? 0)),
    `from 0 to cem.initial_std or cem.joint_initial_std (${writeValue(shortened(initialStd))}), ${eachJoint('cem.joint_min_std')}`,
  );
  demand(
    'cem.momentum',
    options.momentum,
    options.momentum >= 0 && options.momentum < 1,
    'from 0 to below 1',
  );
  within('noise.beta', options.noiseBeta, 0, LARGEST_NOISE_BETA);
  within('cem.wide_share', options.wideShare, 0, 1);
  demand('cem.early_stop_std', options.earlyStopStd, options.earlyStopStd >= 0, 'at least 0');
  demand('mppi.temperature', options.temperature, positive(options.temperature), 'above 0');
  demand('icem.shrink', options.shrink, options.shrink >= 1 && options.shrink < Infinity, 'at least 1');
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
  const budgetMs = options.timeBudget?.ms ?? 1;
  demand('planning.time_budget_ms', budgetMs, positive(budgetMs), 'above 0');

  if (problems.length > 0) {
    throw new JepaMpcError('params.invalid', {
      subject: 'planner options',
      found: problems.map((problem) => problem.found).join(', '),
      expected: problems.map((problem) => problem.expected).join(', '),
      remedy:
        'Change these parameters, at once where one depends on the other. What a parameter leaves to the model counts with its value there.',
    });
  }
}

/** One number for what is the same for all joints. */
function shortened(values: readonly number[]): readonly number[] | number {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : values;
}
