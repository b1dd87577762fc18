import { JepaMpcError } from '../core/errors.js';
import { nearestName } from '../core/nearest-name.js';
import { parameterInfos, parameterSchema } from './schema.js';
import type { Parameters } from './schema.js';

/**
 * Checks a whole set of parameters; missing ones take their default.
 *
 * @throws JepaMpcError `params.invalid` that names each parameter, the value found and what it may be.
 */
export function validateParameters(values: Readonly<Record<string, unknown>>): Parameters {
  const known = parameterInfos.map((info) => info.name);
  const unknown = Object.keys(values).filter((name) => !known.some((other) => other === name));
  if (unknown.length > 0) {
    throw new JepaMpcError('params.invalid', {
      subject: unknown.length === 1 ? `parameter ${String(unknown[0])}` : 'parameters',
      found: `unknown name ${unknown.join(', ')}`,
      expected: 'a name listed in docs/parameters.md',
      remedy: `Did you mean ${unknown.map((name) => nearestName(name, known)).join(', ')}?`,
    });
  }
  const result = parameterSchema.safeParse(values);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return { name, found: JSON.stringify(values[name]), expected: expectation(name) };
  });
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${issues.map((issue) => issue.name).join(', ')}`,
    found: issues.map((issue) => issue.found).join(', '),
    expected: issues.map((issue) => issue.expected).join(', '),
    remedy: 'Set a value that fits; the present one is kept.',
    cause: result.error,
  });
}

function expectation(name: string): string {
  const info = parameterInfos.find((candidate) => candidate.name === name);
  if (info === undefined) return 'nothing';
  if (info.choices !== undefined) return `one of ${info.choices.join(', ')}`;
  if (info.range === undefined) return `a ${info.type}`;
  const unit = info.unit === '1' || info.unit === '' ? '' : ` ${info.unit}`;
  const kind = info.type === 'integer' ? 'a whole number' : 'a number';
  return `${kind} from ${String(info.range[0])} to ${String(info.range[1])}${unit}`;
}
