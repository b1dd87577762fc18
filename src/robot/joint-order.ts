import { JepaMpcError } from '../core/errors.js';
import { nearestName } from '../core/nearest-name.js';

/**
 * Where the numbers for a controller come from that knows joints by their place alone: index `[J]` into the model's joints for each of its own.
 *
 * @param parameter its name, for errors
 * @param names joints of the controller in its order; empty: as the model's
 * @throws JepaMpcError `params.invalid` unless they are the joints of the model, each once.
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
    found: names.join(', '),
    expected: `each of ${modelJoints.join(', ')} once, in any order`,
    remedy:
      unknown === undefined
        ? 'Name the joints as the controller has them in its parameter joints.'
        : `'${unknown}' is no joint of the model (did you mean ${String(nearestName(unknown, modelJoints))}?): the controller needs to have these joints alone.`,
  });
}
