/** How bad it is, mildest first. `degrade`: goes on by itself. `hold`: brake and wait. `stop`: brake, then send nothing. */
export type ConditionLevel = 'ok' | 'degrade' | 'hold' | 'stop';

/** One thing that is not as it should be, in words for a person. */
export interface ConditionReason {
  readonly name: 'lifecycle' | 'pause' | 'fault' | 'clock' | 'worker' | 'image' | 'joint_states' | 'plan';
  readonly level: Exclude<ConditionLevel, 'ok'>;
  readonly found: string;
  readonly limit: string;
  /** What makes it go away. */
  readonly clears: string;
}

export interface Condition {
  /** The worst level of the reasons. */
  readonly level: ConditionLevel;
  readonly reasons: readonly ConditionReason[];
}

/** The reasons, each with what makes it go away. */
export function inWords({ reasons }: Condition): string {
  return reasons.map(({ name, found, clears }) => `${name}: ${found}, clears with ${clears}`).join('; ');
}

/** Everything the verdict depends on. Stamps are on the clock of `nowNs`; null means never received. */
export interface WatchdogInputs {
  readonly nowNs: bigint;
  /** Newest frame; with several cameras that of the one longest silent. */
  readonly lastImageNs: bigint | null;
  readonly lastJointStatesNs: bigint | null;
  /** When the plan in force ends; null when there is none. */
  readonly planEndNs: bigint | null;
  readonly paused: boolean;
  readonly active: boolean;
  readonly workerAlive: boolean;
  /** The clock went backwards since the last reset (`ClockGuard`). */
  readonly clockJumped: boolean;
  /** `CommandStream.fault`. */
  readonly fault: string | null;
}

export interface WatchdogThresholds {
  readonly imageAgeS: number;
  readonly jointStatesAgeS: number;
  /** How far a stamp may lie ahead of now: more means clocks that disagree, and an age that cannot be trusted. */
  readonly futureS: number;
}

export const DEFAULT_WATCHDOG_THRESHOLDS: WatchdogThresholds = {
  imageAgeS: 0.5,
  jointStatesAgeS: 0.5,
  futureS: 0.1,
};

const LEVELS: readonly ConditionLevel[] = ['ok', 'degrade', 'hold', 'stop'];

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

function inputReason(
  name: 'image' | 'joint_states',
  nowNs: bigint,
  lastNs: bigint | null,
  maxAgeS: number,
  futureS: number,
): ConditionReason | null {
  const limit = `a message every ${seconds(maxAgeS)}`;
  const clears = `the next message on ${name}`;
  if (lastNs === null) return { name, level: 'hold', found: 'none received', limit, clears };
  const ageS = Number(nowNs - lastNs) / 1e9;
  if (ageS < -futureS) {
    return {
      name,
      level: 'hold',
      found: `a stamp ${seconds(-ageS)} ahead of the clock`,
      limit: `at most ${seconds(futureS)} ahead`,
      clears: `synchronised clocks, or the same use_sim_time here and at the publisher of ${name}`,
    };
  }
  return ageS > maxAgeS
    ? { name, level: 'hold', found: `the last is ${seconds(ageS)} old`, limit, clears }
    : null;
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
 * Judges the inputs of the loop: a pure function of its arguments.
 *
 * | | level | clears |
 * |---|---|---|
 * | lifecycle not active | stop | activation |
 * | paused | hold | `~/pause` false |
 * | fault of the command stream, clock gone backwards | hold | `~/reset` |
 * | planner worker dead | hold | its restart |
 * | image or joint_states missing, too old or from the future | hold | the next message |
 * | no plan, or its end reached | degrade (the command stream brakes by itself) | the next plan |
 *
 * A missing plan is only reported where nothing worse explains it.
 */
export function assessCondition(inputs: WatchdogInputs, thresholds: WatchdogThresholds): Condition {
  const { nowNs } = inputs;
  const { futureS } = thresholds;
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
  add(inputReason('image', nowNs, inputs.lastImageNs, thresholds.imageAgeS, futureS));
  add(inputReason('joint_states', nowNs, inputs.lastJointStatesNs, thresholds.jointStatesAgeS, futureS));
  if (reasons.length === 0) add(planReason(nowNs, inputs.planEndNs));

  const worst = reasons.reduce((level, reason) => Math.max(level, LEVELS.indexOf(reason.level)), 0);
  return { level: LEVELS[worst] ?? 'stop', reasons };
}

/** Remembers that a clock went backwards (a restarted simulation, a stepped system clock) until it is reset. */
export class ClockGuard {
  #lastNs: bigint | null = null;
  #jumped = false;

  /** Whether the clock has ever gone backwards since the last reset. */
  get jumped(): boolean {
    return this.#jumped;
  }

  /** Takes note of the time; returns whether it has ever gone backwards since the last reset. */
  observe(nowNs: bigint): boolean {
    if (this.#lastNs !== null && nowNs < this.#lastNs) this.#jumped = true;
    this.#lastNs = nowNs;
    return this.#jumped;
  }

  reset(): void {
    this.#lastNs = null;
    this.#jumped = false;
  }
}
