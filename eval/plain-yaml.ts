import { readYaml } from '../src/params/profile.js';

/**
 * YAML with maps as objects, for the schemas. Whole numbers are bigint.
 *
 * @param subject names the text in errors
 * @throws JepaMpcError `params.invalid`, with line and column
 */
export function readPlainYaml(text: string, subject: string): unknown {
  return plain(readYaml(text, subject));
}

/** Maps as objects, also those in lists. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, entry]) => [String(key), plain(entry)]));
}
