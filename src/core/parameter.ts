import { JepaMpcError } from './errors.js';
import { writeValue } from './write-value.js';

/**
 * When a change of a parameter takes effect. `dynamic`: before the next plan or tick. `static`: it is read when the node is configured, and can
 * be set only while the node is not configured. `read-only`: it is read when the node starts.
 */
export type ParameterChange = 'dynamic' | 'static' | 'read-only';

/** Which values a parameter takes. */
interface Domain<Value> {
  /** ROS type. */
  readonly type: 'string' | 'integer' | 'double' | 'boolean' | 'double_array';
  readonly defaultValue: Value;
  /** Inclusive range of a number, or of each number of an array. */
  readonly range?: readonly [min: number, max: number];
  /** Maximum number of entries of an array. */
  readonly maxLength?: number;
  /** Allowed texts of a choice. */
  readonly choices?: readonly string[];
}

/**
 * One parameter of the node, declared in the file of what it steers. The composed schema, the ROS descriptors, the validation and
 * docs/parameters.md are derived from it; nothing else states its default, its range or its description.
 */
export interface Parameter<Value> extends Domain<Value> {
  /** SI unit, or `1` for a pure number; empty for text and switches. */
  readonly unit: string;
  readonly change: ParameterChange;
  readonly description: string;
}

export type ParameterValue = string | number | boolean | readonly number[];

/** Parameters by their ROS name: a part of the schema. */
export type ParameterFragment = Readonly<Record<string, Parameter<ParameterValue>>>;

/** The values of a fragment, by ROS name. */
export type ValuesOf<Fragment extends ParameterFragment> = {
  readonly [Name in keyof Fragment]: Fragment[Name] extends Parameter<infer Value> ? Value : never;
};

type AllOf<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The parameters of every one of these definitions. */
export type ParametersOf<Definition extends { readonly parameters: ParameterFragment }> =
  AllOf<Definition['parameters']> extends infer All extends ParameterFragment ? All : never;

/** The parameters of every one of these definitions, as one fragment. */
export function parametersOf<Definition extends { readonly parameters: ParameterFragment }>(
  definitions: readonly Definition[],
): ParametersOf<Definition> {
  return Object.assign({}, ...definitions.map(({ parameters }) => parameters)) as ParametersOf<Definition>;
}

/** All defaults of a fragment. */
export function defaultsOf<Fragment extends ParameterFragment>(fragment: Fragment): ValuesOf<Fragment> {
  const entries = Object.entries(fragment).map(([name, { defaultValue }]) => [name, defaultValue]);
  return Object.fromEntries(entries) as ValuesOf<Fragment>;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** A whole number. */
export function integer({ min, max, default: defaultValue }: Bounds): Domain<number> {
  return { type: 'integer', defaultValue, range: [min, max] };
}

export function double({ min, max, default: defaultValue }: Bounds): Domain<number> {
  return { type: 'double', defaultValue, range: [min, max] };
}

export function flag(defaultValue: boolean): Domain<boolean> {
  return { type: 'boolean', defaultValue };
}

/** Any text; empty by default. */
export function text(): Domain<string> {
  return { type: 'string', defaultValue: '' };
}

export function choice<const Choices extends readonly string[]>(
  choices: Choices,
  defaultValue: Choices[number],
): Domain<Choices[number]> {
  return { type: 'string', defaultValue, choices };
}

const MAX_JOINTS = 64;

/** One number for each joint of the model, or one for all of them. Empty by default: the parameter is not set. */
export function numberPerJoint({ min, max }: Omit<Bounds, 'default'>): Domain<readonly number[]> {
  return { type: 'double_array', defaultValue: [], range: [min, max], maxLength: MAX_JOINTS };
}

export function dynamic<Value>(domain: Domain<Value>, unit: string, description: string): Parameter<Value> {
  return { ...domain, unit, change: 'dynamic', description };
}

export function fixed<Value>(domain: Domain<Value>, unit: string, description: string): Parameter<Value> {
  return { ...domain, unit, change: 'static', description };
}

export function atStart<Value>(domain: Domain<Value>, unit: string, description: string): Parameter<Value> {
  return { ...domain, unit, change: 'read-only', description };
}

/**
 * Refuses numbers outside the ranges of their parameters, for values that did not come through the schema of the node.
 *
 * @throws JepaMpcError `params.invalid`
 */
export function checkRanges(
  fragment: ParameterFragment,
  values: Readonly<Record<string, ParameterValue>>,
): void {
  for (const [name, { range }] of Object.entries(fragment)) {
    const value = values[name];
    if (range === undefined || typeof value !== 'number') continue;
    const [min, max] = range;
    if (value >= min && value <= max) continue;
    throw new JepaMpcError('params.invalid', {
      subject: `parameter ${name}`,
      found: `${name} ${writeValue(value)}`,
      expected: `from ${String(min)} to ${String(max)}`,
      remedy: 'Give a value in this range.',
    });
  }
}

/** The part of some values that a fragment declares. */
export function valuesOf<Fragment extends ParameterFragment>(
  fragment: Fragment,
  values: ValuesOf<Fragment>,
): ValuesOf<Fragment> {
  const part: Record<string, unknown> = {};
  for (const name of Object.keys(fragment)) part[name] = values[name];
  return part as ValuesOf<Fragment>;
}
