import { z } from 'zod';

import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import { nearestName } from '../core/names.js';
import { at } from '../core/array-access.js';
import { brokenRules, showValue, type Problem } from './manifest-rules.js';
import {
  CONTRACT_FORMAT,
  CONTRACT_VERSION,
  manifestSchema,
  type ModelManifest,
  type WrittenManifest,
} from './manifest-schema.js';

/** A path for people: `cameras[0].mean`. */
function writePath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${String(key)}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

function schemaProblems(issues: readonly z.core.$ZodIssue[], root: unknown): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = writePath(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: writePath([...issue.path, key]),
        ...unknownField(key, issue.path),
      }));
    }
    return [
      {
        path: path === '' ? 'the whole file' : path,
        found: showValue(valueAt(root, issue.path)),
        expected: expectation(issue),
      },
    ];
  });
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => showValue(value)).join(' or ');
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}${sizeUnit(issue.origin)}`;
    default:
      return issue.message;
  }
}

function sizeUnit(origin: string): string {
  if (origin === 'array') return ' entries';
  return origin === 'string' ? ' characters' : '';
}

function unknownField(key: string, parent: readonly PropertyKey[]): { found: string; expected: string } {
  const nearest = nearestName(key, fieldNames(parent));
  return {
    found: 'an unknown field',
    expected: nearest === null ? 'no such field' : `no such field (did you mean "${nearest}"?)`,
  };
}

/** Names of the fields that the schema has at a place in the manifest. */
function fieldNames(parent: readonly PropertyKey[]): string[] {
  let schema: z.ZodType = manifestSchema;
  for (const key of parent) {
    if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType;
    if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType;
    else if (schema instanceof z.ZodObject)
      schema = (schema.shape as Record<PropertyKey, z.ZodType>)[key] ?? schema;
  }
  if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/**
 * Reads a manifest, checks it and fills in what it leaves out.
 *
 * @param json text of the file
 * @param subject what to call the file in an error
 * @throws JepaMpcError `model.manifest-invalid` with the path of every problem, what was found there and what was expected;
 *   `model.unsupported` for another format or version
 */
export function parseManifest(json: string, subject: string): ModelManifest {
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (error) {
    throw new JepaMpcError('model.manifest-invalid', {
      subject,
      found: `no JSON (${error instanceof Error ? error.message : String(error)})`,
      expected: 'a JSON object',
      remedy: 'Correct the file; docs/model-contract.md has the contract.',
      cause: error,
    });
  }
  refuseOtherVersions(root, subject);
  const parsed = manifestSchema.safeParse(root);
  const problems = parsed.success ? brokenRules(parsed.data) : schemaProblems(parsed.error.issues, root);
  if (parsed.success && problems.length === 0)
    return { ...parsed.data, action: completeAction(parsed.data.action) };
  throw new JepaMpcError('model.manifest-invalid', {
    subject,
    found: problems.map(({ path, found }) => `${path}: ${found}`).join('; '),
    expected: problems.map(({ path, expected }) => `${path}: ${expected}`).join('; '),
    remedy: 'Correct these fields; docs/model-contract.md has the contract.',
  });
}

function refuseOtherVersions(root: unknown, subject: string): void {
  if (typeof root !== 'object' || root === null) return;
  const { format, version } = root as Record<string, unknown>;
  if (format === undefined || version === undefined) return;
  if (format === CONTRACT_FORMAT && version === CONTRACT_VERSION) return;
  const isNewer = format === CONTRACT_FORMAT && typeof version === 'number' && version > CONTRACT_VERSION;
  throw new JepaMpcError('model.unsupported', {
    subject,
    found: `format: ${showValue(format)}; version: ${showValue(version)}`,
    expected: `format: ${showValue(CONTRACT_FORMAT)}; version: ${String(CONTRACT_VERSION)}`,
    remedy: `Export the model for version ${String(CONTRACT_VERSION)} of the contract${isNewer ? ', or update jepa_mpc' : ''}.`,
  });
}

/** The action of a manifest with its defaults filled in, and its bounds as raw actions. */
function completeAction(written: WrittenManifest['action']): ActionSpec {
  const { kind, joints, unit, periodMs, block, mean, std, gripper = null, endEffector = null } = written;
  const names = written.names ?? joints;
  const raw = (bounds: readonly number[]): readonly number[] =>
    written.boundsIn === 'raw' ? bounds : bounds.map((bound, i) => bound * at(std, i) + at(mean, i));
  return {
    kind,
    joints: gripper === null || joints.includes(gripper.joint) ? joints : [...joints, gripper.joint],
    names,
    unit,
    periodMs,
    block,
    mean,
    std,
    lower: raw(written.lower),
    upper: raw(written.upper),
    frozen: written.frozen ?? names.map(() => null),
    deadBand: written.deadBand ?? names.map(() => 0),
    endEffector,
    gripper,
  };
}
