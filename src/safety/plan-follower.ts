import { assertLength, f32 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { ActionSemantics } from '../core/ports.js';
import type { JointLimit, Plan } from '../core/types.js';
import { actionPeriodNs, endNs, firstFreeNs, type DuePlan, type PlanLog } from '../timeline/plan-log.js';
import { DueAction } from './due-action.js';

/** Decides when a plan takes over, and which of its actions is due. */
export class PlanFollower {
  readonly #semantics: ActionSemantics;
  readonly #periodNs: bigint;
  readonly #plans: PlanLog;
  readonly #due: DueAction;

  /** @param periodNs of commands, above 0 */
  constructor(semantics: ActionSemantics, limits: readonly JointLimit[], periodNs: bigint, plans: PlanLog) {
    this.#due = new DueAction(semantics, limits, periodNs);
    this.#semantics = semantics;
    this.#periodNs = periodNs;
    this.#plans = plans;
  }

  /**
   * When a plan would be followed. It takes over with its first free action. If that is over when the plan arrives, it takes over at once, with the action
   * that is due by then. A late plan from rest loses nothing, since nothing has moved: it is done from its first free action on.
   *
   * @param plan that passed {@link assertPlan}
   * @param isStillAtRest whether its frame shows a robot at rest, and the desired state is at rest now
   * @returns null when it ended before it arrived
   */
  due(plan: Plan, isStillAtRest: boolean, nowNs: bigint): DuePlan | null {
    const isLate = firstFreeNs(plan, plan.frameStampNs) <= nowNs;
    const startNs =
      isLate && isStillAtRest && !this.#plans.isDueAfter(nowNs)
        ? nowNs + this.#periodNs - BigInt(plan.committed) * actionPeriodNs(plan)
        : plan.frameStampNs;
    const freeNs = firstFreeNs(plan, startNs);
    // After now: it must not matter whether a tick at this very moment comes before or after the plan.
    const due: DuePlan = { plan, startNs, takeoverNs: freeNs > nowNs ? freeNs : nowNs + 1n };
    return endNs(due) > nowNs ? due : null;
  }

  /**
   * Aims at the action that is due. Where there is none, nothing is written.
   *
   * @param position desired positions `[J]` now, rad or m
   * @param target velocities `[J]`, rad/s or m/s, written
   * @param action the raw action `[A]`, as far as the joints can follow it, written
   * @returns why no action is due; empty when one is
   */
  aim(nowNs: bigint, position: Float64Array, target: Float64Array, action: Float64Array): string {
    const { size } = this.#semantics;
    assertLength('action', action, size);
    const due = this.#plans.advanceTo(this.#due.momentOf(nowNs));
    if (due === null) return 'no plan';
    const index = this.#due.aim(due, nowNs, position, target);
    if (index === null) return 'plan exhausted';
    for (let entry = 0; entry < size; entry++)
      action[entry] = this.#semantics.followed(f32(due.plan.actions, index * size + entry), entry);
    return '';
  }
}

/**
 * Refuses a plan that cannot be followed.
 *
 * @param size numbers of an action (A)
 * @throws JepaMpcError `model.signature-mismatch` (wrong shape), `planner.not-finite`
 */
export function assertPlan(plan: Plan, size: number): void {
  const count = plan.actions.length / size;
  const isWellFormed =
    plan.actionSize === size &&
    Number.isInteger(count) &&
    count > 0 &&
    plan.periodMs > 0 &&
    Number.isFinite(plan.periodMs) &&
    Number.isInteger(plan.committed) &&
    plan.committed >= 0 &&
    plan.committed <= count;
  if (!isWellFormed) {
    throw new JepaMpcError('model.signature-mismatch', {
      subject: 'plan',
      found:
        `${String(plan.actions.length)} numbers in actions of ${String(plan.actionSize)}, ` +
        `${String(plan.committed)} committed, period ${String(plan.periodMs)} ms`,
      expected: `actions [K, ${String(size)}], committed from 0 to K, a period above 0`,
      remedy: 'Use a model for the joints of this robot.',
    });
  }
  if (!plan.actions.every(Number.isFinite)) {
    throw new JepaMpcError('planner.not-finite', {
      subject: `plan ${String(plan.statistics.planIndex)}`,
      found: 'actions that are not finite',
      expected: 'finite numbers',
      remedy: 'Check the model with its golden vectors, and the planner parameters.',
    });
  }
}
