import { parametersByName } from '../../src/params/schema.js';
import type { ParameterValues } from '../simulation/wire.js';
import type { Space } from './space.js';

/**
 * A parameter file with a comment for each parameter.
 *
 * @param head lines of the comment at the top
 * @param searched what the search could choose; the other parameters come from the profile that it began with
 */
export function profileText(head: readonly string[], values: ParameterValues, searched: Space): string {
  const lines = Object.keys(values)
    .sort()
    .flatMap((name) => {
      const info = parametersByName.get(name);
      const unit = info === undefined || info.unit === '' || info.unit === '1' ? '' : ` [${info.unit}]`;
      return [
        `    # ${info?.description ?? ''}${unit} ${originOf(name, searched)}`,
        `    ${name}: ${yamlValue(values[name], info?.type)}`,
      ];
    });
  return [...head.map((line) => `# ${line}`), '/**:', '  ros__parameters:', ...lines, ''].join('\n');
}

function originOf(name: string, searched: Space): string {
  const entry = searched.get(name);
  if (entry === undefined) return 'From the profile that the search began with.';
  const range =
    entry.kind === 'choices' ? entry.choices.map(String).join(', ') : `${entry.low} to ${entry.high}`;
  return `Searched: ${range}.`;
}

/** JSON is YAML, except that without a point `1` is no double for ROS and `1e-7` no number for YAML 1.1. */
function yamlValue(value: unknown, type: string | undefined): string {
  const asDouble = (number: unknown): string => {
    const text = JSON.stringify(number);
    return text.includes('.') ? text : text.replace(/^-?\d+/, '$&.0');
  };
  if (type === 'double') return asDouble(value);
  if (type === 'double_array' && Array.isArray(value)) return `[${value.map(asDouble).join(', ')}]`;
  return JSON.stringify(value);
}
