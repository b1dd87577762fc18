import { JepaMpcError } from '../core/errors.js';
import { nearestName } from '../core/names.js';
import { physicalUnits, quantityIn } from './quantity.js';
import { parameterSchema, parametersByName } from './schema.js';
import type { ParameterInfo, ParameterName, Parameters } from './schema.js';
import { writeValue } from '../core/write-value.js';

export interface ValidateOptions {
  /** Whether text may stand for a number with its unit, such as `"50 ms"`: in parameter files, where nothing says what type a value has. */
  readonly acceptsQuantities?: boolean;
}

/**
 * Checks a whole set of parameters; missing ones take their default.
 *
 * @param values by name; whole numbers may be bigint
 * @throws JepaMpcError `params.invalid` that names each parameter, the value found and what it may be.
 */
export function validateParameters(
  values: Readonly<Record<string, unknown>>,
  { acceptsQuantities = false }: ValidateOptions = {},
): Parameters {
  const unknown = Object.keys(values).filter((name) => !parametersByName.has(name));
  if (unknown.length > 0) throw unknownParameters(unknown);
  const candidates: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const info = parametersByName.get(name);
    candidates[name] = info === undefined ? value : asNumbers(value, info, acceptsQuantities);
  }
  const result = parameterSchema.safeParse(candidates);
  if (result.success) return result.data;
  const names = [...new Set(result.error.issues.map((issue) => String(issue.path[0])))];
  throw invalidValues(names, values, acceptsQuantities);
}

/** Describes the values that a parameter may have. */
function expectation(info: ParameterInfo, acceptsQuantities = false): string {
  if (info.choices !== undefined) return `one of ${info.choices.join(', ')}`;
  if (info.range === undefined) return info.type === 'boolean' ? 'true or false' : 'text';
  const [from, to] = info.range;
  const hasUnit = physicalUnits(info.unit).length > 0;
  const range = `from ${String(from)} to ${String(to)}${hasUnit ? ` ${info.unit}` : ''}`;
  const orWithUnit = acceptsQuantities && hasUnit ? ', or text with such a unit' : '';
  switch (info.type) {
    case 'integer':
      return `a whole number ${range}${orWithUnit}`;
    case 'double_array':
      return `a list of at most ${String(info.maxLength)} numbers, each ${range}${orWithUnit}`;
    default:
      return `a number ${range}${orWithUnit}`;
  }
}

/** ROS integers are bigint; ours are numbers, whose range the schema checks. */
function asNumbers(value: unknown, info: ParameterInfo, acceptsQuantities: boolean): unknown {
  if (Array.isArray(value)) return value.map((entry) => asNumbers(entry, info, acceptsQuantities));
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string' || !acceptsQuantities || info.range === undefined) return value;
  const quantity = quantityIn(value, info.unit);
  if (quantity === null) return value;
  const whole = Math.round(quantity);
  // A conversion through SI units can turn 50 ms into 50.000000000000004 ms.
  return Math.abs(quantity - whole) <= 1e-9 * Math.abs(whole) ? whole : quantity;
}

/** Names that parameters had before, with their present names. */
const RENAMED: ReadonlyMap<string, ParameterName> = new Map<string, ParameterName>([
  ['cem.samples', 'sampling.samples'],
  ['cem.iterations', 'sampling.iterations'],
  ['cem.elites', 'sampling.elites'],
  ['cem.horizon', 'sampling.horizon'],
  ['cem.initial_std', 'sampling.initial_std'],
  ['cem.min_std', 'sampling.min_std'],
  ['cem.joint_initial_std', 'sampling.joint_initial_std'],
  ['cem.joint_min_std', 'sampling.joint_min_std'],
  ['cem.keep', 'sampling.keep'],
  ['cem.momentum', 'sampling.momentum'],
  ['cem.returned', 'sampling.returned'],
  ['cem.early_stop_std', 'sampling.early_stop_std'],
  ['cem.wide_share', 'sampling.wide_share'],
  ['cem.action_penalty', 'objective.action_weight'],
]);

/** Whether a parameter had this name before it was renamed. */
export function isFormerName(name: string): boolean {
  return RENAMED.has(name);
}

/**
 * The present name of a parameter that was renamed, else the nearest known name; a misspelt former name suggests the present one.
 *
 * @returns null when no name resembles it
 */
export function suggestedName(name: string): string | null {
  const nearest = nearestName(name, [...parametersByName.keys(), ...RENAMED.keys()]);
  return nearest === null ? null : (RENAMED.get(nearest) ?? nearest);
}

/** The error for names that no parameter has. */
export function unknownParameters(names: readonly string[]): JepaMpcError {
  const former = names.filter(isFormerName);
  const unknown = names.filter((name) => !isFormerName(name));
  const found: string[] = [];
  const expected: string[] = [];
  const remedy: string[] = [];
  if (former.length > 0) {
    const present = former.map(suggestedName).join(', ');
    found.push(`former name ${former.join(', ')}`);
    expected.push(`present name ${present}`);
    remedy.push(`Write ${present}.`);
  }
  if (unknown.length > 0) {
    found.push(`unknown name ${unknown.join(', ')}`);
    expected.push('a name listed in docs/parameters.md');
    const suggested = unknown.map(suggestedName).filter((name) => name !== null);
    remedy.push(
      suggested.length === 0 ? 'Correct the name, or leave it out.' : `Did you mean ${suggested.join(', ')}?`,
    );
  }
  return new JepaMpcError('params.invalid', {
    subject: names.length === 1 ? `parameter ${String(names[0])}` : 'parameters',
    found: found.join('; '),
    expected: expected.join('; '),
    remedy: remedy.join(' '),
  });
}

function invalidValues(
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
  acceptsQuantities: boolean,
): JepaMpcError {
  const label = (name: string): string => (names.length === 1 ? '' : `${name} `);
  const problems = names.flatMap((name) => {
    const info = parametersByName.get(name);
    if (info === undefined) return [];
    return [
      {
        found: `${label(name)}${writeValue(values[name])}`,
        expected: `${label(name)}${expectation(info, acceptsQuantities)}`,
        hint: hint(values[name], info),
      },
    ];
  });
  return new JepaMpcError('params.invalid', {
    subject: `parameter ${names.join(', ')}`,
    found: problems.map(({ found }) => found).join(', '),
    expected: problems.map(({ expected }) => expected).join(', '),
    remedy: problems.map(({ hint: text }) => text).find((text) => text !== null) ?? 'Give a value that fits.',
  });
}

/** The error for a value whose type is not the ROS type of the parameter. */
export function wrongType(info: ParameterInfo, value: unknown): JepaMpcError {
  const isText = typeof value === 'string' && info.range !== undefined;
  return new JepaMpcError('params.invalid', {
    subject: `parameter ${info.name}`,
    found: `${writeValue(value)} (${isText ? 'text' : 'another type'})`,
    expected: expectation(info),
    remedy: isText
      ? 'Give the number alone: text with a unit is for parameter files and the command line.'
      : 'Give a value of that type.',
  });
}

function hint(value: unknown, { choices }: ParameterInfo): string | null {
  if (choices === undefined || typeof value !== 'string') return null;
  const nearest = nearestName(value, choices);
  return nearest === null ? null : `Did you mean ${nearest}?`;
}
