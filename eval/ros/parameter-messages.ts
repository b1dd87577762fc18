import type rclnodejs from 'rclnodejs';
import { JepaMpcError } from '../../src/core/errors.js';
import type { ParameterValue } from '../../src/core/parameter.js';
import { parametersByName } from '../../src/params/schema.js';
import { unknownParameters } from '../../src/params/validate.js';
import { writeValue } from '../../src/core/write-value.js';
import { rosTypes, UNSET_VALUE } from '../../src/ros/parameters/parameter-types.js';

/**
 * A parameter of the planner node as a message, with the type that the node declares.
 *
 * @throws JepaMpcError `params.invalid` for an unknown name or a value of another type
 */
export function toParameterMessage(
  name: string,
  value: ParameterValue,
): rclnodejs.rcl_interfaces.msg.Parameter {
  const info = parametersByName.get(name);
  if (info === undefined) throw unknownParameters([name]);
  return {
    name,
    value: { ...UNSET_VALUE, type: rosTypes[info.type], ...valueFields(name, value, info.type) },
  };
}

function valueFields(name: string, value: ParameterValue, type: keyof typeof rosTypes): object {
  if (type === 'boolean' && typeof value === 'boolean') return { bool_value: value };
  if (type === 'integer' && Number.isSafeInteger(value)) return { integer_value: BigInt(Number(value)) };
  if (type === 'double' && typeof value === 'number') return { double_value: value };
  if (type === 'string' && typeof value === 'string') return { string_value: value };
  if (type === 'double_array' && typeof value === 'object') return { double_array_value: [...value] };
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${name}`,
    found: writeValue(value),
    expected: `a value of type ${type}`,
    remedy: 'Give a value of that type.',
  });
}
