import { z } from 'zod';

import { DISTANCE_METRICS, STEP_AGGREGATIONS } from '../core/objective-spec.js';
import { samplerDefaults } from './sampler-defaults.js';

/** What a tool needs to know about a parameter besides its type and range. */
interface ParameterMeta {
  readonly description: string;
  /** SI unit or `1` for a pure number; empty for text and switches. */
  readonly unit: string;
  /**
   * `dynamic`: takes effect before the next plan or tick. `static`: read when the node is configured, and set only while it is not.
   * `read-only`: read when the node starts.
   */
  readonly change: 'dynamic' | 'static' | 'read-only';
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

function atStart<T extends z.ZodType>(schema: T, unit: string, description: string): T {
  registry.add(schema, { description, unit, change: 'read-only' });
  return schema;
}

/** One number for each joint of the model, or one for all of them; empty: something else holds. */
function perJoint(from: number, to: number): z.ZodDefault<z.ZodArray<z.ZodNumber>> {
  return z.array(z.number().min(from).max(to)).max(64).default([]);
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
  autostart: atStart(z.boolean().default(false), '', 'Configure and activate without a lifecycle manager.'),
  'activation.wait_s': dynamic(
    z.number().min(0).max(600).default(0),
    's',
    'How long a request to activate may wait for the model and for fresh inputs before it is answered; 0: refused at once.',
  ),
  'onnx.threads': fixed(
    z.int().min(1).max(64).default(1),
    '1',
    'Threads ONNX Runtime may use for one operator.',
  ),

  planner: dynamic(
    z.enum(['cem', 'icem', 'cma', 'mppi', 'predictive_sampling', 'random']).default('cem'),
    '',
    'Sampling planner; random is a baseline. The cem.* settings are those of every planner, where they have a meaning to it.',
  ),
  'rollout.graph': dynamic(
    z.enum(['auto', 'plan', 'iteration', 'host']).default('auto'),
    '',
    'What is one run of the device: a whole plan (cem, cma, mppi), an iteration, or a predictor step (host, nothing is compiled). auto: iteration on the cpu, else plan.',
  ),
  'rollout.precision': dynamic(
    z.enum(['float32', 'float16', 'int8']).default('float32'),
    '',
    'Arithmetic of the large products. Others than float32 are inexact: how they rank candidates is measured, logged, and refused below 0.99.',
  ),
  'objective.metric': dynamic(
    z.enum(['model_default', ...DISTANCE_METRICS]).default('model_default'),
    '',
    'Distance of a predicted latent from the goal latent; docs/objectives.md defines each.',
  ),
  'objective.steps': dynamic(
    z.enum(['model_default', ...STEP_AGGREGATIONS]).default('model_default'),
    '',
    'Which predicted latents are scored: the last one, the mean over all, or a mean whose weights double from step to step. model_default counts as all for plans from rest where the planner is too slow to plan on the move.',
  ),
  'objective.expression': dynamic(
    z.string().default(''),
    '',
    'Cost in the place of the distance, such as goal_distance + 0.1 * norm(action); docs/objectives.md is its reference. Empty: none.',
  ),
  'objective.smoothness_weight': dynamic(
    z.number().min(0).max(1000).default(0),
    '1',
    'Weight of the mean squared change from one action to the next (as a fraction of half the action range) in the cost.',
  ),
  'objective.limit_weight': dynamic(
    z.number().min(0).max(1000000).default(0),
    '1/rad² or 1/m²',
    'Weight of the squared way that joints come into the margin of their position limits, in the cost.',
  ),
  'objective.limit_margin': dynamic(
    z.number().min(0).max(10).default(0.1),
    'rad',
    'Width of that margin, inside the position limits of joints that turn, but at most a tenth of their range from each end.',
  ),
  'objective.limit_margin_m': dynamic(
    z.number().min(0).max(10).default(0.01),
    'm',
    'As objective.limit_margin, for prismatic joints.',
  ),
  'cem.samples': dynamic(
    z.int().min(0).max(100000).default(0),
    '1',
    'Candidate action sequences an iteration; 0 takes the model’s.',
  ),
  'cem.iterations': dynamic(
    z.int().min(0).max(1000).default(0),
    '1',
    'Refinements a plan; 0 takes the model’s, and at least 8 for plans from rest where the planner is too slow to plan on the move.',
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
    'First standard deviation, as a fraction of half the action range; 0 takes the model’s, and at least 0.5 for plans from rest where the planner is too slow to plan on the move.',
  ),
  'cem.min_std': dynamic(
    z.number().min(0).max(10).default(0),
    '1',
    'Least deviation, as a fraction of half the action range; 0 takes the model’s.',
  ),
  'cem.joint_initial_std': dynamic(
    perJoint(0.000001, 10),
    '1',
    'cem.initial_std of each joint (or one number for all); goes before it unless empty.',
  ),
  'cem.joint_min_std': dynamic(
    perJoint(0, 10),
    '1',
    'cem.min_std of each joint (or one number for all); goes before it unless empty.',
  ),
  'cem.keep': dynamic(
    z.enum(['mean', 'mean_best_rest']).default('mean_best_rest'),
    '',
    'Candidates of each iteration that are not drawn: the mean, or also the best sequence so far and resting (for icem: resting alone, its elites are kept anyway).',
  ),
  'cem.action_penalty': dynamic(
    z.number().min(-1).max(1000).default(-1),
    '1',
    'Weight of the mean squared action (as a fraction of its bounds) in the cost; -1 takes the model’s.',
  ),
  'cem.momentum': dynamic(
    z.number().min(-1).max(0.99).default(-1),
    '1',
    'Share of the old mean and deviation that a refit keeps; -1 takes the planner’s own (icem 0.1, others 0).',
  ),
  'cem.returned': dynamic(
    z.enum(['planner_default', 'mean', 'checked_mean', 'best']).default('planner_default'),
    '',
    'What is handed out: the last mean, the mean if it scores no worse than those before, or the best candidate. planner_default: checked_mean for cem, cma and mppi, best for the others.',
  ),
  'cem.early_stop_std': dynamic(
    z.number().min(0).max(1).default(0),
    '1',
    'A plan ends early when all deviations of the elites are below this fraction of half the action range; 0: never.',
  ),
  'cem.wide_share': dynamic(
    z.number().min(0).max(1).default(0),
    '1',
    'Share of the candidates that are drawn with the first deviation in every iteration.',
  ),
  'icem.shrink': dynamic(
    z.number().min(1).max(10).default(samplerDefaults.shrink),
    '1',
    'icem: each iteration has this many times fewer candidates than the one before.',
  ),
  'icem.kept_elites': dynamic(
    z.int().min(0).max(10000).default(samplerDefaults.keptElites),
    '1',
    'icem: elites that the next iteration and the next plan take over, at most cem.elites.',
  ),
  'mppi.temperature': dynamic(
    z.number().min(0.000001).max(1000000).default(samplerDefaults.temperature),
    'unit of the cost',
    'mppi: weights are softmax(-(cost - lowest cost) / temperature).',
  ),
  'noise.beta': dynamic(
    z.number().min(-1).max(10).default(-1),
    '1',
    'Colour of the sampling noise: its power falls with frequency as 1 / f^beta; 0 is white. -1 takes the planner’s own (icem 2, others 0).',
  ),
  'actions.repeat': dynamic(
    z.int().min(0).max(100).default(0),
    '1',
    "Control periods that each sampled action is held for; 0: the model's own, or 1.",
  ),
  'actions.lower': dynamic(
    perJoint(-1000, 1000),
    'rad/s or m/s',
    'Least action of each joint (or one number for all), inside the bounds of the model; empty: these.',
  ),
  'actions.upper': dynamic(
    perJoint(-1000, 1000),
    'rad/s or m/s',
    'Largest action of each joint (or one number for all), inside the bounds of the model; empty: these.',
  ),
  'actions.ball': dynamic(
    z.enum(['none', 'l1', 'l2']).default('none'),
    '',
    'Ball that the actions of one period stay in, beside the bounds of each: norm over the joints, in halves of their ranges and from the action that leaves the robot at rest, at most 1.',
  ),
  'actions.frozen': dynamic(
    z.string().default(''),
    '',
    'Joints that are not planned but held at an action, such as "elbow=0, wrist=0.5". Empty: none.',
  ),
  'rest.margin': dynamic(
    z.number().min(-1).max(1000000).default(-1),
    'unit of the cost',
    'A plan that does not cost this much less than rest is not followed: the robot comes to rest, instead of swinging about its goal. -1 takes the model’s, which counts for the model’s own objective alone. 0: every plan is followed.',
  ),
  'rest.patience_s': dynamic(
    z.number().min(0.01).max(600).default(1),
    's',
    'While the robot rests, rest.margin shrinks to 0 within this time, so that it moves on if it rested too early. Each time that this happens in vain the time doubles, up to eight times as long.',
  ),
  'planning.time_budget_ms': dynamic(
    z.number().min(0).max(10000).default(0),
    'ms',
    'Longest time that the iterations of a plan may take: the best so far is handed out. 0: no limit. With a limit the same seed need not give the same plan.',
  ),
  'planning.latency': dynamic(
    z.enum(['measured', 'fixed']).default('measured'),
    '',
    'How many control periods pass between a frame and the first command that its plan can change: as many as half of the recent plans took from the stamp of the frame on (100 at most, none older than 10 s, but at least 5), and so many that 95 % of them are late by half a period at most; or planning.committed_periods.',
  ),
  'planning.replan': dynamic(
    z.enum(['auto', 'frame', 'period']).default('auto'),
    '',
    'When the next plan is made: from every frame, or once a control period of the model, which lets each action last as long as in training. auto: from every frame while no more than one control period is committed.',
  ),
  'planning.committed_periods': dynamic(
    z.int().min(0).max(20).default(1),
    '1',
    'Control periods at the front of a plan that are decided already when it arrives, where planning.latency is fixed; and until the first plan has been measured. More than half of a plan: plans are made at rest, one move after the other.',
  ),
  'planning.timeout_s': dynamic(
    z.number().min(0.01).max(120).default(5),
    's',
    'A plan that takes longer counts as a hung planner: the robot holds and the planner is restarted. Longer in proportion for plans with more iterations than on the move (cem.iterations).',
  ),
  'planning.load_timeout_s': fixed(
    z.number().min(1).max(3600).default(120),
    's',
    'A model that takes longer to load counts as one that cannot be loaded. A plan that has to compile something first may take as much longer.',
  ),

  'command.interface': fixed(
    z.enum(['joint_trajectory', 'commands']).default('joint_trajectory'),
    '',
    'JointTrajectory messages, or Float64MultiArray for forward_command_controller.',
  ),
  'command.kind': fixed(
    z.enum(['velocity', 'position', 'effort']).default('velocity'),
    '',
    'What the numbers on the commands topic are. effort needs command.effort_kp and command.effort_kd, and effort limits in the robot description.',
  ),
  'command.joints': fixed(
    z.string().default(''),
    '',
    'Order of the joints on the commands topic, such as "elbow, shoulder": that of the controller’s parameter joints. Empty: the model’s.',
  ),
  'command.trajectory_fields': fixed(
    z.enum(['positions_and_velocities', 'positions']).default('positions_and_velocities'),
    '',
    'What the points of joint_trajectory hold. positions: for controllers that are to interpolate linearly.',
  ),
  'command.trajectory_end': fixed(
    z.enum(['at_rest', 'moving']).default('at_rest'),
    '',
    'at_rest: each trajectory ends in a braking ramp. moving: while a plan is followed it is the next point alone, with its velocity, and a robot that hears no more is not told to brake.',
  ),
  'command.effort_kp': fixed(
    perJoint(0.000001, 1000000),
    'N·m/rad or N/m',
    'Effort for each unit that a joint is from its desired position; one number for all joints or one for each. Empty: efforts are refused.',
  ),
  'command.effort_kd': fixed(
    perJoint(0, 1000000),
    'N·m·s/rad or N·s/m',
    'Effort for each unit that its velocity is from the desired one; as command.effort_kp. Above 0 it needs velocities in joint_states.',
  ),
  'command.effort_timeout_ms': dynamic(
    z.int().min(1).max(1000).default(100),
    'ms',
    'Age of the newest joint state at which efforts become 0 and the robot holds, where efforts are commanded; watchdog.joint_states_timeout_s counts too, if shorter.',
  ),
  'command.period_ms': fixed(z.int().min(1).max(1000).default(20), 'ms', 'Period of the command stream.'),
  'command.tracking_tolerance': dynamic(
    z.number().min(0.001).max(10).default(0.3),
    'rad',
    'Largest gap between commanded and measured position of a joint that turns before the robot holds.',
  ),
  'command.tracking_tolerance_m': dynamic(
    z.number().min(0.0001).max(10).default(0.02),
    'm',
    'As command.tracking_tolerance, for prismatic joints.',
  ),

  'limits.position_margin': fixed(
    z.number().min(0).max(1).default(0.02),
    'rad',
    'Distance that a joint that turns keeps from the position limits of the robot description, but at most a tenth of its range from each end. Soft limits (<safety_controller>) count as they are.',
  ),
  'limits.position_margin_m': fixed(
    z.number().min(0).max(1).default(0.001),
    'm',
    'As limits.position_margin, for prismatic joints.',
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
  'limits.effort_scale': fixed(
    z.number().min(0.01).max(1).default(1),
    '1',
    'Fraction of the effort limits that is used, where efforts are commanded.',
  ),
  'limits.default_acceleration': fixed(
    z.number().min(0).max(1000).default(0),
    'rad/s²',
    'Acceleration limit of joints that turn whose robot description has none; 0 refuses such a description.',
  ),
  'limits.default_acceleration_m': fixed(
    z.number().min(0).max(1000).default(0),
    'm/s²',
    'As limits.default_acceleration, for prismatic joints.',
  ),

  'watchdog.image_timeout_s': dynamic(
    z.number().min(0.01).max(60).default(0.5),
    's',
    'Age of the newest frame at which the robot holds.',
  ),
  'watchdog.joint_states_timeout_s': dynamic(
    z.number().min(0.01).max(60).default(0.25),
    's',
    'Age of the newest joint state at which the robot brakes and holds until the next one.',
  ),
  'joint_states.stamps': fixed(
    z.enum(['header', 'arrival']).default('header'),
    '',
    'When a joint state was measured: as its header says, or when it arrived, for drivers that do not stamp or whose clock is another one.',
  ),
  'camera.stamps': fixed(
    z.enum(['header', 'arrival']).default('header'),
    '',
    'When a frame was taken: as its header says, or when it arrived, for cameras that do not stamp or whose clock is another one. The delay of the camera is not known then.',
  ),
  'camera.sync_tolerance_ms': fixed(
    z.number().min(0).max(1000).default(20),
    'ms',
    'Frames of several cameras whose stamps differ by less belong together.',
  ),
  'camera.transport': fixed(
    z.enum(['raw', 'compressed']).default('raw'),
    '',
    'How images are sent, the goal’s too: as sensor_msgs/Image on their topics, or as JPEG or PNG on <topic>/compressed.',
  ),
  'goal.name': dynamic(
    z.string().default(''),
    '',
    'Name that ~/save_goal and ~/load_goal use: letters, digits, _, - and dots.',
  ),
  'goal.file': dynamic(
    z.string().default(''),
    '',
    'JPEG or PNG that ~/goal_from_file takes for the goal; for several cameras one each, with commas between.',
  ),
  'goal.folder': fixed(
    z.string().default(''),
    '',
    'Where goals are saved. Empty: jepa_mpc/goals in $ROS_HOME, which is ~/.ros unless set.',
  ),
  'goal.tolerance': dynamic(
    z.number().min(0).max(1e6).default(0.3),
    'unit of the distance',
    'A goal is reached at this distance (goal_distance in ~/statistics) or below; a learned temporal distance counts predictor steps to go.',
  ),
  'goal.settle_s': dynamic(
    z.number().min(0).max(60).default(0.5),
    's',
    'For how long the distance has to stay there: a robot that passes through has not reached its goal.',
  ),
  'goal.timeout_s': dynamic(
    z.number().min(0).max(86400).default(0),
    's',
    'A goal that is not reached after this long is reported as timed out; 0: never.',
  ),
  'goal.stall_s': dynamic(
    z.number().min(0).max(3600).default(0),
    's',
    'A goal is reported as unreachable when its distance has not fallen for this long; 0: never.',
  ),
  'goal.subgoal_s': dynamic(
    z.number().min(0).max(86400).default(0),
    's',
    'A goal of the action that is several names, one after the other: how long each but the last is gone for at most before the next one has its turn; 0: until it is reached.',
  ),
  'candidates.count': dynamic(
    z.int().min(0).max(500).default(40),
    '1',
    'Candidates shown on ~/candidates while somebody listens, from the cheapest to the dearest; 0: none.',
  ),
  'candidates.rate': dynamic(
    z.number().min(0.1).max(100).default(10),
    'Hz',
    'How often they are shown, at most.',
  ),
  'candidates.link': dynamic(
    z.string().default(''),
    '',
    'Link whose path is shown. Empty: the last one of the chain that the model moves.',
  ),
  'statistics.cost_terms': dynamic(
    z.boolean().default(true),
    '',
    'Break the cost of each plan down in ~/statistics while somebody listens: one more run of the model, with two candidates.',
  ),
});

export type Parameters = z.infer<typeof parameterSchema>;
export type ParameterName = keyof Parameters;

/** One parameter as a table row, a ROS descriptor or a slider needs it. */
export interface ParameterInfo extends ParameterMeta {
  readonly name: ParameterName;
  readonly type: 'string' | 'integer' | 'double' | 'boolean' | 'double_array';
  readonly defaultValue: string | number | boolean | readonly number[];
  /** Inclusive range of a number, or of each number of an array. */
  readonly range?: readonly [number, number];
  /** Most entries of an array. */
  readonly longest?: number;
  /** Allowed texts of a choice. */
  readonly choices?: readonly string[];
}

interface JsonSchemaLeaf {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  items?: JsonSchemaLeaf;
  maxItems?: number;
  default?: string | number | boolean | number[];
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
        range: rangeOf(json),
      };
    case 'array':
      return {
        ...base,
        type: 'double_array',
        range: rangeOf(json.items ?? {}),
        longest: json.maxItems ?? Infinity,
      };
    case 'boolean':
      return { ...base, type: 'boolean' };
    default:
      return json.enum === undefined
        ? { ...base, type: 'string' }
        : { ...base, type: 'string', choices: json.enum };
  }
}

function rangeOf({ minimum, maximum }: JsonSchemaLeaf): [number, number] {
  return [minimum ?? -Infinity, maximum ?? Infinity];
}

/** Every parameter in declaration order. */
export const parameterInfos: readonly ParameterInfo[] = (
  Object.keys(parameterSchema.shape) as ParameterName[]
).map(describe);

/** The same by name. */
export const parametersByName: ReadonlyMap<string, ParameterInfo> = new Map(
  parameterInfos.map((info) => [info.name, info]),
);
