import { resolve } from 'node:path';

import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { JointSituation } from '../core/ports.js';
import type { ImageFrame, JointUnit, Plan } from '../core/types.js';
import type { JepaMpcError } from '../core/errors.js';
import type { PlannerSettings, PlanRequest } from '../worker/planner-port.js';
import { messageType, type MessageOf } from './ros-message.js';
import { IMAGE } from './ros-types.js';

/*
 * What the planner was given and what it returned, as messages of ROS. Recordings have them on topics below <node>/recording, on which nothing
 * is published. docs/recording.md describes them.
 */

/** Version of these messages. A recording of another one is not replayed. */
export const RECORDING_FORMAT = '1';

/** Metadata of a recording that every recording has. */
export const METADATA_NAME = 'jepa_mpc';

/** Names below <node>/recording. */
export const RECORD_TOPICS = { load: 'load', goal: 'goal', request: 'request', plan: 'plan' } as const;

/**
 * The planner that gets the requests that follow: which model, on which device, by which parameters. `is_new`: it has made no plan yet, so that
 * there is no warm start. `next_job`: that of the request after it.
 */
export const LOAD = messageType('jepa_mpc_msgs/msg/PlannerLoad', {
  stamp: 'time',
  is_new: 'bool',
  next_job: 'uint32',
  model_name: 'string',
  model_sha256: 'string',
  device: 'string',
  joints: 'string[]',
  actions: 'string[]',
  period_ms: 'float64',
  block: 'uint32',
  window: 'uint32',
  cameras: 'string[]',
  camera_topics: 'string[]',
  wanted_images: 'string[]',
  parameters: 'string',
  warm_up: 'string',
});

/** A goal as the planner gets it, before the first request that names it. */
export const GOAL = messageType('jepa_mpc_msgs/msg/PlannerGoal', {
  stamp: 'time',
  goal: 'uint32',
  goal_stamp: 'time',
  images: [IMAGE],
  proprioception: 'float64[]',
  latent: 'float32[]',
});

const HISTORY_FRAME = messageType('jepa_mpc_msgs/msg/HistoryFrame', {
  stamp: 'time',
  image_stamps: 'time[]',
  proprioception: 'float64[]',
});

/** One planning job. Sequences that have no entries were not given. */
export const REQUEST = messageType('jepa_mpc_msgs/msg/PlanRequest', {
  stamp: 'time',
  job: 'uint32',
  plan_index: 'uint32',
  history: [HISTORY_FRAME],
  goal: 'uint32',
  goal_stamp: 'time',
  committed: 'float32[]',
  joint_position: 'float64[]',
  joint_commanded: 'float64[]',
  joint_lower: 'float64[]',
  joint_upper: 'float64[]',
  joint_units: 'string[]',
  values: 'string',
  candidates: 'uint32',
  cost_terms: 'bool',
  latent: 'bool',
});

/** What became of a job: a plan, or an error. */
export const PLAN = messageType('jepa_mpc_msgs/msg/Plan', {
  stamp: 'time',
  job: 'uint32',
  plan_index: 'uint32',
  error_code: 'string',
  error: 'string',
  frame_stamp: 'time',
  goal_stamp: 'time',
  actions: 'float32[]',
  action_size: 'uint32',
  period_ms: 'float64',
  committed: 'uint32',
  best_cost: 'float64',
  mean_cost: 'float64',
  goal_distance: 'float64',
  elites_std: 'float64',
  iterations: 'uint32',
  samples: 'uint32',
  time_is_up: 'bool',
  rests: 'bool',
  rollout: 'string',
  fallbacks: 'string[]',
  encoded: 'uint32',
  encode_ms: 'float64',
  search_ms: 'float64',
  plan_ms: 'float64',
  warm_up: 'bool',
  latent: 'float32[]',
});

export type LoadRecord = MessageOf<typeof LOAD>;
export type GoalRecord = MessageOf<typeof GOAL>;
export type RequestRecord = MessageOf<typeof REQUEST>;
export type PlanRecord = MessageOf<typeof PLAN>;

const NO_NUMBERS = new Float64Array(0);

/** @param imageTopic the topic of a recording that has the images of a camera's topic */
export function loadRecord(
  { stamp, isNew, nextJob }: { readonly stamp: bigint; readonly isNew: boolean; readonly nextJob: number },
  { parameters, warmUp }: PlannerSettings,
  model: ModelInfo,
  imageTopic: (topic: string) => string,
): LoadRecord {
  const { cameras, planning } = model;
  return {
    stamp,
    is_new: isNew,
    next_job: nextJob,
    model_name: model.name,
    model_sha256: model.sha256,
    device: model.device,
    joints: model.joints,
    actions: planning.action.names,
    period_ms: model.periodMs,
    block: model.block,
    window: model.window,
    cameras: cameras.map(({ name }) => name),
    camera_topics: cameras.map(({ topic }) => imageTopic(topic)),
    wanted_images: cameras.map(({ wanted }) => wanted),
    parameters: JSON.stringify({ ...parameters, model: resolve(parameters.model) }),
    warm_up: warmUp === null ? '' : JSON.stringify(warmUp),
  };
}

