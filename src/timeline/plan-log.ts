import { msToNs } from '../core/time.js';
import type { Plan } from '../core/types.js';

/** Maximum number of plans that wait. Only reached when the log is not advanced. */
const MAX_WAITING = 32;

/** A plan with its times. */
export interface DuePlan {
  readonly plan: Plan;
  /**
   * When its first action begins. That is the stamp of its frame, except for a late plan from rest: it begins later, since nothing has moved
   * meanwhile.
   */
  readonly startNs: bigint;
  /** When it takes over from the previous plan: with its first free action, and not before it arrived. */
  readonly takeoverNs: bigint;
}

/** The length of one action in ns. */
export function actionPeriodNs(plan: Plan): bigint {
  return msToNs(plan.periodMs);
}

/** When the first free action of a plan begins. The committed actions before it repeat what is sent anyway. */
export function firstFreeNs(plan: Plan, startNs: bigint): bigint {
  return startNs + BigInt(plan.committed) * actionPeriodNs(plan);
}

/** When a plan's last action ends. */
export function endNs({ plan, startNs }: DuePlan): bigint {
  return startNs + BigInt(plan.actions.length / plan.actionSize) * actionPeriodNs(plan);
}

/** Index of the action at a time; below 0 before the plan's start, K or more after its end. */
export function actionIndexAt({ plan, startNs }: DuePlan, timeNs: bigint): number {
  return Math.floor(Number(timeNs - startNs) / Number(actionPeriodNs(plan)));
}

/**
 * The running plan and the plans that wait to take over.
 *
 * All of them wait, not only the newest. If frames arrive faster than the committed time, a newer plan always arrives before the previous one
 * takes over, and none would ever run. Which plan is in force depends only on the given time, not on earlier calls.
 */
export class PlanLog {
  /** In order of frame stamps; the first may be running. */
  readonly #plans: DuePlan[] = [];
  #newestFrameNs: bigint | null = null;

  /** Adds a plan. @returns false when one from the same or a newer frame was added before */
  add(due: DuePlan): boolean {
    const { frameStampNs } = due.plan;
    if (this.#newestFrameNs !== null && frameStampNs <= this.#newestFrameNs) return false;
    this.#newestFrameNs = frameStampNs;
    this.#plans.push(due);
    if (this.#plans.length > MAX_WAITING) this.#plans.shift();
    return true;
  }

  /** The plan from the newest frame that has taken over by that time; null when there is none. */
  inForceAt(timeNs: bigint): DuePlan | null {
    return this.#plans[this.#indexAt(timeNs)] ?? null;
  }

  /** Like `inForceAt`, and forgets the plans before it. For times before this one, those plans are then missing. */
  advanceTo(timeNs: bigint): DuePlan | null {
    this.#plans.splice(0, Math.max(0, this.#indexAt(timeNs)));
    return this.inForceAt(timeNs);
  }

  /** Whether an action of any plan is due after a time. */
  isDueAfter(timeNs: bigint): boolean {
    return this.#plans.some((due) => endNs(due) > timeNs);
  }

  /** Drops the plans. Plans from their frames and older ones stay refused. */
  clear(): void {
    this.#plans.length = 0;
  }

  /** Drops the plans and forgets their frames, for a clock that starts again. */
  reset(): void {
    this.clear();
    this.#newestFrameNs = null;
  }

  #indexAt(timeNs: bigint): number {
    return this.#plans.findLastIndex(({ takeoverNs }) => takeoverNs <= timeNs);
  }
}
