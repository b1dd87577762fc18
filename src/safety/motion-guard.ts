import { at, f64 } from '../core/array-access.js';
import type { ActionSemantics } from '../core/ports.js';
import type { JointLimit } from '../core/types.js';
import type { DuePlan, PlanLog } from '../timeline/plan-log.js';
import {
  advanceMotion,
  brakeMotion,
  copyOf,
  copyTo,
  restingAt,
  type JointMotion,
  type MotionLimit,
} from './command-limiter.js';
import { ForeseenPlan } from './foreseen-plan.js';
import type { MotionCheck } from './motion-check.js';
import { firstBroken, PlanCut } from './plan-cut.js';
import { brakingTrajectory, type TrajectoryPoint } from './trajectory.js';
import type { MotionRule } from './workspace/motion-rules.js';

/** The rule of the work space that keeps the robot from following its plan. */
export interface Restriction {
  readonly kind: MotionRule['kind'];
  /** Names the link or the pair, what was found and the limit. */
  readonly message: string;
}

/** What the guard uses of a check. */
export type GuardedRules = Pick<MotionCheck, 'rules' | 'excesses' | 'describe' | 'speedFactor'>;

/** Result of one tick. */
export interface GuardedTick {
  /** The ramp to rest from the new state, its first point included. */
  readonly points: TrajectoryPoint[];
  /** Share of the target velocities that was used, 0 to 1. */
  readonly share: number;
}

/** From where a plan is foreseen. */
export interface Outset {
  /** The commanded state now. */
  readonly motion: JointMotion;
  readonly nextTickNs: bigint;
  /** Share of the planned velocities that is commanded, 0 to 1. */
  readonly share: number;
}

/** Shares of the target velocities that are tried, fastest first. */
const SHARES = [1, 0.5, 0.25, 0.125];

/** States of a ramp that are looked at, at most. A longer one keeps every n-th, and its last. */
const RAMP_STATES = 16;

/**
 * Holds what is commanded to the rules of the work space. A tick is taken only if its state, and the ramp to rest from there, break no rule further
 * than the present state does; otherwise the robot brakes, along a ramp that has passed before. Accepted plans are cut before the first state that
 * would break a rule.
 */
export class MotionGuard {
  /** Null: there are none. */
  readonly #rules: GuardedRules | null;
  readonly #limits: readonly JointLimit[];
  readonly #semantics: ActionSemantics;
  readonly #periodNs: bigint;
  readonly #periodS: number;
  readonly #cut: PlanCut | null;
  #ofTick: Restriction | null = null;
  #ofPlan: Restriction | null = null;
  readonly #trial: JointMotion;
  readonly #target: Float64Array;
  /** Excess of each rule, and that which the present state allows `[R]`. */
  readonly #excesses: Float64Array;
  readonly #allowed: Float64Array;

  constructor(
    rules: GuardedRules | null,
    limits: readonly JointLimit[],
    semantics: ActionSemantics,
    periodNs: bigint,
  ) {
    this.#rules = rules;
    this.#limits = limits;
    this.#semantics = semantics;
    this.#periodNs = periodNs;
    this.#periodS = Number(periodNs) / 1e9;
    this.#cut = rules === null ? null : new PlanCut(rules);
    this.#target = new Float64Array(limits.length);
    this.#trial = restingAt(new Float64Array(limits.length));
    this.#excesses = new Float64Array(rules?.rules.length ?? 0);
    this.#allowed = new Float64Array(this.#excesses.length);
  }

  /** The rule that keeps the robot from following its plans, in the last tick or in the newest plan; null when none does. */
  get restriction(): Restriction | null {
    return this.#ofTick ?? this.#ofPlan;
  }

  /** The newest plan is not followed any more. */
  forgetPlan(): void {
    this.#ofPlan = null;
  }

