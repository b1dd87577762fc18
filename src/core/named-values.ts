import { JepaMpcError } from './errors.js';
import { listedIn, nearestName } from './names.js';

/** The values that each number of such a parameter takes. */
export interface NamedRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Reads a parameter that has a number for some joints, by name, such as `gripper=0.005, wrist=0.3`.
 *
 * @param parameter its name, for the error
 * @param joints of the model
 * @param range inclusive, in the unit of each joint
 * @returns the number of each joint that is named; empty for an empty text
 * @throws JepaMpcError `params.invalid`
 */
export function namedValues(
  text: string,
  parameter: string,
  joints: readonly string[],
  { min, max }: NamedRange,
): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const entry of listedIn(text)) {
    const [name = '', number = '', ...more] = entry.split('=').map((part) => part.trim());
    const refuse = (found: string, expected: string, remedy: string): JepaMpcError =>
      new JepaMpcError('params.invalid', { subject: `parameter ${parameter}`, found, expected, remedy });
    const value = more.length === 0 && /^[\d.eE+-]+$/.test(number) ? Number(number) : NaN;
    if (!joints.includes(name)) {
      const nearest = nearestName(name, joints);
      throw refuse(
        `'${entry}'`,
        `joint=number with a joint of the model: ${joints.join(', ')}`,
        nearest === null ? 'Leave it out.' : `Did you mean ${nearest}=…?`,
      );
    }
    if (!(value >= min && value <= max)) {
      throw refuse(
        `'${entry}'`,
        `${name}=number, from ${String(min)} to ${String(max)}`,
        'Give a plain decimal number, in rad for joints that turn and in m for prismatic ones.',
      );
    }
    if (values.has(name)) throw refuse(`joint ${name} twice`, 'each joint once', 'Leave one of them out.');
    values.set(name, value);
  }
  return values;
}
