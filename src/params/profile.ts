import { parseDocument, type Tags } from 'yaml';

import { JepaMpcError } from '../core/errors.js';
import { writeValue } from '../core/write-value.js';
import { hasWildcard, isForNode } from './node-key.js';

/** Values as YAML types them: whole numbers are bigint, so that `1` differs from `1.0`. */
export type GivenValue = boolean | bigint | number | string | null | readonly GivenValue[];

/** What a parameter file says for the nodes that one key stands for. */
export interface ProfileSection {
  /** Such as `/**` or `/robot1/planner_node`; see `isForNode`. */
  readonly node: string;
  /** By the full name of the parameter: nesting is written with dots. */
  readonly values: ReadonlyMap<string, GivenValue>;
}

const PARAMETERS = 'ros__parameters';

/** Levels of a parameter file: namespaces, a node, and names with their parts. */
const MAX_DEPTH = 32;

/**
 * Reads a ROS 2 parameter file: node names (nested ones are namespaces), each with `ros__parameters`.
 *
 * @param subject what to call the file in an error
 * @throws JepaMpcError `params.invalid` for text that is not YAML (with line and column) or has another layout
 */
export function parseProfile(text: string, subject: string): readonly ProfileSection[] {
  const root = readYaml(text, subject);
  if (root === null) return [];
  const sections: ProfileSection[] = [];
  if (!(root instanceof Map)) throw misplaced(subject, 'the whole file', root);
  collectSections(root, '', subject, sections);
  return sections;
}

/** Those sections that are for a node; a key without wildcards comes after one with, since it overrides it. */
export function sectionsFor(
  sections: readonly ProfileSection[],
  fullName: string,
): readonly ProfileSection[] {
  const rank = ({ node }: ProfileSection): number => (hasWildcard(node) ? 0 : 1);
  return sections.filter(({ node }) => isForNode(node, fullName)).toSorted((a, b) => rank(a) - rank(b));
}

/** Reads the value of `-p name:=value`. */
export function parseValue(text: string, subject: string): GivenValue {
  const value = readYaml(text, subject);
  if (value instanceof Map) throw badValue(subject, text);
  return asGiven(value, subject);
}

/**
 * Reads YAML with the types of {@link GivenValue}; maps are `Map`s.
 *
 * @throws JepaMpcError `params.invalid`, with line and column
 */
export function readYaml(text: string, subject: string): unknown {
  const document = parseDocument(text, {
    // The version that ROS reads: yes and no are booleans. ROS reads its dates and sexagesimal numbers as text.
    version: '1.1',
    customTags: (tags: Tags) =>
      tags.filter(
        (tag) =>
          typeof tag === 'string' ||
          !(tag.tag.endsWith(':timestamp') || ('format' in tag && tag.format === 'TIME')),
      ),
    intAsBigInt: true,
  });
  const [problem] = document.errors;
  if (problem !== undefined) throw invalidYaml(problem, subject);
  let value: unknown;
  try {
    value = document.toJS({ mapAsMap: true });
  } catch (error) {
    // Unknown and excessive aliases are errors only here.
    throw invalidYaml(error instanceof Error ? error : new Error(String(error)), subject);
  }
  if (nests(value, MAX_DEPTH)) return value;
  throw new JepaMpcError('params.invalid', {
    subject,
    found: `values in more than ${String(MAX_DEPTH)} levels, or one that contains itself through an alias`,
    expected: 'a ROS 2 parameter file or value',
    remedy: 'Write the values themselves instead of the alias.',
  });
}

/** Whether a value has at most this many levels. One that contains itself has no end of them. */
function nests(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  const inside: Iterable<unknown> =
    value instanceof Map ? value.values() : Array.isArray(value) || value instanceof Set ? value : [];
  for (const entry of inside) if (!nests(entry, levels - 1)) return false;
  return true;
}

function invalidYaml(problem: Error, subject: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject,
    found: `no valid YAML: ${problem.message.trimEnd()}\n`,
    expected: 'a ROS 2 parameter file or value',
    remedy: 'Correct it there; names that begin with * need quotes.',
    cause: problem,
  });
}

function collectSections(
  map: ReadonlyMap<unknown, unknown>,
  node: string,
  subject: string,
  sections: ProfileSection[],
): void {
  for (const [key, value] of map) {
    const name = String(key);
    if (name === PARAMETERS && node !== '') {
      const values = new Map<string, GivenValue>();
      if (value !== null) {
        if (!(value instanceof Map)) throw misplaced(subject, `${node}: ${PARAMETERS}`, value);
        collectValues(value, '', subject, values);
      }
      sections.push({ node, values });
    } else if (value instanceof Map && name !== PARAMETERS) {
      collectSections(value, `${node}/${name}`.replaceAll(/\/+/g, '/'), subject, sections);
    } else {
      throw misplaced(subject, node === '' ? name : `${node}: ${name}`, value);
    }
  }
}

function collectValues(
  map: ReadonlyMap<unknown, unknown>,
  prefix: string,
  subject: string,
  values: Map<string, GivenValue>,
): void {
  for (const [key, value] of map) {
    const name = prefix === '' ? String(key) : `${prefix}.${String(key)}`;
    if (value instanceof Map) {
      collectValues(value, name, subject, values);
      continue;
    }
    if (values.has(name)) {
      throw new JepaMpcError('params.invalid', {
        subject: `parameter ${name} in ${subject}`,
        found: 'two values, one of them nested',
        expected: 'one',
        remedy: 'Take one of them out.',
      });
    }
    values.set(name, asGiven(value, `parameter ${name} in ${subject}`));
  }
}

function asGiven(value: unknown, subject: string): GivenValue {
  switch (typeof value) {
    case 'boolean':
    case 'bigint':
    case 'number':
    case 'string':
      return value;
    default:
      if (value === null) return value;
      if (Array.isArray(value)) return value.map((entry) => asGiven(entry, subject));
      throw badValue(subject, writeValue(value));
  }
}

function badValue(subject: string, found: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject,
    found,
    expected: 'text, a number, true, false, or a list of these',
    remedy: 'Text with a colon in it needs quotes of its own; docs/parameters.md lists every parameter.',
  });
}

function misplaced(subject: string, path: string, value: unknown): JepaMpcError {
  const found = value instanceof Map ? 'entries' : writeValue(value);
  return new JepaMpcError('params.invalid', {
    subject,
    found: `${path} with ${found}`,
    expected: `node names, and under each of them ${PARAMETERS} with the parameters`,
    remedy: `Put the parameters under "/**:" and "${PARAMETERS}:".`,
  });
}
