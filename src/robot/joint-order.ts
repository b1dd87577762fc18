import { JepaMpcError } from '../core/errors.js';
import { nearestName } from '../core/names.js';

/**
 * The order of the numbers that a controller expects, for controllers that know joints by index alone.
 *
 * @param parameter name of the parameter, for errors
 * @param names joints of the controller, in its order; empty: those of the model, in the model's order
 * @returns for each joint of the controller, its index among the model's joints `[J]`
 * @throws JepaMpcError `params.invalid` unless they are the joints of the model, each once
 */
export function jointOrder(
  parameter: string,
  names: readonly string[],
  modelJoints: readonly string[],
): readonly number[] {
  if (names.length === 0) return modelJoints.map((_, index) => index);
  const unknown = names.find((name) => !modelJoints.includes(name));
  const isComplete = new Set(names).size === modelJoints.length && names.length === modelJoints.length;
  if (unknown === undefined && isComplete) return names.map((name) => modelJoints.indexOf(name));
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${parameter}`,
    found: names.map((name) => (name.trim() === '' ? `'${name}'` : name)).join(', '),
    expected: `each of ${modelJoints.join(', ')} once, in any order`,
    remedy:
      unknown === undefined
        ? 'Name the joints as the controller has them in its parameter joints.'
        : `'${unknown}' is no joint of the model${meant(unknown, modelJoints)}: the controller needs to have these joints alone.`,
  });
}

function meant(name: string, joints: readonly string[]): string {
  const nearest = nearestName(name, joints);
  return nearest === null ? '' : ` (did you mean ${nearest}?)`;
}
