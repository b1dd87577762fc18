import { z } from 'zod';

import { replayStateSchema } from './replay-protocol.js';

/*
 * What the dashboard's page and its server say to each other over the WebSocket `/ws`. Text frames are one JSON message each. Pictures and
 * arrays of numbers travel in binary frames, see `binary-frame.ts`. The page may import types of this file at no cost to its bundle.
 *
 * The page sends `ClientMessage`s: `watch`, which is not answered, and requests, each with an `id` of its own. The server answers every request
 * with one `reply` of the same `id`, and sends the other `ServerMessage`s by itself. What a page sends that is no `ClientMessage` is answered with
 * `problem`.
 */

/** Raised when a page of one version can no longer talk to a server of another. */
export const PROTOCOL_VERSION = 1;

/** Longest message of a page [bytes]. A longer one is answered with `problem`, and one of more than 16 times this length ends the connection. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/* ---------------------------------------------------------------- page to server ---------------------------------------------------------------- */

const id = z.int().min(0);
/** At most the length of a path. */
const name = z.string().max(255);

/** A parameter's value, as JSON has it. Whole numbers are allowed wherever a number is. */
export const parameterValueSchema = z.union([
  z.string().max(16_384),
  z.number(),
  z.boolean(),
  z.array(z.number()).max(64),
]);
export type ParameterValue = z.infer<typeof parameterValueSchema>;

/** Values by the name of the parameter. */
const valuesSchema = z.record(name, parameterValueSchema);

/** The services of the node, by their ROS names. */
const callSchema = z.discriminatedUnion('service', [
  z.strictObject({ service: z.literal('pause'), paused: z.boolean() }),
  /** Stops; only `reset` ends a stop. */
  z.strictObject({ service: z.literal('emergency_stop') }),
  z.strictObject({ service: z.literal('reset') }),
  z.strictObject({ service: z.literal('recover') }),
  z.strictObject({ service: z.literal('capture_goal') }),
  /** `goal.name` is set first. */
  z.strictObject({ service: z.literal('save_goal'), name: name }),
  z.strictObject({ service: z.literal('load_goal'), name: name }),
  /** Answered with `data: { names: string[] }`. */
  z.strictObject({ service: z.literal('list_goals') }),
  /** A file on the machine of the node; `goal.file` is set first. */
  z.strictObject({ service: z.literal('goal_from_file'), file: z.string().max(4096) }),
  /** Computes the heat maps, which then arrive on the channels `distance_map/…`. */
  z.strictObject({ service: z.literal('explain_distance') }),
]);
export type Call = z.infer<typeof callSchema>;

export const transitions = ['configure', 'activate', 'deactivate', 'cleanup'] as const;
export type Transition = (typeof transitions)[number];

/** What a profile is compared with: another profile by its name, the values in force, or the defaults. */
export const comparableSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('profile'), name: name }),
  z.strictObject({ kind: z.literal('present') }),
  z.strictObject({ kind: z.literal('defaults') }),
]);
export type Comparable = z.infer<typeof comparableSchema>;

