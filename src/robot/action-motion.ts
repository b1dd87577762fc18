import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from './action-semantics.js';

/** What a sequence of actions does to the joints; one row for each control period. */
export interface PlannedMotion {
  /** At the end of each period `[K, J]`, rad or m. */
  readonly positions: Float64Array;
  /** During each period `[K, J]`, rad/s or m/s. */
  readonly velocities: Float64Array;
  readonly periodNs: bigint;
}

/** Foresees the motion of action sequences: each action lasts a period, and position limits stop a joint. Accelerations are left out. */
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

  /** Positions `[J]`, as the last call left them; rad or m. */
  get position(): Float64Array {
    return this.#position;
  }

  /** Velocities `[J]` of the last period, rad/s or m/s. */
  get velocity(): Float64Array {
    return this.#velocity;
  }

  /** @param position `[J]` */
  startFrom(position: Float64Array): void {
    this.#position.set(position);
  }

  /**
   * Moves on by one period.
   *
   * @param actions raw `[K, A]`
   */
  advance(actions: Float32Array, period: number, periodS: number): void {
    this.#semantics.targetVelocity(actions, period, this.#position, periodS, this.#velocity);
    for (const [joint, { lower, upper }] of this.#limits.entries()) {
      const moved = (this.#position[joint] ?? NaN) + (this.#velocity[joint] ?? NaN) * periodS;
      this.#position[joint] = Math.min(Math.max(moved, lower), upper);
    }
  }

  /** The whole motion of one sequence, raw `[K, A]`, from joint positions `[J]`. */
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
    return { positions, velocities, periodNs: BigInt(Math.round(periodMs * 1e6)) };
  }
}
