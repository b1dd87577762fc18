import { JepaMpcError } from '../core/errors.js';
import { listedIn } from '../core/names.js';
import type { PlanningFacts } from '../core/model-info.js';
import type { ActionSpec } from '../core/model-spec.js';
import type { PlannerTuning } from './planner-port.js';
import type { PerJoint, PlannerOptions } from './planner-options.js';

/**
 * The planner's options that a tuning asks for, completed from what the model says of itself.
 *
 * @param nowMs clock for a time budget
 * @throws JepaMpcError `params.invalid` for frozen joints that cannot be read
 */
export function plannerOptionsFromTuning(
  tuning: PlannerTuning,
  { plannerDefaults: defaults, action }: Pick<PlanningFacts, 'plannerDefaults' | 'action'>,
  nowMs: () => number,
): PlannerOptions {
  const { noiseBeta, returned, timeBudgetMs } = tuning;
  const momentum = tuning.momentum < 0 ? defaults.momentum : tuning.momentum;
  return {
    samples: tuning.samples || defaults.samples,
    iterations: tuning.iterations || defaults.iterations,
    elites: tuning.elites || defaults.elites,
    horizon: tuning.horizon || defaults.horizon,
    initialStd: perJoint(tuning.jointInitialStd) ?? (tuning.initialStd || defaults.initialStd),
    minStd: perJoint(tuning.jointMinStd) ?? (tuning.minStd || defaults.minStd),
    keep: tuning.keep,
    earlyStopStd: tuning.earlyStopStd,
    wideShare: tuning.wideShare,
    actionRepeat: tuning.actionRepeat || (defaults.actionRepeat ?? 1),
    ball: tuning.actionBall,
    frozen: frozenEntries(tuning.frozenActions, action),
    temperature: tuning.temperature,
    shrink: tuning.shrink,
    keptElites: tuning.keptElites,
    ...(momentum === undefined ? {} : { momentum }),
    ...(noiseBeta < 0 ? {} : { noiseBeta }),
    ...(returned === 'planner_default' ? {} : { returned }),
    ...(timeBudgetMs > 0 ? { timeBudget: { ms: timeBudgetMs, nowMs } } : {}),
  };
}

/** One number stands for all joints; none says nothing. */
function perJoint(values: readonly number[]): PerJoint | null {
  const [first = null, ...others] = values;
  return others.length === 0 ? first : values;
}

/**
 * `"elbow=0, wrist=0.5"` as one entry for each of an action, null for those that are planned; what the model freezes stays so unless another
 * value is given. No colons: YAML, and so the ROS command line, would read a mapping.
 */
function frozenEntries(text: string, { names, frozen }: ActionSpec): (number | null)[] {
  const held = new Map<string, number>();
  for (const part of listedIn(text)) {
    const [name = '', value = ''] = part.split('=').map((piece) => piece.trim());
    const action = value === '' ? NaN : Number(value);
    if (!names.some((known) => known === name) || !Number.isFinite(action)) {
      throw new JepaMpcError('params.invalid', {
        subject: 'parameter actions.frozen',
        found: `"${part}"`,
        expected: `one of ${names.join(', ')}, an equals sign and a number`,
        remedy: `Write for example "${names[0] ?? 'joint'}=0".`,
      });
    }
    held.set(name, action);
  }
  return names.map((name, i) => held.get(name) ?? frozen[i] ?? null);
}
