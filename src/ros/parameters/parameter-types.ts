import type rclnodejs from 'rclnodejs';

/** rcl_interfaces/msg/ParameterType of the types that the parameter schema knows. */
export const rosTypes = { boolean: 1, integer: 2, double: 3, string: 4, double_array: 8 } as const;

/** A rcl_interfaces/msg/ParameterValue that is not set: the fields of every type, empty. */
export const UNSET_VALUE = {
  type: 0,
  bool_value: false,
  integer_value: 0n,
  double_value: 0,
  string_value: '',
  byte_array_value: [],
  bool_array_value: [],
  integer_array_value: [],
  double_array_value: [],
  string_array_value: [],
};

const otherTypes = { byteArray: 5, booleanArray: 6, integerArray: 7, stringArray: 9 } as const;

/** A value to set, of one of the types of ROS; null: not set. */
export interface ParameterChange {
  readonly name: string;
  /** rcl_interfaces/msg/ParameterType. */
  readonly type: number;
  readonly value: boolean | bigint | number | string | readonly (boolean | bigint | number | string)[] | null;
}

/** Parameters that ROS itself declares on a node; the schema does not have them. */
export function belongsToRos(name: string): boolean {
  return (
    name === 'use_sim_time' || name.startsWith('qos_overrides.') || name === 'start_type_description_service'
  );
}

/** Reads a parameter message. An unknown type gives null. */
export function readChange({ name, value }: rclnodejs.rcl_interfaces.msg.Parameter): ParameterChange {
  return { name, type: value.type, value: valueOf(value) };
}

/** Whether a value fits a parameter of this type: an integer fits a double, and an array of integers an array of doubles. */
export function isOfType({ type, value }: ParameterChange, wanted: keyof typeof rosTypes): boolean {
  if (type === rosTypes[wanted]) return true;
  if (wanted === 'double') return type === rosTypes.integer;
  if (wanted !== 'double_array') return false;
  // Tools give an empty array any type.
  return type === otherTypes.integerArray || (Array.isArray(value) && value.length === 0);
}

function valueOf(message: rclnodejs.rcl_interfaces.msg.ParameterValue): ParameterChange['value'] {
  switch (message.type) {
    case rosTypes.boolean:
      return message.bool_value;
    case rosTypes.integer:
      return message.integer_value;
    case rosTypes.double:
      return message.double_value;
    case rosTypes.string:
      return message.string_value;
    case otherTypes.byteArray:
      return Array.from(message.byte_array_value);
    case otherTypes.booleanArray:
      return Array.from(message.bool_array_value);
    case otherTypes.integerArray:
      return Array.from(message.integer_array_value);
    case rosTypes.double_array:
      return Array.from(message.double_array_value);
    case otherTypes.stringArray:
      return Array.from(message.string_array_value);
    default:
      return null;
  }
}
