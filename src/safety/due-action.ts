import type { ActionSemantics } from '../core/ports.js';
import type { JointLimit } from '../core/types.js';
import { actionIndexAt, actionPeriodNs, type DuePlan } from '../timeline/plan-log.js';
import { Approach } from './approach.js';

/** Aims at the action of a plan that is due in a command period: the same for a plan that is followed and for one that is foreseen. */
export class DueAction {
  readonly #semantics: ActionSemantics;
  readonly #periodNs: bigint;
  readonly #approach: Approach;

  /**
   * @param limits `[J]`
   * @param periodNs of commands, above 0
   */
  constructor(semantics: ActionSemantics, limits: readonly JointLimit[], periodNs: bigint) {
    this.#semantics = semantics;
    this.#periodNs = periodNs;
    this.#approach = new Approach(semantics, limits);
  }

  /**
   * The moment that decides for the period from now on: its middle. Ticks do not coincide with the starts of actions, so this is neither early nor
   * late on average.
   */
  momentOf(nowNs: bigint): bigint {
    return nowNs + this.#periodNs / 2n;
  }

  /**
   * @param position desired positions `[J]` now, rad or m
   * @param target velocities `[J]`, rad/s or m/s, written unless no action is due
   * @returns the index of the action; null when none is due
   */
  aim(due: DuePlan, nowNs: bigint, position: Float64Array, target: Float64Array): number | null {
    const { plan, startNs } = due;
    const index = actionIndexAt(due, this.momentOf(nowNs));
    if (index < 0 || index >= plan.actions.length / plan.actionSize) return null;
    const actionEndNs = startNs + BigInt(index + 1) * actionPeriodNs(plan);
    const remainingS = Number(actionEndNs - nowNs) / 1e9;
    this.#semantics.targetVelocity(plan.actions, index, position, remainingS, target);
    this.#approach.slowDown(plan.actions, index, position, target);
    return index;
  }
}
