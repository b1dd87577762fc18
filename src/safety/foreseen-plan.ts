import type { ActionSemantics } from '../core/ports.js';
import type { JointLimit } from '../core/types.js';
import { actionIndexAt, type DuePlan } from '../timeline/plan-log.js';
import { advanceMotion, type JointMotion } from './command-limiter.js';
import { DueAction } from './due-action.js';
import type { ForeseenMotion, VisitState } from './plan-cut.js';
import { brakingTrajectory } from './trajectory.js';

/** States of a ramp that are visited, at most. */
const RAMP_STATES = 8;

export interface ForeseenPlanOptions {
  readonly due: DuePlan;
  /** The plan that is followed at a time: this one from its takeover on. */
  readonly inForceAt: (timeNs: bigint) => DuePlan | null;
  readonly semantics: ActionSemantics;
  readonly limits: readonly JointLimit[];
  /** Command period. */
  readonly periodNs: bigint;
  /** The commanded state before the next tick; changed. */
  readonly motion: JointMotion;
  readonly nextTickNs: bigint;
  /** Share of the planned velocities that is commanded, 0 to 1. */
  readonly share: number;
  /** See `MotionCheck.speedFactor`. */
  readonly speedFactor: (position: Float64Array, velocity: Float64Array) => number;
}

/** The motion that the command stream will make of a plan, from now on, tick by tick, without a soft start and before the guard slows it down. */
export class ForeseenPlan implements ForeseenMotion {
  readonly actions: number;
  readonly #options: ForeseenPlanOptions;
  readonly #periodS: number;
  readonly #due: DueAction;
  readonly #target: Float64Array;
  #tickNs: bigint;

  constructor(options: ForeseenPlanOptions) {
    const { plan } = options.due;
    this.actions = plan.actions.length / plan.actionSize;
    this.#options = options;
    this.#due = new DueAction(options.semantics, options.limits, options.periodNs);
    this.#periodS = Number(options.periodNs) / 1e9;
    this.#target = new Float64Array(options.limits.length);
    this.#tickNs = options.nextTickNs;
  }

  /** What comes before the plan takes over counts as its action of that time. */
  during(action: number, visit: VisitState): void {
    const { due, motion, limits, periodNs } = this.#options;
    while (actionIndexAt(due, this.#due.momentOf(this.#tickNs)) <= action) {
      this.#aim(this.#tickNs);
      advanceMotion(motion, this.#target, this.#periodS, limits);
      this.#tickNs += periodNs;
      if (!visit(motion.position, motion.velocity)) return;
    }
  }

  brakingAfter(_action: number, visit: VisitState): void {
    const { motion, limits, periodNs } = this.#options;
    const points = brakingTrajectory(motion, periodNs, limits, RAMP_STATES);
    for (const { positions, velocities } of points) if (!visit(positions, velocities)) return;
  }

  #aim(nowNs: bigint): void {
    const { inForceAt, motion, share, speedFactor } = this.#options;
    this.#target.fill(0);
    const followed = inForceAt(this.#due.momentOf(nowNs));
    if (followed === null) return;
    if (this.#due.aim(followed, nowNs, motion.position, this.#target) === null) return;
    this.#slowDown(share);
    this.#slowDown(speedFactor(motion.position, this.#target));
  }

  #slowDown(share: number): void {
    for (const [joint, velocity] of this.#target.entries()) this.#target[joint] = velocity * share;
  }
}