export const clientMessageSchema = z.discriminatedUnion('type', [
  /** The channels that this page wants from now on, see `Stream`. It replaces the list before it. Costly ones should be left out while hidden. */
  z.strictObject({ type: z.literal('watch'), channels: z.array(name).max(64) }),
  /** Sets all of them or none. A refusal is `ok: false` with the node's reason. */
  z.strictObject({ type: z.literal('set_parameters'), id, values: valuesSchema }),
  z.strictObject({ type: z.literal('call'), id, call: callSchema }),
  /**
   * The same as setting `command.speed_scale`, the node's fraction of the speed from 0 to 1. The topic `~/speed_scale` is left to programs that
   * supervise the robot: the lower one of the two counts.
   */
  z.strictObject({ type: z.literal('speed_scale'), id, value: z.number() }),
  z.strictObject({ type: z.literal('lifecycle'), id, transition: z.enum(transitions) }),
  /** Answered with `data: { names: string[] }`. */
  z.strictObject({ type: z.literal('list_profiles'), id }),
  /** Saves the values that are not at their defaults. Comments of a profile of this name are kept. */
  z.strictObject({ type: z.literal('save_profile'), id, name: name }),
  /**
   * Sets what the profile names. What it does not name goes back to its default if a plan depends on it (planner, sampling, objective, …), and stays
   * as it is otherwise (limits, speed, goals). Answered with `data: ProfileLoad`.
   */
  z.strictObject({ type: z.literal('load_profile'), id, name: name }),
  /** Answered with `data: { text: string }`. */
  z.strictObject({ type: z.literal('read_profile'), id, name: name }),
  z.strictObject({ type: z.literal('delete_profile'), id, name: name }),
  /** Answered with `data: { differences: ProfileDifference[] }`. */
  z.strictObject({
    type: z.literal('compare_profiles'),
    id,
    left: comparableSchema,
    right: comparableSchema,
  }),
  /** Answered with `data: RecordingList`. */
  z.strictObject({ type: z.literal('list_recordings'), id }),
  /**
   * Makes the plans of a recording again; `replay` says how far it is, and what came of it. One at a time.
   * `recording` is a name of the list; the values of `profile` replace the recorded ones, null: none.
   */
  z.strictObject({ type: z.literal('start_replay'), id, recording: name, profile: name.nullable() }),
  z.strictObject({ type: z.literal('cancel_replay'), id }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type ClientRequest = Exclude<ClientMessage, { readonly type: 'watch' }>;

/* ---------------------------------------------------------------- server to page ---------------------------------------------------------------- */

/** One parameter of the node, for a slider, a list or a text field. */
export const parameterInfoSchema = z.object({
  name: z.string(),
  type: z.enum(['string', 'integer', 'double', 'boolean', 'double_array']),
  /** Inclusive; of a number, or of each number of an array. */
  range: z.tuple([z.number(), z.number()]).nullable(),
  /** For the arrow keys of a slider; null for no step in particular. */
  step: z.number().nullable(),
  /** Empty for text, switches and pure numbers. */
  unit: z.string(),
  /** Null for parameters of which only the node knows the default. */
  defaultValue: parameterValueSchema.nullable(),
  description: z.string(),
  /** When a change takes effect: `dynamic` at once, `static` while the node is not configured, `read-only` never after the start. */
  change: z.enum(['dynamic', 'static', 'read-only']),
  /** Allowed texts of a choice. */
  choices: z.array(z.string()).nullable(),
  /** Maximum number of entries of an array. */
  maxLength: z.number().nullable(),
});
export type ParameterInfo = z.infer<typeof parameterInfoSchema>;

/**
 * What a page can watch.
 *
 * | channel             | kind       | content                                                                                                    |
 * | ------------------- | ---------- | ---------------------------------------------------------------------------------------------------------- |
 * | `statistics`        | `messages` | messages `statistics`, one for each plan                                                                   |
 * | `joints`            | `numbers`  | [3, joints] measured position, measured velocity, commanded position or velocity or effort; NaN: not known |
 * | `plan`              | `numbers`  | [steps, joints] positions that the plan predicts, one row each control period                              |
 * | `plan_velocity`     | `numbers`  | [steps, joints]                                                                                            |
 * | `candidates`        | `numbers`  | [candidates, points, 3] paths of the tip [m] in the root link's frame, the cheapest first; NaN pads        |
 * | `plan_path`         | `numbers`  | [1, points, 3] the plan's path of the tip [m]                                                              |
 * | `candidate_actions` | `numbers`  | [candidates, steps, joints] the chosen plan first, then the candidates by cost                             |
 * | `candidate_costs`   | `numbers`  | [candidates] in the same order                                                                             |
 * | `camera/<name>`     | `picture`  | what the node's camera topic shows                                                                         |
 * | `goal/<name>`       | `picture`  | the goal in force; an empty JPEG: there is none                                                            |
 * | `distance_map/<name>` | `picture` | heat map of the distance, as large as the camera's image; after the service `explain_distance`. Warm: keeps the frame from the goal; blue: brings it nearer |
 */
export const streamSchema = z.object({
  channel: z.string(),
  kind: z.enum(['messages', 'numbers', 'picture']),
  /** For people: the name of the camera, or what the numbers are. */
  title: z.string(),
  /** The ROS topic that it comes from. */
  topic: z.string(),
  /** Whether somebody publishes it now. */
  available: z.boolean(),
});
export type Stream = z.infer<typeof streamSchema>;

/** The place of an error in a text, such as a cost expression: characters from 0, `end` exclusive. */
export const textPlaceSchema = z.object({ start: z.int(), end: z.int() });
export type TextPlace = z.infer<typeof textPlaceSchema>;

/** Why something was refused. */
export const refusalSchema = z.object({
  /** In words, in full. */
  message: z.string(),
  /** The parameter that it is about, where it is about one. */
  parameter: z.string().nullable(),
  /** Where in the text of that parameter. */
  place: textPlaceSchema.nullable(),
});
export type Refusal = z.infer<typeof refusalSchema>;

export const profileDifferenceSchema = z.object({
  name: z.string(),
  left: parameterValueSchema.nullable(),
  right: parameterValueSchema.nullable(),
});
export type ProfileDifference = z.infer<typeof profileDifferenceSchema>;

export const profileLoadSchema = z.object({
  /** The parameters that changed. */
  changed: z.array(z.string()),
  /** Those that the node, as it is configured now, does not let change; nothing was done about them. */
  kept: z.array(z.string()),
});
export type ProfileLoad = z.infer<typeof profileLoadSchema>;

const level = z.enum(['ok', 'warn', 'error', 'stale']);

export const jointInfoSchema = z.object({
  name: z.string(),
  /** [rad] or [m]; null: no limit, or not known. */
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  /** [rad/s] or [m/s] */
  velocity: z.number().nullable(),
  unit: z.enum(['rad', 'm']),
});
export type JointInfo = z.infer<typeof jointInfoSchema>;

export const serverMessageSchema = z.discriminatedUnion('type', [
  /** The first message of every connection. */
  z.object({
    type: z.literal('hello'),
    protocol: z.int(),
    /** Of the package. */
    version: z.string(),
    /** Full name of the planner node. */
    node: z.string(),
    profilesFolder: z.string(),
  }),
  /** The planner node: at first, and with every change. */
  z.object({
    type: z.literal('node'),
    present: z.boolean(),
    /** Label of its state in the lifecycle: `unconfigured`, `inactive`, `active`, `activating`, …; `unknown` if it is absent or does not answer. */
    state: z.string(),
  }),
  /** At first, and with every change. */
  z.object({ type: z.literal('streams'), streams: z.array(streamSchema) }),
  /** The parameters of the node: at first, and when the node has been started anew. */
  z.object({ type: z.literal('schema'), parameters: z.array(parameterInfoSchema) }),
  /** Values in force: all of them after `schema`, later those that changed, whoever changed them. */
  z.object({ type: z.literal('parameters'), values: z.record(z.string(), parameterValueSchema) }),
  /**
   * How the robot is held or moved: from the part `motion` of `/diagnostics` and this server's own requests. Null: not known.
   * `condition`: `ok`, `degrade` (brakes by itself), `hold`, `stop` or empty, as in the node's own words; `message` says why.
   */
  z.object({
    type: z.literal('operator'),
    condition: z.string(),
    level: level,
    message: z.string(),
    paused: z.boolean().nullable(),
    stopped: z.boolean().nullable(),
    speedScale: z.number().nullable(),
    dryRun: z.boolean().nullable(),
  }),
  /** One plan's figures, see `~/statistics` in docs/ros.md. Texts that are numbers are numbers, NaN is null, and `…_by_…` lists are arrays. */
  z.object({
    type: z.literal('statistics'),
    /** Of the frame planned from; a decimal integer, which a double cannot hold. */
    stampNs: z.string(),
    values: z.record(z.string(), z.union([z.number(), z.string(), z.null(), z.array(z.number())])),
  }),
  /** Once a second: the parts of the node. */
  z.object({
    type: z.literal('diagnostics'),
    parts: z.array(
      z.object({
        /** Such as `motion` or `camera wrist`. */
        part: z.string(),
        level,
        message: z.string(),
        values: z.record(z.string(), z.string()),
      }),
    ),
  }),
  /** `~/goal_status`; `state`: underway, reached, timed_out, unreachable, canceled, stopped. */
  z.object({
    type: z.literal('goal'),
    state: z.string(),
    message: z.string(),
    values: z.record(z.string(), z.string()),
  }),
  /** What the node logs. */
  z.object({
    type: z.literal('log'),
    /** Unix time [ms] by the node's clock. */
    timeMs: z.number(),
    level: z.enum(['debug', 'info', 'warn', 'error', 'fatal']),
    text: z.string(),
  }),
  /**
   * The robot, when its description arrives or changes. The URDF itself is at `/robot/description.urdf?v=<version>`; its meshes with
   * `package://PACKAGE/PATH` are at `/robot/package/PACKAGE/PATH`.
   */
  z.object({
    type: z.literal('robot'),
    version: z.int(),
    /** In the order of the columns of the channels `joints`, `plan` and `candidate_actions`. */
    joints: z.array(jointInfoSchema),
    /** What the third row of the channel `joints` holds. */
    commandKind: z.enum(['position', 'velocity', 'effort']),
    /** [ms] of a control period: of a row of `plan`. Null: not known yet. */
    periodMs: z.number().nullable(),
  }),
  /** The names of the profiles: at first and with every change. */
  z.object({ type: z.literal('profiles'), names: z.array(z.string()) }),
  /** The newest replay: at first, if there was one, and with every change. */
  z.object({ type: z.literal('replay'), ...replayStateSchema.shape }),
  /** The answer to a request. */
  z.object({
    type: z.literal('reply'),
    id: z.int(),
    ok: z.boolean(),
    /** Where it is `ok`: what the node answered, for people; may be empty. */
    message: z.string(),
    /** Where it is not `ok`. */
    refusal: refusalSchema.nullable(),
    data: z.unknown().optional(),
  }),
  /** The server could not take a message: `found` and `expected` are part of the text. */
  z.object({ type: z.literal('problem'), message: z.string() }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/* --------------------------------------------------------------------- closing --------------------------------------------------------------------- */

/** Codes with which the server closes a connection; the reason is in the close frame. A page may connect again after each of them. */
export const closeCodes = {
  /** More messages than the limit. Wait some seconds. */
  flooding: 4008,
  /** The server is being ended. */
  ending: 1001,
  /** A message of more than 16 times `MAX_MESSAGE_BYTES`. */
  tooLong: 1009,
  /** Messages pile up because the page does not read them. */
  tooSlow: 4009,
} as const;
