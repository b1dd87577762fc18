import { assertLength, f64 } from '../core/array-access.js';
import type { MotionCheck } from './motion-check.js';

/** Rounding that no rule counts, in its unit. */
export const EXCESS_TOLERANCE = 1e-9;

/** Receives a foreseen state, as views that the next one may overwrite. @returns false to end the motion here */
export type VisitState = (position: ArrayLike<number>, velocity: ArrayLike<number>) => boolean;

/** The motion of an accepted plan as the limiter will make it, tick by tick. */
export interface ForeseenMotion {
  /** Number of whole actions of the plan. */
  readonly actions: number;
  /** Visits the states during an action, its end included. Called for 0, 1, 2 … in turn. */
  during(action: number, visit: VisitState): void;
  /** Visits the states of the ramp to rest from the end of that action. Called after `during` of that action, whose state it leaves as it is. */
  brakingAfter(action: number, visit: VisitState): void;
}

/** The first foreseen violation of a plan. */
export interface PlanFinding {
  /** Index of the action during or after which it is. */
  readonly action: number;
  readonly phase: 'motion' | 'braking';
  /** Index in the rules of the motion check. */
  readonly rule: number;
  readonly excess: number;
  /** Names the link or the pair, what was found and the limit. */
  readonly message: string;
}

export interface CutPlan {
  /** Number of whole actions that can be followed. */
  readonly actions: number;
  /** What cuts the plan; null: nothing does. */
  readonly finding: PlanFinding | null;
}

/** Cuts accepted plans before the first state that would break a rule. */
export class PlanCut {
  readonly #check: Pick<MotionCheck, 'rules' | 'excesses' | 'describe'>;
  /** Excess that each rule allows: that of the best state so far, so a robot that starts outside may only come back. */
  readonly #allowed: Float64Array;
  readonly #excesses: Float64Array;

  constructor(check: Pick<MotionCheck, 'rules' | 'excesses' | 'describe'>) {
    this.#check = check;
    this.#allowed = new Float64Array(check.rules.length);
    this.#excesses = new Float64Array(check.rules.length);
  }

  /**
   * How much of a plan can be followed, so that its motion, and braking after each of its actions, keep every rule. A rule that the present state
   * breaks is kept as long as no state breaks it further than one before.
   *
   * @param position `[J]` at the start, rad or m
   * @param velocity `[J]` at the start, rad/s or m/s
   * @throws RangeError for other sizes
   */
  cut(motion: ForeseenMotion, position: ArrayLike<number>, velocity: ArrayLike<number>): CutPlan {
    this.#allowed.fill(Infinity);
    this.#check.excesses(position, velocity, this.#excesses);
    this.#keepBest();
    for (let action = 0; action < motion.actions; action++) {
      const finding = this.#inMotion(motion, action) ?? this.#inBraking(motion, action);
      if (finding !== null) return { actions: action, finding };
    }
    return { actions: motion.actions, finding: null };
  }

  #inMotion(motion: ForeseenMotion, action: number): PlanFinding | null {
    let finding: PlanFinding | null = null;
    motion.during(action, (position, velocity) => {
      finding ??= this.#broken(action, 'motion', position, velocity);
      if (finding === null) this.#keepBest();
      return finding === null;
    });
    return finding;
  }

  #inBraking(motion: ForeseenMotion, action: number): PlanFinding | null {
    let finding: PlanFinding | null = null;
    motion.brakingAfter(action, (position, velocity) => {
      finding ??= this.#broken(action, 'braking', position, velocity);
      return finding === null;
    });
    return finding;
  }

  /** The first rule that a state breaks further than allowed. A NaN is beyond every limit. */
  #broken(
    action: number,
    phase: PlanFinding['phase'],
    position: ArrayLike<number>,
    velocity: ArrayLike<number>,
  ): PlanFinding | null {
    this.#check.excesses(position, velocity, this.#excesses);
    const rule = firstBroken(this.#excesses, this.#allowed);
    if (rule < 0) return null;
    const excess = f64(this.#excesses, rule);
    return { action, phase, rule, excess, message: this.#check.describe(rule, excess) };
  }

  #keepBest(): void {
    for (let rule = 0; rule < this.#allowed.length; rule++) {
      const best = Math.min(f64(this.#allowed, rule), f64(this.#excesses, rule));
      this.#allowed[rule] = Math.max(best, 0);
    }
  }
}

/**
 * The first rule that is broken further than allowed, by more than {@link EXCESS_TOLERANCE}; -1: none. A NaN is beyond every limit.
 *
 * @param excesses `[R]`
 * @param allowed excess of each rule `[R]`, 0 or more
 * @throws RangeError when the lengths differ
 */
export function firstBroken(excesses: Float64Array, allowed: Float64Array): number {
  assertLength('allowed excesses', allowed, excesses.length);
  for (let rule = 0; rule < excesses.length; rule++) {
    if (!(f64(excesses, rule) <= f64(allowed, rule) + EXCESS_TOLERANCE)) return rule;
  }
  return -1;
}
