import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import { samplerDefaults } from '../params/sampler-defaults.js';
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
  const joints = action.joints.length;
  const resolved: ResolvedOptions = {
    ...own,
    wideShare: 0,
    actionRepeat: 1,
    ball: 'none',
    frozen: action.joints.map(() => null),
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
  const { samples, elites, initialStd, frozen } = options;
  const joints = action.joints.length;
  const problems: { found: string; expected: string }[] = [];
  const demand = (name: string, value: unknown, holds: boolean, expected: string): void => {
    if (!holds) problems.push({ found: `${name} ${String(value)}`, expected: `${name} ${expected}` });
  };
  const count = (name: string, value: number, least: number, most: number, mostName = ''): void => {
    const holds = Number.isInteger(value) && value >= least && value <= most;
    const limit = mostName === '' ? `of at least ${least}` : `from ${least} to ${mostName} (${most})`;
    demand(name, value, holds, `a whole number ${limit}`);
  };

  count('samples', samples, 1, Infinity);
  count('iterations', options.iterations, 1, Infinity);
  count('elites', elites, 1, samples, 'samples');
  count('horizon', options.horizon, 1, Infinity);
  count('actionRepeat', options.actionRepeat, 1, Infinity);
  count('keptElites', options.keptElites, 0, Infinity);

  const positive = (value: number): boolean => value > 0 && value < Infinity;
  demand(
    'initialStd',
    initialStd,
    initialStd.length === joints && initialStd.every(positive),
    'above 0, one number or one a joint',
  );
  demand(
    'minStd',
    options.minStd,
    options.minStd.length === joints &&
      options.minStd.every((least, joint) => least >= 0 && least <= (initialStd[joint] ?? 0)),
    `from 0 to initialStd (${String(initialStd)}), one number or one a joint`,
  );
  demand('momentum', options.momentum, options.momentum >= 0 && options.momentum < 1, 'from 0 to below 1');
  demand(
    'noiseBeta',
    options.noiseBeta,
    options.noiseBeta >= 0 && options.noiseBeta <= LARGEST_NOISE_BETA,
    `from 0 to ${LARGEST_NOISE_BETA}`,
  );
  demand('wideShare', options.wideShare, options.wideShare >= 0 && options.wideShare <= 1, 'from 0 to 1');
  demand('earlyStopStd', options.earlyStopStd, options.earlyStopStd >= 0, 'at least 0');
  demand('temperature', options.temperature, positive(options.temperature), 'above 0');
  demand('shrink', options.shrink, options.shrink >= 1 && options.shrink < Infinity, 'at least 1');
  demand(
    'frozen',
    frozen,
    frozen.length === joints &&
      frozen.every(
        (value, joint) =>
          value === null || (value >= (action.lower[joint] ?? NaN) && value <= (action.upper[joint] ?? NaN)),
      ),
    `for each of ${joints} joints null, or an action from ${String(action.lower)} to ${String(action.upper)}`,
  );
  const budgetMs = options.timeBudget?.ms ?? 1;
  demand('timeBudget', `${budgetMs} ms`, positive(budgetMs), 'above 0');

  if (problems.length > 0) {
    throw new JepaMpcError('params.invalid', {
      subject: 'planner options',
      found: problems.map((problem) => problem.found).join(', '),
      expected: problems.map((problem) => problem.expected).join(', '),
      remedy: 'Change these planner parameters.',
    });
  }
}
