import type { Plan } from '../core/types.js';

/** Accepted plans that have not taken over yet, at most. Only reached when nobody advances the log. */
const MAX_WAITING = 32;

/** A plan and when it is for. */
export interface DuePlan {
  readonly plan: Plan;
  /**
   * When its first action begins. That is the stamp of its frame, except for a plan from rest that came late: it begins later, since nothing
   * has moved meanwhile.
   */
  readonly startNs: bigint;
  /** When it takes over from the plan before: with its first free action, and not before it is there. */
  readonly takeoverNs: bigint;
}

/** The length of one action in ns. */
export function actionPeriodNs(plan: Plan): bigint {
  return BigInt(Math.round(plan.periodMs * 1e6));
}

/** When the first free action of a plan begins; before that it repeats what is being sent anyway. */
export function firstFreeNs(plan: Plan, startNs: bigint): bigint {
  return startNs + BigInt(plan.committed) * actionPeriodNs(plan);
}

/** When a plan's last action ends. */
export function endNs({ plan, startNs }: DuePlan): bigint {
  return startNs + BigInt(plan.actions.length / plan.actionSize) * actionPeriodNs(plan);
}

/** Index of the action for a time; below 0 before the plan's start, K or more after its end. */
export function actionIndexAt({ plan, startNs }: DuePlan, timeNs: bigint): number {
  return Math.floor(Number(timeNs - startNs) / Number(actionPeriodNs(plan)));
}

/**
 * The running plan and those waiting to take over.
 *
 * All of them wait, not the newest alone: with frames faster than the committed time a newer plan always arrives before the last one's turn,
 * and none would ever run. Which plan is in force depends on the time asked for only, not on how often was asked.
 */
export class PlanLog {
  /** By frame stamp, oldest first; the first may be running. */
  readonly #plans: DuePlan[] = [];
  #newestFrameNs: bigint | null = null;

  /** Adds a plan; false when one from the same or a newer frame was added before. */
  add(due: DuePlan): boolean {
    const { frameStampNs } = due.plan;
    if (this.#newestFrameNs !== null && frameStampNs <= this.#newestFrameNs) return false;
    this.#newestFrameNs = frameStampNs;
    this.#plans.push(due);
    if (this.#plans.length > MAX_WAITING) this.#plans.shift();
    return true;
  }

  /** The plan from the newest frame whose turn has come by that time; null when there is none. */
  inForceAt(timeNs: bigint): DuePlan | null {
    return this.#plans[this.#indexAt(timeNs)] ?? null;
  }

  /** As `inForceAt`, and forgets the plans that it superseded. Times must not decrease. */
  advanceTo(timeNs: bigint): DuePlan | null {
    this.#plans.splice(0, Math.max(0, this.#indexAt(timeNs)));
    return this.inForceAt(timeNs);
  }

  /** Whether an action of any plan is due after a time. */
  isDueAfter(timeNs: bigint): boolean {
    return this.#plans.some((due) => endNs(due) > timeNs);
  }

  /** Drops the plans. Frames older than theirs stay refused. */
  clear(): void {
    this.#plans.length = 0;
  }

  /** Drops the plans and forgets their frames: time begins anew. */
  reset(): void {
    this.clear();
    this.#newestFrameNs = null;
  }

  #indexAt(timeNs: bigint): number {
    return this.#plans.findLastIndex(({ takeoverNs }) => takeoverNs <= timeNs);
  }
}
