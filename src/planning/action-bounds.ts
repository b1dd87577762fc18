import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
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
  const crossed = action.names.findIndex((_, joint) => (lower[joint] ?? 0) >= (upper[joint] ?? 0));
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
  if (given.length === 0) return ofModel;
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
    remedy: 'The model cannot predict actions outside its own bounds.',
  });
}

/** The bounds of raw actions as float32, never wider than the doubles of the manifest. */
export class ActionBounds {
  readonly joints: number;
  /** `[J]` */
  readonly lower: Float32Array;
  /** `[J]` */
  readonly upper: Float32Array;

  constructor(action: ActionSpec) {
    this.joints = action.names.length;
    this.lower = Float32Array.from(action.lower, (bound) => -roundDown(-bound));
    this.upper = Float32Array.from(action.upper, roundDown);
  }

  /** Half the range of a joint, the unit in which deviations are stated. */
  halfRange(joint: number): number {
    return ((this.upper[joint] ?? 0) - (this.lower[joint] ?? 0)) / 2;
  }

  /** The larger bound of a joint, the unit in which actions are penalised. */
  largest(joint: number): number {
    return Math.max(Math.abs(this.lower[joint] ?? 0), Math.abs(this.upper[joint] ?? 0));
  }

  clamp(value: number, joint: number): number {
    return Math.min(Math.max(value, this.lower[joint] ?? -Infinity), this.upper[joint] ?? Infinity);
  }
}

/** The largest float32 that is not above `value`. */
function roundDown(value: number): number {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, value);
  const rounded = word.getFloat32(0);
  if (rounded <= value) return rounded;
  word.setInt32(0, word.getInt32(0) + (rounded > 0 ? -1 : 1));
  return word.getFloat32(0);
}