  /**
   * Advances the commanded state in place by one tick towards the target velocities, as far as the rules allow.
   *
   * @param target `[J]`, rad/s or m/s
   * @param limits of this tick `[J]`
   */
  advance(motion: JointMotion, target: Float64Array, limits: readonly MotionLimit[]): GuardedTick {
    this.#ofTick = null;
    const isBraking = target.every((velocity) => velocity === 0);
    if (this.#rules === null || isBraking) {
      advanceMotion(motion, target, this.#periodS, limits);
      return { points: this.#rampFrom(motion), share: 1 };
    }
    this.#allow(this.#rules, motion);
    const factor = this.#rules.speedFactor(motion.position, target);
    for (const part of SHARES) {
      const share = part * factor;
      for (const [joint, velocity] of target.entries()) this.#target[joint] = velocity * share;
      copyTo(this.#trial, motion);
      advanceMotion(this.#trial, this.#target, this.#periodS, limits);
      const points = this.#rampFrom(this.#trial);
      const broken = this.#firstBrokenAlong(this.#rules, points);
      if (broken === null) {
        copyTo(motion, this.#trial);
        return { points, share };
      }
      this.#ofTick ??= broken;
    }
    brakeMotion(motion, this.#periodS, limits);
    return { points: this.#rampFrom(motion), share: 0 };
  }

  /**
   * A plan up to the first action that would break a rule, in its motion or in the braking after it.
   *
   * @param due the plan, with its times; not in the log yet
   * @param plans what is followed until it takes over
   * @returns null when nothing of what the plan may change is left
   */
  kept(
    due: DuePlan,
    plans: Pick<PlanLog, 'inForceAt'>,
    { motion, nextTickNs, share }: Outset,
  ): DuePlan | null {
    this.#ofPlan = null;
    const rules = this.#rules;
    if (rules === null || this.#cut === null) return due;
    const foreseen = new ForeseenPlan({
      due,
      inForceAt: (timeNs) => (timeNs >= due.takeoverNs ? due : plans.inForceAt(timeNs)),
      semantics: this.#semantics,
      limits: this.#limits,
      periodNs: this.#periodNs,
      motion: copyOf(motion),
      nextTickNs,
      share,
      speedFactor: (position, velocity) => rules.speedFactor(position, velocity),
    });
    const { actions, finding } = this.#cut.cut(foreseen, motion.position, motion.velocity);
    if (finding === null) return due;
    this.#ofPlan = { kind: at(rules.rules, finding.rule).kind, message: finding.message };
    const { plan } = due;
    if (actions <= plan.committed) return null;
    return { ...due, plan: { ...plan, actions: plan.actions.slice(0, actions * plan.actionSize) } };
  }

  #rampFrom(motion: JointMotion): TrajectoryPoint[] {
    return brakingTrajectory(motion, this.#periodNs, this.#limits);
  }

  /** Rules that the present state breaks may not be broken further. */
  #allow(rules: GuardedRules, { position, velocity }: JointMotion): void {
    rules.excesses(position, velocity, this.#allowed);
    for (const [rule, excess] of this.#allowed.entries()) this.#allowed[rule] = Math.max(excess, 0);
  }

  #firstBrokenAlong(rules: GuardedRules, points: readonly TrajectoryPoint[]): Restriction | null {
    const stride = Math.ceil(points.length / RAMP_STATES);
    for (let index = 0; index < points.length; index += stride) {
      const restriction = this.#brokenBy(rules, at(points, index));
      if (restriction !== null) return restriction;
    }
    return this.#brokenBy(rules, at(points, points.length - 1));
  }

  #brokenBy(rules: GuardedRules, { positions, velocities }: TrajectoryPoint): Restriction | null {
    rules.excesses(positions, velocities, this.#excesses);
    const rule = firstBroken(this.#excesses, this.#allowed);
    if (rule < 0) return null;
    const { kind } = at(rules.rules, rule);
    return { kind, message: rules.describe(rule, f64(this.#excesses, rule)) };
  }
}
