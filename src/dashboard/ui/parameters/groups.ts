import type { ParameterInfo, ParameterValue } from '../../protocol.js';

/** Parameters with the same first part of their names. */
export interface Group {
  readonly name: string;
  readonly parameters: readonly ParameterInfo[];
}

/** Group of the parameters without a prefix. */
export const GENERAL = 'general';

/**
 * The parameters in groups, both in the order of the schema.
 *
 * @param query words that all occur in name or description, in any case; empty: every parameter
 */
export function groupsOf(parameters: readonly ParameterInfo[], query: string): readonly Group[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, ParameterInfo[]>();
  for (const parameter of parameters) {
    const text = `${parameter.name} ${parameter.description}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const name = groupOf(parameter.name);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [parameter]);
    else group.push(parameter);
  }
  return [...groups].map(([name, members]) => ({ name, parameters: members }));
}

export function groupOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? GENERAL : name.slice(0, dot);
}

/** Whether two values of a parameter are the same; lists by their numbers. */
export function isSame(
  left: ParameterValue | null | undefined,
  right: ParameterValue | null | undefined,
): boolean {
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((value, index) => value === right[index]);
  return left === right;
}

/** Whether a value is known to differ from the default. */
export function isChanged(
  { defaultValue }: Pick<ParameterInfo, 'defaultValue'>,
  value: ParameterValue | undefined,
): boolean {
  return value !== undefined && defaultValue !== null && !isSame(value, defaultValue);
}

/** Whether a change takes effect now. */
export function isSettable({ change }: Pick<ParameterInfo, 'change'>, nodeState: string): boolean {
  return change === 'dynamic' || (change === 'static' && nodeState === 'unconfigured');
}
