import type { ConditionReason } from '../../safety/watchdog.js';
import type { JepaMpcError } from '../../core/errors.js';
import type { CameraReport } from '../topics/camera-inputs.js';

/** An input that is missing: the node is not activated without it. */
export interface AwaitedInput {
  readonly name: string;
  /** Fully qualified and remapped. */
  readonly topic: string;
  /** What was received of it. */
  readonly found: string;
  /** A limit, or why it was refused. */
  readonly detail?: string;
}

/** State of the inputs of a node whose model is loaded. */
export interface InputSituation {
  /** Time of the newest message on `/clock`, ns, 0 before the first; null: the system's clock is used. */
  readonly simulatedNs: bigint | null;
  readonly description: {
    readonly topic: string;
    readonly isReceived: boolean;
    /** Why the newest was refused; null if it was not. */
    readonly refusal: string | null;
  };
  readonly cameras: readonly Pick<CameraReport, 'name' | 'topic' | 'received' | 'refused' | 'ageMs'>[];
  readonly jointStates: {
    readonly topic: string;
    readonly isReceived: boolean;
    /** Why the newest message was refused; null if it was not. */
    readonly refusal: JepaMpcError | null;
  };
  /** Why the measured pose cannot be taken: `ControlLoop.poseDisagreement`. */
  readonly poseDisagreement: string | null;
  /** The joints that are measured outside the limits of the robot description, in words; null if none is. */
  readonly outside: string | null;
  /** The heartbeat of the emergency stop; `silence`: why it is missing, null if it is there or not required. */
  readonly heartbeat: { readonly topic: string; readonly silence: string | null };
  /** What the control loop finds wrong; null while there is no loop, which needs a robot description. */
  readonly reasons: readonly ConditionReason[] | null;
}

const none = 'none received';

/** The inputs for which a node with a loaded model cannot be activated yet. */
export function awaitedInputs(situation: InputSituation): readonly AwaitedInput[] {
  const { simulatedNs, description, jointStates, poseDisagreement, outside, heartbeat, reasons } = situation;
  const awaited: AwaitedInput[] = [];
  if (simulatedNs === 0n) {
    awaited.push({ name: 'clock', topic: '/clock', found: none, detail: 'use_sim_time is true' });
  }
  if (!description.isReceived) {
    awaited.push({ name: 'robot_description', topic: description.topic, found: none });
  } else if (description.refusal !== null) {
    awaited.push({
      name: 'robot_description',
      topic: description.topic,
      found: 'one that cannot be used',
      detail: description.refusal,
    });
  }
  const reasonOf = (name: ConditionReason['name']): ConditionReason | null => {
    const found = reasons?.find((reason) => reason.name === name) ?? null;
    // Before the first time on /clock no message has an age.
    return simulatedNs === 0n && found?.found !== none ? null : found;
  };
  const joints = awaitedJointStates(situation, reasonOf('joint_states'));
  if (joints.length === 0 && poseDisagreement !== null)
    joints.push(unsettledPose(jointStates.topic, poseDisagreement));
  if (outside !== null) {
    const detail = '~/recover moves it back inside slowly, or move it by hand';
    joints.push({ name: 'limits', topic: jointStates.topic, found: outside, detail });
  }
  if (heartbeat.silence !== null) {
    const detail =
      'emergency_stop.timeout_s requires one of each publisher; ~/reset forgets those that have fallen silent';
    awaited.push({ name: 'emergency_stop', topic: heartbeat.topic, found: heartbeat.silence, detail });
  }
  return [...awaited, ...awaitedImages(situation, reasonOf('image')), ...joints];
}

/** A measured pose that is not taken. @param topic of the joint states @param disagreement of their readings */
export function unsettledPose(topic: string, disagreement: string): AwaitedInput {
  const detail =
    'a robot at rest whose joint states agree is needed: let it come to rest, or end the publishers that are not its driver';
  return { name: 'pose', topic, found: `${disagreement},`, detail };
}

function awaitedImages({ cameras }: InputSituation, reason: ConditionReason | null): AwaitedInput[] {
  const nameOf = (camera: string): string => (cameras.length === 1 ? 'image' : `image of camera ${camera}`);
  const silent = cameras.filter(({ ageMs }) => ageMs === null);
  if (silent.length > 0) {
    return silent.map(({ name, topic, received, refused }) => {
      const found = refused > 0 ? `${String(received)} messages, and none that can be read` : none;
      return { name: nameOf(name), topic, found, ...withLimit(reason) };
    });
  }
  if (reason === null) return [];
  const areApart = cameras.length > 1 && reason.found === none;
  const found = areApart ? 'no frame that matches those of the others in time' : reason.found;
  return cameras.map(({ name, topic }) => ({ name: nameOf(name), topic, found, ...withLimit(reason) }));
}

function awaitedJointStates(
  { jointStates: { topic, isReceived, refusal }, reasons }: InputSituation,
  reason: ConditionReason | null,
): AwaitedInput[] {
  const isRefused = refusal !== null && (reason === null ? reasons === null : reason.found === none);
  if (isRefused) {
    const { found, expected } = refusal.facts;
    return [{ name: 'joint_states', topic, found: `${found}, expected ${expected},` }];
  }
  if (reason !== null) return [{ name: 'joint_states', topic, found: reason.found, ...withLimit(reason) }];
  return isReceived ? [] : [{ name: 'joint_states', topic, found: none }];
}

function withLimit(reason: ConditionReason | null): { detail?: string } {
  return reason === null ? {} : { detail: `limit ${reason.limit}; clears with ${reason.clears}` };
}

/**
 * The input for people: what was received, on which topic, and its publishers.
 *
 * @param publishers fully qualified names of the nodes that publish the topic
 */
export function inputInWords(
  { name, topic, found, detail }: AwaitedInput,
  publishers: readonly string[],
): string {
  const whose = publishers.length === 0 ? 'which nobody publishes' : `published by ${publishers.join(', ')}`;
  return `${name}: ${found} on ${topic}, ${whose}${detail === undefined ? '' : ` (${detail})`}`;
}
