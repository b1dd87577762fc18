import type { Plan } from '../core/types.js';

/** Accepted plans that have not taken over yet, at most. Only reached when nobody advances the queue. */
const MAX_WAITING = 32;

/** The length of one action in ns. */
export function actionPeriodNs(plan: Plan): bigint {
  return BigInt(Math.round(plan.periodMs * 1e6));
}

/** When a plan's first free action begins; before that it repeats what is being sent anyway, and never takes over. */
export function takeoverNs(plan: Plan): bigint {
  return plan.frameStampNs + BigInt(plan.committed) * actionPeriodNs(plan);
}

/** Index of the action for a time; below 0 before the plan's frame, K or more after its end. */
export function actionIndexAt(plan: Plan, timeNs: bigint): number {
  return Math.floor(Number(timeNs - plan.frameStampNs) / Number(actionPeriodNs(plan)));
}

/**
 * The running plan and those waiting to take over.
 *
 * All of them wait, not the newest alone: with frames faster than the committed time a newer plan always arrives before the last one's turn,
 * and none would ever run. Which plan is in force depends on the time asked for only, not on when plans arrived or how often was asked.
 */
export class PlanQueue {
  /** By frame stamp, oldest first; the first may be running. */
  readonly #plans: Plan[] = [];

  /** Adds a plan; false when one from the same or a newer frame is there already. */
  add(plan: Plan): boolean {
    const newest = this.#plans.at(-1);
    if (newest !== undefined && plan.frameStampNs <= newest.frameStampNs) return false;
    this.#plans.push(plan);
    if (this.#plans.length > MAX_WAITING) this.#plans.shift();
    return true;
  }

  /** The plan from the newest frame whose turn has come by that time; null when there is none. */
  inForceAt(timeNs: bigint): Plan | null {
    return this.#plans[this.#indexAt(timeNs)] ?? null;
  }

  /** As `inForceAt`, and forgets the plans that it superseded. Times must not decrease. */
  advanceTo(timeNs: bigint): Plan | null {
    this.#plans.splice(0, Math.max(0, this.#indexAt(timeNs)));
    return this.inForceAt(timeNs);
  }

  clear(): void {
    this.#plans.length = 0;
  }

  #indexAt(timeNs: bigint): number {
    return this.#plans.findLastIndex((plan) => takeoverNs(plan) <= timeNs);
  }
}
