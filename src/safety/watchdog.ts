import type { ValuesOf } from '../core/parameter.js';
import type { StampFault } from '../timeline/stamp-judge.js';
import { rung, type ConditionId } from './ladder.js';
import type { Reaction } from './ladder/rung.js';
import { commandsEfforts, type CommandValues } from './command-settings.js';
import type { Restriction } from './motion-guard.js';
import type { OperatorState } from './operator-state.js';
import type { watchdogParameters } from './watchdog-parameters.js';

/** Severity, mildest first: what the robot does, see {@link Reaction}. `ok`: it follows plans. */
export type ConditionLevel = 'ok' | Exclude<Reaction, 'refuse'>;

/** One reason for a condition, in words for a person. */
export interface ConditionReason {
  readonly name:
    | 'lifecycle'
    | 'emergency_stop'
    | 'pause'
    | 'dry_run'
    | 'fault'
    | 'clock'
    | 'worker'
    | 'controller'
    | 'speed_scale'
    | 'image'
    | 'joint_states'
    | 'pose'
    | 'workspace'
    | 'plan';
  /** The rung of the ladder that declares level, time bound and what clears it. */
  readonly id: ConditionId;
  readonly level: Exclude<ConditionLevel, 'ok'>;
  readonly found: string;
  readonly limit: string;
  /** What clears it. */
  readonly clears: string;
}

export interface Condition {
  /** The worst level of the reasons. */
  readonly level: ConditionLevel;
  readonly reasons: readonly ConditionReason[];
}

/** The reasons as text, each with what clears it. */
export function inWords({ reasons }: Pick<Condition, 'reasons'>): string {
  return reasons.map(({ name, found, clears }) => `${name}: ${found}, clears with ${clears}`).join('; ');
}

/** The state of a stream of messages by its stamps: `StampJudge`. */
export interface InputStamps {
  /** Stamp of the newest accepted message. */
  readonly lastNs: bigint | null;
  /** Why messages are refused at present; null when they are accepted. */
  readonly fault: StampFault | null;
}

/** What the messages of joint states show beyond the stamps of the readings that they add up to. */
export interface JointMessages {
  /** Which publishers contradict each other at a time, in words; null when none do. */
  contradiction(nowNs: bigint): string | null;
  /** The joints without a state of `sinceNs` or later; empty when that is so of all joints. */
  lateJoints(sinceNs: bigint): readonly string[];
}

/** Messages of one publisher, which have all joints. */
export const WHOLE_MESSAGES: JointMessages = { contradiction: () => null, lateJoints: () => [] };

/** Everything that the condition depends on. Stamps are on the clock of `nowNs`; null means never received. */
export interface WatchdogInputs {
  readonly nowNs: bigint;
  /** Frames; of several cameras, the one that has been silent longest. */
  readonly image: InputStamps;
  /** Of several cameras: those without a frame of `sinceNs` or later, or that their frames do not match. Empty for one camera. */
  readonly lateCameras: (sinceNs: bigint) => readonly string[];
  readonly jointStates: InputStamps;
  readonly jointMessages: JointMessages;
  /** When the plan in force ends; null when there is none. */
  readonly planEndNs: bigint | null;
  readonly paused: boolean;
  readonly active: boolean;
  readonly workerAlive: boolean;
  /** The clock went backwards since the last reset (`Timeline.clockWentBack`). */
  readonly clockJumped: boolean;
  /** Found by the command stream or by the check of its commands; null when there is none. */
  readonly fault: MotionFault | null;
  /** If the desired pose is to be set to the measured one: why that is not possible yet. Null otherwise. */
  readonly unsettled: string | null;
  /** Why the pictures cannot show where the robot is: they do not change while it moves. Null otherwise. */
  readonly frozenImage: string | null;
  readonly operator: OperatorState;
  /** The rule of the work space that keeps the robot from following its plans; null when none does. */
  readonly restriction: Restriction | null;
}

/** A fault of the motion that lasts until a reset. */
export interface MotionFault {
  readonly id: 'robot-does-not-follow' | 'clock-back' | 'command-outside-limits';
  readonly found: string;
}

/** How far a stamp may lie ahead of now, s. More means clocks that disagree, and an age that cannot be trusted. */
export const MAX_FUTURE_S = 0.1;

/** What the watchdog depends on. */
export type WatchdogValues = ValuesOf<typeof watchdogParameters> &
  Pick<CommandValues, 'command.interface' | 'command.kind' | 'command.effort_timeout_ms'>;

/** Maximum age of joint states, s. An effort that answers an old pose is worse than none, so the limit is lower if efforts are commanded. */
function maxJointStatesAgeS(values: WatchdogValues): number {
  const ageS = values['watchdog.joint_states_timeout_s'];
  return commandsEfforts(values) ? Math.min(ageS, values['command.effort_timeout_ms'] / 1000) : ageS;
}

const LEVELS: readonly ConditionLevel[] = ['ok', 'degrade', 'hold', 'stop'];

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

/** A reason with the level and the remedy that the ladder declares. */
function reasonOf(
  id: ConditionId,
  name: ConditionReason['name'],
  found: string,
  limit: string,
): ConditionReason {
  const { reaction, clears } = rung(id);
  return { name, id, level: reaction, found, limit, clears: clears.replaceAll('`', '') };
}

