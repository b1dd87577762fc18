import { z } from 'zod';

import { JepaMpcError } from '../core/errors.js';
import { nearestName } from '../core/nearest-name.js';
import { DISTANCE_METRICS, STEP_AGGREGATIONS } from '../core/objective-spec.js';

const FORMAT = 'jepa-mpc-model';
const VERSION = 1;

const text = z.string().min(1);
const count = z.int().min(1);
const positive = z.number().positive();

/** A plain file name: a model folder must not point outside itself. */
const fileSchema = z.strictObject({
  file: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'a plain file name inside the model folder'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
});

/** A graph; `data` has the files with tensors beside it, which may be in folders of the model folder. */
const graphSchema = fileSchema.extend({
  data: z
    .array(
      z.strictObject({
        file: z
          .string()
          .regex(
            /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
            'a file inside the model folder',
          ),
        sha256: fileSchema.shape.sha256,
      }),
    )
    .optional(),
});

const cameraSchema = z.strictObject({
  name: text,
  topic: text,
  width: count,
  height: count,
  channels: z.union([z.literal(1), z.literal(3)]),
  colorOrder: z.enum(['rgb', 'bgr', 'mono']),
  resize: z.enum(['squash', 'shortest-edge-crop', 'largest-square-crop']),
  interpolation: z.enum(['area', 'bilinear', 'nearest']),
  scale: positive,
  mean: z.array(z.number()),
  std: z.array(positive),
});

const actionSchema = z.strictObject({
  kind: z.literal('joint_velocity'),
  joints: z.array(text).min(1),
  unit: text,
  periodMs: positive,
  block: count,
  mean: z.array(z.number()),
  std: z.array(positive),
  lower: z.array(z.number()),
  upper: z.array(z.number()),
});

const objectSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  name: text,
  description: z.string(),
  licence: text,
  graphs: z.strictObject({ encoder: graphSchema, predictor: graphSchema, distance: graphSchema.optional() }),
  cameras: z.array(cameraSchema).min(1),
  latent: z.strictObject({ tokens: count, dim: count }),
  history: z.strictObject({
    mode: z.enum(['sliding', 'markov', 'growing']),
    window: count,
    warmup: z.enum(['repeat', 'short']),
    actions: z.enum(['newest', 'paired']).default('newest'),
  }),
  action: actionSchema,
  goal: z.strictObject({ kind: z.literal('image') }),
  objective: z.strictObject({
    default: z.enum(DISTANCE_METRICS),
    steps: z.enum(STEP_AGGREGATIONS),
  }),
  plannerDefaults: z.strictObject({
    samples: count,
    iterations: count,
    elites: count,
    horizon: count,
    initialStd: positive,
    minStd: z.number().min(0),
    actionPenalty: z.number().min(0),
  }),
  provenance: z.strictObject({ source: z.string(), createdBy: z.string(), dataset: z.string() }),
  golden: z.strictObject({
    file: fileSchema.shape.file,
    sha256: fileSchema.shape.sha256,
    tolerance: z.strictObject({ cpu: positive, webgpu: positive }),
  }),
});

/** What a model folder declares about itself: `manifest.json` of the model contract, checked. */
export type ModelManifest = z.infer<typeof objectSchema>;

