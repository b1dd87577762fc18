import { readFileSync } from 'node:fs';

import { JepaMpcError } from '../core/errors.js';
import { hasWildcard, isForNode } from './node-key.js';
import { parseProfile, parseValue, sectionsFor, type GivenValue } from './profile.js';
import type { RosArguments } from './ros-arguments.js';
import { parametersByName } from './schema.js';
import { isFormerName, suggestedName } from './validate.js';

/** The parameters that a node was started with. */
export interface GivenParameters {
  /** By name; not validated yet. */
  readonly values: ReadonlyMap<string, GivenValue>;
  /** What is probably a mistake, for the log. */
  readonly warnings: readonly string[];
}

/**
 * Gathers the parameters that the command line and its parameter files give to one node. A later source overrides an earlier one; within
 * a file a key without wildcards overrides one with. Under a key with wildcards, a name that this node does not declare may be meant for
 * another node: it is left out, with a warning. A former name of ours stays, so that validation refuses it: without it the robot would
 * move with a default value.
 *
 * @param readText reads a parameter file; throws a JepaMpcError that names it
 * @param belongsToRos whether ROS itself declares a parameter of this name on every node
 * @throws JepaMpcError `params.invalid` as {@link parseProfile} does
 */
export function gatherParameters(
  { parameters, fullName }: RosArguments,
  readText: (path: string) => string,
  belongsToRos: (name: string) => boolean,
): GivenParameters {
  const values = new Map<string, GivenValue>();
  const warnings: string[] = [];
  for (const source of parameters) {
    if (source.kind === 'value') {
      const value = parseValue(source.value, `parameter ${source.name} on the command line`);
      if (isForNode(source.node, fullName)) values.set(source.name, value);
      else warnings.push(notForThisNode(`-p ${source.node}:${source.name}`, [source.node], fullName));
      continue;
    }
    const subject = `parameter file ${source.path}`;
    const sections = parseProfile(readText(source.path), subject);
    const ours = sectionsFor(sections, fullName);
    for (const section of ours) {
      const strange = hasWildcard(section.node)
        ? [...section.values.keys()].filter((name) => !isOurs(name) && !belongsToRos(name))
        : [];
      for (const [name, value] of section.values) if (!strange.includes(name)) values.set(name, value);
      if (strange.length > 0) warnings.push(notDeclaredHere(subject, section.node, strange));
    }
    if (ours.length === 0) {
      const nodes = sections.map((section) => section.node);
      warnings.push(notForThisNode(subject, nodes, fullName));
    }
  }
  return { values, warnings };
}

/**
 * As {@link gatherParameters}, for a profile of one node alone: what is probably a mistake is refused, and what ROS itself declares is left out.
 *
 * @param subject what to call the profile in an error
 * @throws JepaMpcError `params.invalid` also for names that the node does not declare, and a file without anything for it
 */
export function gatherOwnParameters(
  given: RosArguments,
  subject: string,
  readText: (path: string) => string,
  belongsToRos: (name: string) => boolean,
): Readonly<Record<string, GivenValue>> {
  const { values, warnings } = gatherParameters(given, readText, belongsToRos);
  const [warning] = warnings;
  if (warning !== undefined) {
    throw new JepaMpcError('params.invalid', {
      subject,
      found: warning.replace(/\.$/, ''),
      expected: 'parameters of the planner node alone',
      remedy: 'Correct the names, or take what is for other nodes out.',
    });
  }
  return Object.fromEntries([...values].filter(([name]) => !belongsToRos(name)));
}

function isOurs(name: string): boolean {
  return parametersByName.has(name) || isFormerName(name);
}

function notForThisNode(subject: string, nodes: readonly string[], fullName: string): string {
  const found = nodes.length === 0 ? 'nothing' : `parameters for ${nodes.join(', ')}`;
  return `${subject}: found ${found}, and nothing for this node, ${fullName}. Write "/**" for every node.`;
}

/** One line for a whole section: a file that many nodes share has many names that are not ours. */
function notDeclaredHere(subject: string, key: string, names: readonly string[]): string {
  const listed = names.map((name) => {
    const nearest = suggestedName(name);
    return nearest === null ? name : `${name} (nearest name of this node: ${nearest})`;
  });
  return `${subject}: under "${key}" this node leaves out what it does not declare: ${listed.join(', ')}. If one is misspelt, correct it there.`;
}

/**
 * Reads a parameter file.
 *
 * @param option that named it, for the remedy
 * @throws JepaMpcError `params.invalid` for one that cannot be read
 */
export function readParameterFile(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new JepaMpcError('params.invalid', {
      subject: `parameter file ${path}`,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a file that can be read',
      remedy: `Check the path given with ${option}.`,
      cause: error,
    });
  }
}
