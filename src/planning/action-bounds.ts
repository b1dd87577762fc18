import { JepaMpcError } from '../core/errors.js';
import { at } from '../core/array-access.js';
import type { ActionSpec } from '../core/model-spec.js';
import { perJoint } from '../core/per-joint.js';
import { dynamic, numberPerJoint, type ValuesOf } from '../core/parameter.js';

export const actionBoundParameters = {
  'actions.lower': dynamic(
    numberPerJoint({ min: -1000, max: 1000 }),
    'rad/s or m/s',
    'Minimum action of each joint (or one number for all joints), inside the bounds of the model. Empty: the bounds of the model.',
  ),
  'actions.upper': dynamic(
    numberPerJoint({ min: -1000, max: 1000 }),
    'rad/s or m/s',
    'Maximum action of each joint (or one number for all joints), inside the bounds of the model. Empty: the bounds of the model.',
  ),
};

/**
 * The actions of a model inside the bounds that the parameters ask for.
 *
 * @throws JepaMpcError `params.invalid` for too many or too few bounds, and for bounds that cross or lie outside those of the model
 */
export function boundedAction(
  values: ValuesOf<typeof actionBoundParameters>,
  action: ActionSpec,
): ActionSpec {
  const { 'actions.lower': givenLower, 'actions.upper': givenUpper } = values;
  if (givenLower.length === 0 && givenUpper.length === 0) return action;
  const lower = boundsOfEachJoint('actions.lower', givenLower, action.lower, action);
  const upper = boundsOfEachJoint('actions.upper', givenUpper, action.upper, action);
  const crossed = action.names.findIndex((_, joint) => at(lower, joint) >= at(upper, joint));
  if (crossed < 0) return { ...action, lower, upper };
  throw new JepaMpcError('params.invalid', {
    subject: `parameters actions.lower and actions.upper, ${String(action.names[crossed])}`,
    found: `${String(lower[crossed])} and ${String(upper[crossed])}`,
    expected: 'the lower bound below the upper one',
    remedy: 'To hold a joint at one action, name it in actions.frozen.',
  });
}

/** `[J]` */
function boundsOfEachJoint(
  parameter: string,
  given: readonly number[],
  ofModel: readonly number[],
  { names, lower, upper, unit }: ActionSpec,
): readonly number[] {
  const each = perJoint(given, names, parameter);
  if (each === null) return ofModel;
  if (each.every((bound, joint) => bound >= at(lower, joint) && bound <= at(upper, joint))) return each;
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${parameter}`,
    found: `[${given.join(', ')}]`,
    expected: `bounds inside the bounds of the model, [${lower.join(', ')}] to [${upper.join(', ')}] ${unit}`,
    remedy: 'The model cannot predict actions outside its own bounds.',
  });
}
