import { parametersByName } from '../../params/schema.js';
import { rosTypes, UNSET_VALUE } from '../../ros/parameters/parameter-types.js';
import type { ParameterInfo, ParameterValue } from '../protocol.js';

const TYPE_NAMES: ReadonlyMap<number, ParameterInfo['type']> = new Map([
  [rosTypes.boolean, 'boolean'],
  [rosTypes.integer, 'integer'],
  [rosTypes.double, 'double'],
  [rosTypes.string, 'string'],
  [rosTypes.double_array, 'double_array'],
]);

/** The fields of rcl_interfaces/msg/ParameterDescriptor that are used. */
export interface DescriptorMessage {
  readonly name: string;
  readonly type: number;
  readonly description: string;
  readonly additional_constraints: string;
  readonly read_only: boolean;
  readonly floating_point_range: readonly { readonly from_value: number; readonly to_value: number }[];
  readonly integer_range: readonly { readonly from_value: bigint; readonly to_value: bigint }[];
}

/** rcl_interfaces/msg/ParameterValue */
export interface ValueMessage {
  readonly type: number;
  readonly bool_value: boolean;
  readonly integer_value: bigint;
  readonly double_value: number;
  readonly string_value: string;
  readonly byte_array_value: ArrayLike<number>;
  readonly bool_array_value: readonly boolean[];
  readonly integer_array_value: ArrayLike<bigint>;
  readonly double_array_value: ArrayLike<number>;
  readonly string_array_value: readonly string[];
}

/** What a request to set a parameter carries of it. */
export interface ParameterMessage {
  readonly name: string;
  readonly value: ValueMessage;
}

/**
 * What a page needs to know of a parameter, from its descriptor alone; only the default, which ROS has no field for, comes from the schema of this
 * package. Null for a type that there is no control for.
 */
export function readDescriptor(message: DescriptorMessage): ParameterInfo | null {
  const type = TYPE_NAMES.get(message.type);
  if (type === undefined) return null;
  const [, description = message.description, unit = ''] =
    /^(.*?)(?: \[([^\]]*)\])?$/su.exec(message.description) ?? [];
  const constraints = message.additional_constraints;
  const [, choices] = /One of (.*?)\.(?: |$)/u.exec(constraints) ?? [];
  const [, maxLength] = /At most (\d+) numbers\./u.exec(constraints) ?? [];
  return {
    name: message.name,
    type,
    range: rangeOf(message),
    step: type === 'integer' ? 1 : null,
    unit,
    defaultValue: readDefault(message.name),
    description,
    change: message.read_only ? 'read-only' : constraints.includes('Static:') ? 'static' : 'dynamic',
    choices: choices === undefined ? null : choices.split(', '),
    maxLength: maxLength === undefined ? null : Number(maxLength),
  };
}

/** Null for a value that is not set, or of a type that there is no control for. */
export function readValue(message: ValueMessage): ParameterValue | null {
  switch (message.type) {
    case rosTypes.boolean:
      return message.bool_value;
    case rosTypes.integer:
      return Number(message.integer_value);
    case rosTypes.double:
      return message.double_value;
    case rosTypes.string:
      return message.string_value;
    case rosTypes.double_array:
      return Array.from(message.double_array_value);
    default:
      return null;
  }
}

/**
 * A value as the parameter's type has it. One that does not fit keeps its own type: the node refuses it, and says in its own words why.
 *
 * @param type null: no such parameter is known
 */
export function writeParameter(
  name: string,
  value: ParameterValue,
  type: ParameterInfo['type'] | null,
): ParameterMessage {
  return { name, value: { ...UNSET_VALUE, ...fieldsOf(value, type) } };
}

function fieldsOf(value: ParameterValue, type: ParameterInfo['type'] | null): Partial<ValueMessage> {
  switch (typeof value) {
    case 'boolean':
      return { type: rosTypes.boolean, bool_value: value };
    case 'string':
      return { type: rosTypes.string, string_value: value };
    case 'number':
      return type === 'integer' && Number.isSafeInteger(value)
        ? { type: rosTypes.integer, integer_value: BigInt(value) }
        : { type: rosTypes.double, double_value: value };
    default:
      return { type: rosTypes.double_array, double_array_value: value };
  }
}

function rangeOf({ floating_point_range, integer_range }: DescriptorMessage): [number, number] | null {
  const [range] = [...integer_range, ...floating_point_range];
  return range === undefined ? null : [Number(range.from_value), Number(range.to_value)];
}

function readDefault(name: string): ParameterValue | null {
  const value = parametersByName.get(name)?.defaultValue;
  if (value === undefined) return null;
  return typeof value === 'object' ? [...value] : value;
}
