import type { ParameterValue } from '../../core/parameter.js';
import type { StatusLevel } from '../../core/status.js';
import type { PartStatus, StatusValues } from '../../guide/window.js';

/** The fields of diagnostic_msgs/DiagnosticArray that are read here. */
export interface DiagnosticMessage {
  readonly status: readonly {
    readonly level: number;
    readonly name: string;
    readonly message: string;
    readonly values: readonly { readonly key: string; readonly value: string }[];
  }[];
}

/** The fields of rcl_interfaces/ParameterValue for the types of the node's parameters. */
export interface ParameterMessage {
  readonly type: number;
  readonly bool_value: boolean;
  readonly integer_value: bigint | number;
  readonly double_value: number;
  readonly string_value: string;
  readonly double_array_value: ArrayLike<number>;
}

/** Those of diagnostic_msgs/DiagnosticStatus, by number. */
const LEVELS: readonly StatusLevel[] = ['ok', 'warn', 'error', 'stale'];

function valuesOf(values: DiagnosticMessage['status'][number]['values']): StatusValues {
  return Object.fromEntries(values.map(({ key, value }) => [key, value]));
}

/** The values of a message of `~/statistics`; null for one of something else. */
export function planValues({ status }: DiagnosticMessage): StatusValues | null {
  const planner = status.find(({ name }) => name === 'planner');
  return planner === undefined ? null : valuesOf(planner.values);
}

/** The parts of a node in a message of `/diagnostics`, by name. @param node without its namespace */
export function partsOf({ status }: DiagnosticMessage, node: string): Readonly<Record<string, PartStatus>> {
  const own = status.filter(({ name }) => name.startsWith(`${node}: `));
  return Object.fromEntries(
    own.map(({ name, level, message, values }) => [
      name.slice(node.length + 2),
      { level: LEVELS[level] ?? 'stale', message, values: valuesOf(values) },
    ]),
  );
}

/** A value of a parameter, by the numbers of rcl_interfaces/ParameterType; null for one that is not set, or of another type. */
export function parameterOf(message: ParameterMessage): ParameterValue | null {
  switch (message.type) {
    case 1:
      return message.bool_value;
    case 2:
      return Number(message.integer_value);
    case 3:
      return message.double_value;
    case 4:
      return message.string_value;
    case 8:
      return Array.from(message.double_array_value);
    default:
      return null;
  }
}
