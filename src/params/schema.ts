import { z } from 'zod';

/** What a tool needs to know about a parameter besides its type and range. */
interface ParameterMeta {
  readonly description: string;
  /** SI unit or `1` for a pure number; empty for text and switches. */
  readonly unit: string;
  /** `dynamic`: takes effect before the next plan or tick. `static`: read when the node is configured. */
  readonly change: 'dynamic' | 'static';
}

const registry = z.registry<ParameterMeta>();

function dynamic<T extends z.ZodType>(schema: T, unit: string, description: string): T {
  registry.add(schema, { description, unit, change: 'dynamic' });
  return schema;
}

function fixed<T extends z.ZodType>(schema: T, unit: string, description: string): T {
  registry.add(schema, { description, unit, change: 'static' });
  return schema;
}

/**
 * Every parameter of the planner node, by its ROS name. The ROS descriptors, the validation and `docs/parameters.md` are derived
 * from this object; nothing else states a default, a range or a description.
 *
 * Planner settings whose default is 0 take the model's own value (`plannerDefaults` of its manifest).
 */
export const parameterSchema = z.strictObject({
  model: fixed(
    z.string().default(''),
    '',
    'Folder of the model: manifest.json, encoder.onnx, predictor.onnx and so on.',
  ),
  device: fixed(
    z.enum(['auto', 'cpu', 'cuda', 'tensorrt', 'webgpu']).default('auto'),
    '',
    'Where the model runs. auto takes the first that works.',
  ),
  seed: fixed(
    z.int().min(0).max(2147483647).default(1),
    '1',
    'Seed of the sampling noise. Same seed, same inputs: same plan.',
  ),
  autostart: fixed(z.boolean().default(false), '', 'Configure and activate without a lifecycle manager.'),
  'onnx.threads': fixed(
    z.int().min(1).max(64).default(1),
    '1',
    'Threads ONNX Runtime may use for one operator.',
  ),

  planner: dynamic(z.enum(['cem', 'random']).default('cem'), '', 'Planner: cem, or random (a baseline).'),
  objective: dynamic(
    z.enum(['model_default', 'temporal_distance', 'squared_latent_distance']).default('model_default'),
    '',
    'Cost of a latent against the goal latent.',
  ),
  objective_steps: dynamic(
    z.enum(['model_default', 'last', 'all']).default('model_default'),
    '',
    'Which predicted latents are scored: the last one, or the mean over all.',
  ),
  'cem.samples': dynamic(
    z.int().min(0).max(100000).default(0),
    '1',
    'Candidate action sequences an iteration; 0 takes the model’s.',
  ),
  'cem.iterations': dynamic(
    z.int().min(0).max(1000).default(0),
    '1',
    'Refinements a plan; 0 takes the model’s.',
  ),
  'cem.elites': dynamic(
    z.int().min(0).max(10000).default(0),
    '1',
    'Best candidates that refit the distribution; 0 takes the model’s.',
  ),
  'cem.horizon': dynamic(
    z.int().min(0).max(100).default(0),
    '1',
    'Predictor steps looked ahead; 0 takes the model’s.',
  ),
  'cem.initial_std': dynamic(
    z.number().min(0).max(10).default(0),
    '1',
    'First deviation, as a fraction of half the action range; 0 takes the model’s.',
  ),
  'cem.min_std': dynamic(
    z.number().min(0).max(10).default(0),
    '1',
    'Least deviation, as a fraction of half the action range; 0 takes the model’s.',
  ),
  'cem.action_penalty': dynamic(
    z.number().min(-1).max(1000).default(-1),
    '1',
    'Weight of the mean squared action (as a fraction of its bounds) in the cost; -1 takes the model’s.',
  ),
  'planning.committed_periods': fixed(
    z.int().min(0).max(20).default(1),
    '1',
    'Control periods at the front of a plan that are already decided while it is computed.',
  ),
  'planning.timeout_s': dynamic(
    z.number().min(0.01).max(120).default(5),
    's',
    'A plan that takes longer counts as a hung planner: the robot holds and the planner is restarted.',
  ),

  'command.interface': fixed(
    z.enum(['joint_trajectory', 'commands']).default('joint_trajectory'),
    '',
    'JointTrajectory messages, or Float64MultiArray for forward_command_controller.',
  ),
  'command.kind': fixed(
    z.enum(['velocity', 'position']).default('velocity'),
    '',
    'What the numbers on the commands topic are.',
  ),
  'command.period_ms': fixed(z.int().min(1).max(1000).default(20), 'ms', 'Period of the command stream.'),
  'command.tracking_tolerance': dynamic(
    z.number().min(0.001).max(10).default(0.3),
    'rad or m',
    'Largest gap between commanded and measured joint position before the robot holds.',
  ),

  'limits.position_margin': fixed(
    z.number().min(0).max(1).default(0.02),
    'rad or m',
    'Distance kept from the position limits of the robot description.',
  ),
  'limits.velocity_scale': fixed(
    z.number().min(0.01).max(1).default(1),
    '1',
    'Fraction of the velocity limits that is used.',
  ),
  'limits.acceleration_scale': fixed(
    z.number().min(0.01).max(1).default(1),
    '1',
    'Fraction of the acceleration limits that is used.',
  ),
  'limits.default_acceleration': fixed(
    z.number().min(0).max(1000).default(0),
    'rad/s² or m/s²',
    'Acceleration limit of joints whose robot description has none; 0 refuses such a description.',
  ),

  'watchdog.image_timeout_s': dynamic(
    z.number().min(0.01).max(60).default(0.5),
    's',
    'Age of the newest frame at which the robot holds.',
  ),
  'watchdog.joint_states_timeout_s': dynamic(
    z.number().min(0.01).max(60).default(0.5),
    's',
    'Age of the newest joint state at which the robot holds.',
  ),
  'camera.sync_tolerance_ms': fixed(
    z.number().min(0).max(1000).default(20),
    'ms',
    'Frames of several cameras whose stamps differ by less belong together.',
  ),
  'camera.reliable': fixed(
    z.boolean().default(false),
    '',
    'Subscribe to images reliably. Large images over a lossy transport arrive late instead of never.',
  ),
});