/** @param late the parts of this input that are behind the others */
function inputReason(
  name: 'image' | 'joint_states',
  { silent, stamps }: Readonly<Record<'silent' | 'stamps', ConditionId>>,
  nowNs: bigint,
  { lastNs, fault }: InputStamps,
  maxAgeS: number,
  late: (sinceNs: bigint) => readonly string[],
): ConditionReason | null {
  const ageS = lastNs === null ? Infinity : Number(nowNs - lastNs) / 1e9;
  if (ageS <= maxAgeS) return null;
  if (fault !== null) return reasonOf(stamps, name, fault.found, 'stamps of the clock of this node');
  if (lastNs === null) return reasonOf(silent, name, 'none received', `a message every ${seconds(maxAgeS)}`);
  const parts = late(nowNs - BigInt(Math.round(maxAgeS * 1e9)));
  const whose = parts.length === 0 ? '' : ` of ${parts.join(', ')}`;
  const found = `the last${whose} is ${seconds(ageS)} old`;
  return reasonOf(silent, name, found, `a message every ${seconds(maxAgeS)}`);
}

/** What is wrong with what the planner sees and measures. */
function inputReasons(inputs: WatchdogInputs, values: WatchdogValues): (ConditionReason | null)[] {
  const { nowNs, image, lateCameras, jointStates, jointMessages, frozenImage } = inputs;
  const silence = commandsEfforts(values) ? 'joint-states-silent-efforts' : 'joint-states-silent';
  const maxAgeS = maxJointStatesAgeS(values);
  const imageIds = { silent: 'image-silent', stamps: 'image-stamps' } as const;
  const jointIds = { silent: silence, stamps: 'joint-states-stamps' } as const;
  return [
    inputReason('image', imageIds, nowNs, image, values['watchdog.image_timeout_s'], lateCameras) ??
      when(frozenImage, (found) =>
        reasonOf('image-frozen', 'image', found, 'pictures that follow the robot'),
      ),
    when(jointMessages.contradiction(nowNs), (found) =>
      reasonOf('joint-states-contradictory', 'joint_states', found, 'publishers that agree'),
    ) ??
      inputReason('joint_states', jointIds, nowNs, jointStates, maxAgeS, (sinceNs) =>
        jointMessages.lateJoints(sinceNs),
      ),
  ];
}

function planReason(nowNs: bigint, planEndNs: bigint | null): ConditionReason | null {
  if (planEndNs === null) return reasonOf('plan-missing', 'plan', 'no plan in force', 'one at all times');
  if (nowNs < planEndNs) return null;
  const found = `ended ${seconds(Number(nowNs - planEndNs) / 1e9)} ago`;
  return reasonOf('plan-missing', 'plan', found, 'a new one before the end');
}

/** What operators ask for, and what is wrong with what they do it with. */
function operatorReasons({ operator, paused }: WatchdogInputs): (ConditionReason | null)[] {
  const { emergencyStop, isDryRun, controller, speedScaleSilence } = operator;
  return [
    when(emergencyStop, ({ id, found }) => reasonOf(id, 'emergency_stop', found, 'released and reset')),
    paused ? reasonOf('paused', 'pause', 'paused', 'not paused') : null,
    isDryRun ? reasonOf('dry-run', 'dry_run', 'no command is sent', 'false') : null,
    when(controller, ({ id, found }) => reasonOf(id, 'controller', found, 'one controller, and one planner')),
    when(speedScaleSilence, (found) => reasonOf('speed-scale-silent', 'speed_scale', found, 'messages')),
  ];
}

/** The rung of the ladder of each rule of the work space. */
const RESTRICTION_IDS: Readonly<Record<Restriction['kind'], ConditionId>> = {
  'half-space': 'plan-leaves-workspace',
  box: 'plan-leaves-workspace',
  floor: 'plan-floor',
  'self-collision': 'plan-self-collision',
  'tcp-speed': 'plan-tcp-speed',
  singularity: 'plan-singularity',
};

function when<Value>(value: Value | null, reason: (value: Value) => ConditionReason): ConditionReason | null {
  return value === null ? null : reason(value);
}

/**
 * Assesses the inputs of the loop: a pure function of its arguments. Level and remedy of each reason are those of the ladder. A missing plan is
 * reported only if nothing else explains it.
 */
export function assessCondition(inputs: WatchdogInputs, values: WatchdogValues): Condition {
  const { nowNs, active, fault, clockJumped, workerAlive, unsettled } = inputs;
  const found = [
    active ? null : reasonOf('not-active', 'lifecycle', 'not active', 'active'),
    ...operatorReasons(inputs),
    when(fault, (motion) => reasonOf(motion.id, 'fault', motion.found, 'none')),
    clockJumped ? reasonOf('clock-back', 'clock', 'went backwards', 'forwards only') : null,
    workerAlive ? null : reasonOf('worker-died', 'worker', 'dead or hanging', 'alive'),
    ...inputReasons(inputs, values),
    when(unsettled, (pose) =>
      reasonOf('pose-unsettled', 'pose', pose, 'a robot at rest, and joint states that agree on where'),
    ),
  ].filter((reason) => reason !== null);
  if (inputs.restriction !== null) {
    const { kind, message } = inputs.restriction;
    found.push(reasonOf(RESTRICTION_IDS[kind], 'workspace', message, 'the rules of the work space'));
  }
  const plan = found.length === 0 ? planReason(nowNs, inputs.planEndNs) : null;
  const reasons = plan === null ? found : [plan];
  const worst = reasons.reduce((level, reason) => Math.max(level, LEVELS.indexOf(reason.level)), 0);
  return { level: LEVELS[worst] ?? 'stop', reasons };
}

/** Whether a condition, or a reason for one, keeps the robot at rest. */
export function holdsRobot({ level }: { readonly level: ConditionLevel }): boolean {
  return level === 'hold' || level === 'stop';
}