/** sensor_msgs/Image of a frame. */
function imageMessage(frame: ImageFrame): MessageOf<typeof IMAGE> {
  const { stampNs: stamp, height, width, encoding, isBigEndian = false, step, data } = frame;
  const header = { stamp, frame_id: '' };
  return { header, height, width, encoding, is_bigendian: isBigEndian ? 1 : 0, step, data };
}

/** The frame in a message. @param stampNs that of its header unless it was stamped on arrival */
export function imageFrame(image: MessageOf<typeof IMAGE>, stampNs = image.header.stamp): ImageFrame {
  const { height, width, encoding, is_bigendian, step, data } = image;
  return { stampNs, width, height, encoding, isBigEndian: is_bigendian !== 0, step, data };
}

export function goalRecord(stamp: bigint, goal: number, set: FrameSet): GoalRecord {
  return {
    stamp,
    goal,
    goal_stamp: set.stampNs,
    images: set.frames.map(imageMessage),
    proprioception: set.proprioception ?? NO_NUMBERS,
    latent: set.latent ?? new Float32Array(0),
  };
}

export function goalOf({ goal_stamp, images, proprioception, latent }: GoalRecord): FrameSet {
  return {
    stampNs: goal_stamp,
    frames: images.map((image) => imageFrame(image)),
    ...(proprioception.length > 0 && { proprioception }),
    ...(latent.length > 0 && { latent }),
  };
}

/** @param goal number of the record that has the goal */
export function requestRecord(
  stamp: bigint,
  { job, goal }: { readonly job: number; readonly goal: number },
  { planIndex, history, goal: goalSet, committed, joints, values, extras }: PlanRequest,
): RequestRecord {
  return {
    stamp,
    job,
    plan_index: planIndex,
    history: history.map(({ stampNs, frames, proprioception }) => ({
      stamp: stampNs,
      image_stamps: frames.map((frame) => frame.stampNs),
      proprioception: proprioception ?? NO_NUMBERS,
    })),
    goal,
    goal_stamp: goalSet.stampNs,
    committed,
    joint_position: joints.position,
    joint_commanded: joints.commanded ?? NO_NUMBERS,
    joint_lower: joints.lower,
    joint_upper: joints.upper,
    joint_units: joints.units ?? [],
    values: JSON.stringify(values),
    candidates: extras.candidates,
    cost_terms: extras.costTerms,
    latent: extras.latent === true,
  };
}

/** The joints of a recorded request. */
export function jointsOf(record: RequestRecord): JointSituation {
  const { joint_commanded: commanded, joint_units: units } = record;
  return {
    position: record.joint_position,
    lower: record.joint_lower,
    upper: record.joint_upper,
    ...(commanded.length > 0 && { commanded }),
    ...(units.length > 0 && { units: units.map((unit): JointUnit => (unit === 'm' ? 'm' : 'rad')) }),
  };
}

/** What a job is known by. */
interface Job {
  readonly job: number;
  readonly planIndex: number;
}

export function planRecord(stamp: bigint, { job, planIndex }: Job, plan: Plan): PlanRecord {
  const { statistics } = plan;
  return {
    stamp,
    job,
    plan_index: planIndex,
    error_code: '',
    error: '',
    frame_stamp: plan.frameStampNs,
    goal_stamp: plan.goalStampNs,
    actions: plan.actions,
    action_size: plan.actionSize,
    period_ms: plan.periodMs,
    committed: plan.committed,
    best_cost: statistics.bestCost,
    mean_cost: statistics.meanCost,
    goal_distance: statistics.goalDistance,
    elites_std: statistics.elitesStd,
    iterations: statistics.iterations,
    samples: statistics.samples,
    time_is_up: statistics.timeIsUp === true,
    rests: statistics.rests,
    rollout: statistics.rollout,
    fallbacks: statistics.fallbacks.map(({ instead }) => instead),
    encoded: statistics.encoded,
    encode_ms: statistics.encodeMs,
    search_ms: statistics.searchMs,
    plan_ms: statistics.planMs,
    warm_up: statistics.warmUp,
    latent: plan.latent ?? new Float32Array(0),
  };
}

/** Of a job that failed. */
export function failureRecord(stamp: bigint, { job, planIndex }: Job, failure: JepaMpcError): PlanRecord {
  return {
    stamp,
    job,
    plan_index: planIndex,
    error_code: failure.code,
    error: failure.message,
    frame_stamp: 0n,
    goal_stamp: 0n,
    actions: new Float32Array(0),
    action_size: 0,
    period_ms: 0,
    committed: 0,
    best_cost: NaN,
    mean_cost: NaN,
    goal_distance: NaN,
    elites_std: NaN,
    iterations: 0,
    samples: 0,
    time_is_up: false,
    rests: false,
    rollout: '',
    fallbacks: [],
    encoded: 0,
    encode_ms: NaN,
    search_ms: NaN,
    plan_ms: NaN,
    warm_up: false,
    latent: new Float32Array(0),
  };
}
