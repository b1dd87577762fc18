import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { JepaMpcError } from '../../src/core/errors.js';
import { writeValue } from '../../src/core/write-value.js';
import { readYaml } from '../../src/params/profile.js';
import { parametersByName, type ParameterInfo } from '../../src/params/schema.js';
import { unknownParameters, validateParameters } from '../../src/params/validate.js';
import { plain } from '../plain-yaml.js';

/** A range of numbers; whole ones for a parameter that is an integer. */
export interface RangeOfNumbers {
  readonly kind: 'range';
  readonly isInteger: boolean;
  readonly low: number;
  readonly high: number;
  /** Distance between the values; null: any value (any whole number for an integer). */
  readonly step: number | null;
  /** Whether values are drawn by their logarithm. */
  readonly log: boolean;
}

/** Values to choose from, in the order of the file. */
export interface Choices {
  readonly kind: 'choices';
  readonly choices: readonly (string | number | boolean)[];
}

/** What a search may choose, by parameter. At least one. */
export type Space = ReadonlyMap<string, RangeOfNumbers | Choices>;

const number = z.union([z.number(), z.bigint()]).transform(Number);
const rangeSchema = z.strictObject({
  low: number,
  high: number,
  step: number.optional(),
  log: z.boolean().optional(),
});
const choicesSchema = z.strictObject({ choices: z.array(z.union([z.string(), z.boolean(), number])).min(1) });

const EXPECTED = '{ low: number, high: number, step: number, log: true } or { choices: [...] }';

/**
 * Reads a space file.
 *
 * @throws JepaMpcError `params.invalid`
 */
export function readSpace(file: string): Space {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new JepaMpcError('params.invalid', {
      subject: `space file ${file}`,
      found: 'no readable file',
      expected: 'a file that says what may be chosen for each parameter',
      remedy: 'Correct the path; config/tuning/space.yaml is one to start from.',
      cause,
    });
  }
  return parseSpace(text, `space file ${file}`);
}

/**
 * Reads what a search may choose: names of parameters, each with `{ low, high, step?, log? }` or `{ choices }`.
 *
 * @param subject what to call the text in an error
 * @throws JepaMpcError `params.invalid` that names the parameter: unknown, not dynamic, of another type, or with values outside its range
 */
export function parseSpace(text: string, subject: string): Space {
  const root = readYaml(text, subject);
  if (!(root instanceof Map) || root.size === 0) {
    throw new JepaMpcError('params.invalid', {
      subject,
      found: root instanceof Map || root === null ? 'nothing' : 'no map',
      expected: `names of parameters, each with ${EXPECTED}`,
      remedy: 'Write one line for each parameter; config/tuning/space.yaml is one to start from.',
    });
  }
  const names = [...root.keys()].map(String);
  const unknown = names.filter((name) => !parametersByName.has(name));
  if (unknown.length > 0) throw unknownParameters(unknown);
  const space = new Map<string, RangeOfNumbers | Choices>();
  for (const [key, value] of root) {
    const info = parametersByName.get(String(key));
    if (info !== undefined) space.set(info.name, readEntry(info, plain(value), subject));
  }
  return space;
}

function readEntry(info: ParameterInfo, value: unknown, subject: string): RangeOfNumbers | Choices {
  const refuse = (found: string, expected: string, remedy: string): JepaMpcError =>
    new JepaMpcError('params.invalid', {
      subject: `parameter ${info.name} in ${subject}`,
      found,
      expected,
      remedy,
    });
  if (info.change !== 'dynamic') {
    throw refuse(
      `a ${info.change} parameter`,
      'a dynamic one: the node stays up between trials',
      'Set it in a profile, and give that with --profile.',
    );
  }
  const choices = choicesSchema.safeParse(value);
  if (choices.success) return readChoices(info, choices.data.choices, refuse);
  const range = rangeSchema.safeParse(value);
  if (!range.success) throw refuse(show(value), EXPECTED, 'Write it like that.');
  return readRange(info, range.data, refuse);
}

type Refuse = (found: string, expected: string, remedy: string) => JepaMpcError;

function readChoices(
  info: ParameterInfo,
  choices: readonly (string | number | boolean)[],
  refuse: Refuse,
): Choices {
  const repeated = choices.find((choice, index) => choices.indexOf(choice) < index);
  if (repeated !== undefined) {
    throw refuse(`${writeValue(repeated)} twice`, 'different choices', 'Take one of them out.');
  }
  // Throws for a value that the parameter does not take.
  for (const choice of choices) validateParameters({ [info.name]: choice });
  return { kind: 'choices', choices };
}

function readRange(
  { type, range }: ParameterInfo,
  { low, high, step, log = false }: z.infer<typeof rangeSchema>,
  refuse: Refuse,
): RangeOfNumbers {
  if ((type !== 'integer' && type !== 'double') || range === undefined) {
    throw refuse('a range of numbers', `choices, since its type is ${type}`, 'Write { choices: [...] }.');
  }
  const [min, max] = range;
  const bounds = `${low} to ${high}`;
  if (!(low < high)) throw refuse(`low ${low} and high ${high}`, 'low below high', 'Exchange the two.');
  if (low < min || high > max) {
    throw refuse(`the range ${bounds}`, `a range inside its own, ${min} to ${max}`, 'Narrow the range.');
  }
  const isInteger = type === 'integer';
  if (isInteger && ![low, high, step ?? 1].every(Number.isInteger)) {
    throw refuse(
      `the range ${bounds}${step === undefined ? '' : ` in steps of ${step}`}`,
      'whole numbers',
      'Round them.',
    );
  }
  if (log && low <= 0) {
    throw refuse(`low ${low} with log: true`, 'low above 0', 'Raise low, or take log out.');
  }
  if (step !== undefined && log) {
    throw refuse('step and log: true', 'one of the two', 'Take one of them out.');
  }
  if (step !== undefined && !(step > 0 && step <= high - low)) {
    throw refuse(`step ${step}`, `a step above 0 and at most ${high - low}`, 'Give a step that fits.');
  }
  return { kind: 'range', isInteger, low, high, step: step ?? null, log };
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) => (typeof entry === 'bigint' ? Number(entry) : entry));
}

/**
 * Some values of a parameter in order: all choices, or numbers spread evenly over the range (by their logarithm with `log`), on its steps.
 *
 * @param count of numbers, at least 2; fewer where the range has fewer
 */
export function spreadOver(entry: RangeOfNumbers | Choices, count: number): (string | number | boolean)[] {
  if (entry.kind === 'choices') return [...entry.choices];
  const { low, high, step, log, isInteger } = entry;
  const values = Array.from({ length: count }, (_, index) => {
    const part = index / (count - 1);
    const value = log ? low * (high / low) ** part : low + part * (high - low);
    const grid = step ?? (isInteger ? 1 : null);
    const onGrid = grid === null ? value : low + Math.round((value - low) / grid) * grid;
    return Math.min(high, Math.max(low, Number(onGrid.toPrecision(6))));
  });
  return [...new Set(values)];
}
