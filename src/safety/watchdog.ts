import { double, dynamic, type ValuesOf } from '../core/parameter.js';
import type { StampFault } from '../timeline/stamp-judge.js';
import { commandsEfforts, type CommandValues } from './command-settings.js';

/** Severity, mildest first. `degrade`: continues by itself. `hold`: brake and wait. `stop`: brake, then send nothing. */
export type ConditionLevel = 'ok' | 'degrade' | 'hold' | 'stop';

/** One reason for a condition, in words for a person. */
export interface ConditionReason {
  readonly name:
    'lifecycle' | 'pause' | 'fault' | 'clock' | 'worker' | 'image' | 'joint_states' | 'pose' | 'plan';
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
export function inWords({ reasons }: Condition): string {
  return reasons.map(({ name, found, clears }) => `${name}: ${found}, clears with ${clears}`).join('; ');
}

/** The state of a stream of messages by its stamps: `StampJudge`. */
export interface InputStamps {
  /** Stamp of the newest accepted message. */
  readonly lastNs: bigint | null;
  /** Why messages are refused at present; null when they are accepted. */
  readonly fault: StampFault | null;
}

/** Everything that the condition depends on. Stamps are on the clock of `nowNs`; null means never received. */
export interface WatchdogInputs {
  readonly nowNs: bigint;
  /** Frames; of several cameras, the one that has been silent longest. */
  readonly image: InputStamps;
  readonly jointStates: InputStamps;
  /** When the plan in force ends; null when there is none. */
  readonly planEndNs: bigint | null;
  readonly paused: boolean;
  readonly active: boolean;
  readonly workerAlive: boolean;
  /** The clock went backwards since the last reset (`Timeline.clockWentBack`). */
  readonly clockJumped: boolean;
  /** `CommandStream.fault`. */
  readonly fault: string | null;
  /** If the desired pose is to be set to the measured one: why that is not possible yet. Null otherwise. */
  readonly unsettled: string | null;
}

export const watchdogParameters = {
  'watchdog.image_timeout_s': dynamic(
    double({ min: 0.01, max: 60, default: 0.5 }),
    's',
    'Age of the newest frame at which the robot holds.',
  ),
  'watchdog.joint_states_timeout_s': dynamic(
    double({ min: 0.01, max: 60, default: 0.25 }),
    's',
    'Age of the newest joint state at which the robot brakes and holds until the next one.',
  ),
};

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

function inputReason(
  name: 'image' | 'joint_states',
  nowNs: bigint,
  { lastNs, fault }: InputStamps,
  maxAgeS: number,
): ConditionReason | null {
  const ageS = lastNs === null ? Infinity : Number(nowNs - lastNs) / 1e9;
  if (ageS <= maxAgeS) return null;
  const limit = `a message every ${seconds(maxAgeS)}`;
  if (fault !== null) {
    const parameter = name === 'image' ? 'camera.stamps' : 'joint_states.stamps';
    return {
      name,
      level: 'hold',
      found: fault.found,
      limit: 'stamps of the clock of this node',
      clears: `synchronised clocks, the same use_sim_time here and at the publisher of ${name}, or ${parameter}: arrival`,
    };
  }
  const clears = `the next message on ${name}`;
  const found = lastNs === null ? 'none received' : `the last is ${seconds(ageS)} old`;
  return { name, level: 'hold', found, limit, clears };
}

function planReason(nowNs: bigint, planEndNs: bigint | null): ConditionReason | null {
  const rest = { name: 'plan', level: 'degrade', clears: 'the next plan' } as const;
  if (planEndNs === null) return { ...rest, found: 'no plan in force', limit: 'one at all times' };
  if (nowNs < planEndNs) return null;
  return {
    ...rest,
    found: `ended ${seconds(Number(nowNs - planEndNs) / 1e9)} ago`,
    limit: 'a new one before the end',
  };
}

/**
 * Assesses the inputs of the loop: a pure function of its arguments.
 *
 * | | level | clears |
 * |---|---|---|
 * | lifecycle not active | stop | activation |
 * | paused | hold | `~/pause` false |
 * | fault of the command stream, clock gone backwards | hold | `~/reset` |
 * | planner worker dead | hold | its restart |
 * | image or joint_states missing or too old | hold | the next message |
 * | their stamps refused (zero, ahead, of another clock) | hold | clocks that agree, or stamps by arrival |
 * | the measured pose is needed, and joint_states do not agree on it | hold | readings that agree |
 * | no plan, or its end reached | degrade (the command stream brakes by itself) | the next plan |
 *
 * A missing plan is reported only if nothing worse explains it.
 */
export function assessCondition(inputs: WatchdogInputs, values: WatchdogValues): Condition {
  const { nowNs } = inputs;
  const reasons: ConditionReason[] = [];
  const add = (reason: ConditionReason | null): void => {
    if (reason !== null) reasons.push(reason);
  };

  if (!inputs.active) {
    add({
      name: 'lifecycle',
      level: 'stop',
      found: 'not active',
      limit: 'active',
      clears: 'activation of the node',
    });
  }
  if (inputs.paused) {
    add({
      name: 'pause',
      level: 'hold',
      found: 'paused',
      limit: 'not paused',
      clears: '~/pause with data: false',
    });
  }
  if (inputs.fault !== null) {
    add({ name: 'fault', level: 'hold', found: inputs.fault, limit: 'none', clears: '~/reset' });
  }
  if (inputs.clockJumped) {
    add({ name: 'clock', level: 'hold', found: 'went backwards', limit: 'forwards only', clears: '~/reset' });
  }
  if (!inputs.workerAlive) {
    add({
      name: 'worker',
      level: 'hold',
      found: 'dead or hanging',
      limit: 'alive',
      clears: 'its restart, by itself',
    });
  }
  add(inputReason('image', nowNs, inputs.image, values['watchdog.image_timeout_s']));
  add(inputReason('joint_states', nowNs, inputs.jointStates, maxJointStatesAgeS(values)));
  if (inputs.unsettled !== null) {
    add({
      name: 'pose',
      level: 'hold',
      found: inputs.unsettled,
      limit: 'a robot at rest, and joint states that agree on where',
      clears: 'a robot that has come to rest, or one publisher of its joint states',
    });
  }
  if (reasons.length === 0) add(planReason(nowNs, inputs.planEndNs));

  const worst = reasons.reduce((level, reason) => Math.max(level, LEVELS.indexOf(reason.level)), 0);
  return { level: LEVELS[worst] ?? 'stop', reasons };
}
