import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import type { PlannerTuning } from './planner-port.js';

/**
 * The actions of a model inside the bounds that a tuning asks for.
 *
 * @throws JepaMpcError `params.invalid` for bounds that are too many or too few, outside those of the model, or crossed
 */
export function actionFromTuning(
  { actionLower, actionUpper }: Pick<PlannerTuning, 'actionLower' | 'actionUpper'>,
  action: ActionSpec,
): ActionSpec {
  if (actionLower.length === 0 && actionUpper.length === 0) return action;
  const lower = bounds('actions.lower', actionLower, action.lower, action);
  const upper = bounds('actions.upper', actionUpper, action.upper, action);
  const crossed = action.names.findIndex((_, joint) => (lower[joint] ?? 0) >= (upper[joint] ?? 0));
  if (crossed < 0) return { ...action, lower, upper };
  throw new JepaMpcError('params.invalid', {
    subject: `parameters actions.lower and actions.upper, ${String(action.names[crossed])}`,
    found: `${String(lower[crossed])} and ${String(upper[crossed])}`,
    expected: 'the lower bound below the upper one',
    remedy: 'To hold a joint at one action, name it in actions.frozen.',
  });
}

/** Bounds of each joint `[J]`. */
function bounds(
  parameter: string,
  given: readonly number[],
  modelsOwn: readonly number[],
  { names, lower, upper, unit }: ActionSpec,
): readonly number[] {
  if (given.length === 0) return modelsOwn;
  const [first = NaN] = given;
  const each = given.length === 1 ? names.map(() => first) : given;
  const isInside = each.every(
    (bound, joint) => bound >= (lower[joint] ?? NaN) && bound <= (upper[joint] ?? NaN),
  );
  if (each.length === names.length && isInside) return each;
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${parameter}`,
    found: `[${given.join(', ')}]`,
    expected: `nothing, one number, or ${String(names.length)} (${names.join(', ')}), inside the bounds of the model, [${lower.join(', ')}] to [${upper.join(', ')}] ${unit}`,
    remedy: 'The model knows nothing of actions outside of its bounds.',
  });
}
