import { isDeepStrictEqual } from 'node:util';

import { isMap, isScalar, isSeq, parseDocument, YAMLMap } from 'yaml';
import type { Document, Pair } from 'yaml';

import type { ParameterValue } from '../core/parameter.js';
import { isForNode } from './node-key.js';
import { profileValues } from './profile-values.js';
import { parametersByName } from './schema.js';

/** The one that ROS reads, in which `off` is no text: see `parseProfile`. */
const YAML_VERSION = '1.1';
const PARAMETERS = 'ros__parameters';
/** A new profile is for every node: it can be given to a node of any name. */
const EVERY_NODE = '/**';

/**
 * Writes values into a profile. What is there already keeps its place, its comments and its form (nested or with dots, `"50 ms"` where that is
 * still the value); new parameters come last, in the order of the schema.
 *
 * @param text of the profile so far; null: there is none
 * @param subject what to call the file in an error
 * @param fullName of the node that the values are for
 * @param values of every parameter
 * @param isNeeded whether a parameter that the profile does not name yet is to be added
 * @returns the text of the profile with these values
 * @throws JepaMpcError `params.invalid` if the text is no profile of this node, see {@link profileValues}
 */
export function editProfile(
  text: string | null,
  subject: string,
  fullName: string,
  values: ReadonlyMap<string, ParameterValue>,
  isNeeded: (name: string) => boolean,
): string {
  const before = text === null ? new Map<string, ParameterValue>() : profileValues(text, subject, fullName);
  const document: Document = parseDocument(text ?? '', { version: YAML_VERSION });
  if (!isMap(document.contents)) document.contents = new YAMLMap();
  const sections = sectionsFor(document, fullName);
  const missing = new Map([...values].filter(([name]) => isNeeded(name)));
  for (const section of sections) {
    for (const [name, pair] of leavesOf(section, '')) {
      const value = values.get(name);
      missing.delete(name);
      if (value !== undefined && !isDeepStrictEqual(value, before.get(name)))
        pair.value = written(document, name, value, pair.value);
    }
  }
  if (missing.size > 0) {
    const section = sections[0] ?? addSection(document);
    for (const name of parametersByName.keys()) {
      const value = missing.get(name);
      if (value !== undefined) section.set(name, written(document, name, value, null));
    }
  } else if (sections.length === 0) {
    addSection(document);
  }
  return document.toString({ lineWidth: 0 });
}

/** The maps of parameters that are for this node. */
function sectionsFor(document: Document, fullName: string): YAMLMap[] {
  const found: YAMLMap[] = [];
  const visit = (map: unknown, node: string): void => {
    if (!isMap(map)) return;
    for (const { key, value } of map.items) {
      const name = textOf(key);
      if (name !== PARAMETERS) visit(value, `${node}/${name}`.replaceAll(/\/+/g, '/'));
      else if (isMap(value) && isForNode(node, fullName)) found.push(value);
    }
  };
  visit(document.contents, '');
  return found;
}

/** Every parameter of a section by its full name. */
function* leavesOf(map: YAMLMap, prefix: string): Generator<readonly [string, Pair]> {
  for (const pair of map.items) {
    const name = prefix === '' ? textOf(pair.key) : `${prefix}.${textOf(pair.key)}`;
    if (isMap(pair.value)) yield* leavesOf(pair.value, name);
    else yield [name, pair];
  }
}

function textOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function addSection(document: Document): YAMLMap {
  const section = new YAMLMap();
  const node = new YAMLMap();
  node.set(PARAMETERS, section);
  document.set(EVERY_NODE, node);
  return section;
}

/** A node of the document with this value. A number of type double keeps its point: ROS would take `1` for an integer. */
function written(document: Document, name: string, value: ParameterValue, before: unknown): unknown {
  const isDouble = parametersByName.get(name)?.type.startsWith('double') === true;
  const node = document.createNode(value, { flow: true });
  const numbers: readonly unknown[] = isSeq(node) ? node.items : [node];
  for (const number of numbers)
    if (isDouble && isScalar(number) && Number.isInteger(number.value)) number.minFractionDigits = 1;
  if (isScalar(before) && isScalar(node)) {
    node.comment = before.comment ?? null;
    node.commentBefore = before.commentBefore ?? null;
    node.spaceBefore = before.spaceBefore ?? false;
  }
  return node;
}
