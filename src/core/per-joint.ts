import { JepaMpcError } from './errors.js';
import { writeValue } from './write-value.js';

/**
 * Expands a parameter that holds one value for all joints, or one for each.
 *
 * @param values none, one, or J; their range is for the caller to check
 * @param joints names of the joints, or of the entries of an action `[J]`, in the order of the model
 * @param parameter name of the parameter, for the error
 * @returns `[J]`; null when `values` is empty
 * @throws JepaMpcError `params.invalid` for any other number of values
 */
export function perJoint(
  values: readonly number[],
  joints: readonly string[],
  parameter: string,
): readonly number[] | null {
  const [first] = values;
  if (first === undefined) return null;
  if (values.length === joints.length) return values;
  if (values.length === 1) return joints.map(() => first);
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${parameter}`,
    found: `${writeValue(values)}, ${String(values.length)} numbers`,
    expected: `one, or ${String(joints.length)} (${joints.join(', ')})`,
    remedy: 'Give one number for all joints, or one for each in the order of the model.',
  });
}