export type Parameters = z.infer<typeof parameterSchema>;
export type ParameterName = keyof Parameters;

/** One parameter as a table row, a ROS descriptor or a slider needs it. */
export interface ParameterInfo extends ParameterMeta {
  readonly name: ParameterName;
  readonly type: 'string' | 'integer' | 'double' | 'boolean';
  readonly defaultValue: string | number | boolean;
  /** Inclusive range of a number. */
  readonly range?: readonly [number, number];
  /** Allowed texts of a choice. */
  readonly choices?: readonly string[];
}

interface JsonSchemaLeaf {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  default?: string | number | boolean;
}

function describe(name: ParameterName): ParameterInfo {
  const leaf = parameterSchema.shape[name];
  const meta = registry.get(leaf);
  const json = z.toJSONSchema(leaf, { io: 'output' }) as JsonSchemaLeaf;
  if (meta === undefined || json.default === undefined)
    throw new TypeError(`parameter ${name} is not fully declared`);
  const base = { ...meta, name, defaultValue: json.default };
  switch (json.type) {
    case 'integer':
    case 'number':
      return {
        ...base,
        type: json.type === 'integer' ? 'integer' : 'double',
        range: [json.minimum ?? -Infinity, json.maximum ?? Infinity],
      };
    case 'boolean':
      return { ...base, type: 'boolean' };
    default:
      return json.enum === undefined
        ? { ...base, type: 'string' }
        : { ...base, type: 'string', choices: json.enum };
  }
}

/** Every parameter in declaration order. */
export const parameterInfos: readonly ParameterInfo[] = (
  Object.keys(parameterSchema.shape) as ParameterName[]
).map(describe);