interface Problem {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** A path as a person would write it: `cameras[0].mean`. */
function writePath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${String(key)}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
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
        found: show(valueAt(root, issue.path)),
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
      return issue.values.map((value) => show(value)).join(' or ');
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

/** Names that the schema knows at that place of the manifest. */
function fieldNames(parent: readonly PropertyKey[]): string[] {
  let schema: z.ZodType = objectSchema;
  for (const key of parent) {
    if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType;
    if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType;
    else if (schema instanceof z.ZodObject)
      schema = (schema.shape as Record<PropertyKey, z.ZodType>)[key] ?? schema;
  }
  if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What the schema of single fields cannot see: fields that must agree with each other. */
function crossFieldProblems(manifest: ModelManifest): Problem[] {
  const problems: Problem[] = [];
  const check = (holds: boolean, path: string, found: unknown, expected: string): void => {
    if (!holds) problems.push({ path, found: show(found), expected });
  };

  for (const [index, camera] of manifest.cameras.entries()) {
    const path = `cameras[${String(index)}]`;
    for (const key of ['mean', 'std'] as const) {
      const { length } = camera[key];
      check(
        length === camera.channels,
        `${path}.${key}`,
        length,
        `${String(camera.channels)} entries (channels)`,
      );
    }
    const mono = camera.channels === 1;
    check(
      mono === (camera.colorOrder === 'mono'),
      `${path}.colorOrder`,
      camera.colorOrder,
      mono ? '"mono" (1 channel)' : '"rgb" or "bgr" (3 channels)',
    );
    const first = manifest.cameras.findIndex((other) => other.name === camera.name);
    check(first === index, `${path}.name`, camera.name, 'a name that no other camera has');
  }

  const { action, history, plannerDefaults: defaults, objective, graphs } = manifest;
  const joints = action.joints.length;
  for (const key of ['mean', 'std', 'lower', 'upper'] as const) {
    check(
      action[key].length === joints,
      `action.${key}`,
      action[key].length,
      `${String(joints)} entries (joints)`,
    );
  }
  check(new Set(action.joints).size === joints, 'action.joints', action.joints, 'every joint once');
  for (const [joint, lower] of action.lower.entries()) {
    const upper = action.upper[joint];
    if (upper !== undefined)
      check(
        lower < upper,
        `action.lower[${String(joint)}]`,
        lower,
        `less than action.upper[${String(joint)}] (${String(upper)})`,
      );
  }
  if (history.mode === 'markov')
    check(history.window === 1, 'history.window', history.window, '1 (mode markov)');
  else check(history.window > 1, 'history.window', history.window, `at least 2 (mode ${history.mode})`);
  if (history.mode === 'growing')
    check(history.warmup === 'short', 'history.warmup', history.warmup, '"short" (mode growing)');
  if (history.actions === 'paired')
    // Copies of the first frame would have to be left by actions that nobody took.
    check(history.warmup === 'short', 'history.warmup', history.warmup, '"short" (actions paired)');
  check(
    defaults.elites <= defaults.samples,
    'plannerDefaults.elites',
    defaults.elites,
    `at most samples (${String(defaults.samples)})`,
  );
  check(
    defaults.minStd <= defaults.initialStd,
    'plannerDefaults.minStd',
    defaults.minStd,
    `at most initialStd (${String(defaults.initialStd)})`,
  );
  if (objective.default === 'temporal_distance') {
    check(
      graphs.distance !== undefined,
      'graphs.distance',
      graphs.distance,
      'a distance graph (objective.default is temporal_distance)',
    );
  }
  return problems;
}

/**
 * Reads a manifest.
 *
 * @param subject what to call the file in an error
 * @throws JepaMpcError `model.manifest-invalid` naming every problem with its path, what was found and what was expected;
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
      remedy: 'Correct the file; docs/architecture.md has the contract.',
      cause: error,
    });
  }
  refuseOtherVersions(root, subject);
  const parsed = objectSchema.safeParse(root);
  const problems = parsed.success
    ? crossFieldProblems(parsed.data)
    : schemaProblems(parsed.error.issues, root);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new JepaMpcError('model.manifest-invalid', {
    subject,
    found: problems.map(({ path, found }) => `${path}: ${found}`).join('; '),
    expected: problems.map(({ path, expected }) => `${path}: ${expected}`).join('; '),
    remedy: 'Correct these fields; docs/architecture.md has the contract.',
  });
}

function refuseOtherVersions(root: unknown, subject: string): void {
  if (typeof root !== 'object' || root === null) return;
  const { format, version } = root as Record<string, unknown>;
  if (format === undefined || version === undefined || (format === FORMAT && version === VERSION)) return;
  throw new JepaMpcError('model.unsupported', {
    subject,
    found: `format ${show(format)} version ${show(version)}`,
    expected: `format "${FORMAT}" version ${String(VERSION)}`,
    remedy: 'Export the model for this version of the contract.',
  });
}
