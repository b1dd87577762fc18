import { f64 } from '../core/array-access.js';
import { msToNs } from '../core/time.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from '../core/ports.js';

/** The joint motion of a sequence of actions: one row for each control period. */
export interface PlannedMotion {
  /** At the end of each period `[K, J]`, rad or m. */
  readonly positions: Float64Array;
  /** During each period `[K, J]`, rad/s or m/s. */
  readonly velocities: Float64Array;
  readonly periodNs: bigint;
}

/**
 * Predicts the joint motion of action sequences. Each action lasts a period, and a joint stops at its position limits. Acceleration limits are
 * ignored.
 */
export class ActionMotion {
  readonly #limits: readonly JointLimit[];
  readonly #semantics: ActionSemantics;
  readonly #velocity: Float64Array;
  readonly #position: Float64Array;

  constructor(limits: readonly JointLimit[], semantics: ActionSemantics) {
    this.#limits = limits;
    this.#semantics = semantics;
    this.#velocity = new Float64Array(limits.length);
    this.#position = new Float64Array(limits.length);
  }

  /** Positions `[J]` after the last call, rad or m: a view that the next call overwrites. */
  get position(): Float64Array {
    return this.#position;
  }

  /** Velocities `[J]` of the last period, rad/s or m/s: a view that the next call overwrites. */
  get velocity(): Float64Array {
    return this.#velocity;
  }

  /** @param position `[J]`, rad or m @throws RangeError for more than J positions */
  startFrom(position: Float64Array): void {
    this.#position.set(position);
  }

  /**
   * Advances by one period.
   *
   * @param actions raw `[K, A]`
   * @param period index of the action, 0 to K - 1
   * @param periodS length of the period, s
   */
  advance(actions: Float32Array, period: number, periodS: number): void {
    this.#semantics.targetVelocity(actions, period, this.#position, periodS, this.#velocity);
    for (const [joint, { lower, upper }] of this.#limits.entries()) {
      const moved = f64(this.#position, joint) + f64(this.#velocity, joint) * periodS;
      this.#position[joint] = Math.min(Math.max(moved, lower), upper);
    }
  }

  /**
   * The whole motion of one sequence.
   *
   * @param position `[J]` at its start, rad or m
   * @param actions raw `[K, A]`
   * @param periodMs length of a period
   */
  foresee(position: Float64Array, actions: Float32Array, periodMs: number): PlannedMotion {
    const joints = this.#limits.length;
    const periods = actions.length / this.#semantics.size;
    const positions = new Float64Array(periods * joints);
    const velocities = new Float64Array(periods * joints);
    this.startFrom(position);
    for (let period = 0; period < periods; period++) {
      this.advance(actions, period, periodMs / 1000);
      positions.set(this.#position, period * joints);
      velocities.set(this.#velocity, period * joints);
    }
    return { positions, velocities, periodNs: msToNs(periodMs) };
  }
}
