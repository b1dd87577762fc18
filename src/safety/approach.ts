import { at, f64 } from '../core/array-access.js';
import type { ActionSemantics } from '../core/ports.js';
import type { JointLimit } from '../core/types.js';

/** Share of the acceleration limit that an approach counts on: velocities are set once a tick, so braking begins a little late. */
const BRAKING_SHARE = 0.7;

/**
 * The speed at which a joint may move at a distance from where it has to come to rest, rad/s or m/s. Braking from speed v covers
 * `v²/2a + va/2j`. Near the goal the speed is in proportion to the distance, at a gain that the jerk limit can follow; a higher one would make the
 * joint oscillate about its goal.
 *
 * @param distance at least 0, rad or m
 */
export function approachSpeed(
  distance: number,
  { acceleration, jerk }: Pick<JointLimit, 'acceleration' | 'jerk'>,
): number {
  const braking = BRAKING_SHARE * acceleration;
  const ramp = (acceleration * braking) / (2 * jerk);
  const stoppable = Math.sqrt(ramp * ramp + 2 * braking * distance) - ramp;
  return Math.min(stoppable, (jerk / (3 * acceleration)) * distance);
}

/** Slows planned velocities down before the positions at which joints have to come to rest. */
export class Approach {
  readonly #semantics: ActionSemantics;
  readonly #limits: readonly JointLimit[];
  readonly #goal: Float64Array;

  /** @param limits `[J]` */
  constructor(semantics: ActionSemantics, limits: readonly JointLimit[]) {
    this.#semantics = semantics;
    this.#limits = limits;
    this.#goal = new Float64Array(limits.length);
  }

  /**
   * @param actions raw actions `[K, A]` of a plan
   * @param index of the action in force
   * @param position desired positions `[J]` now, rad or m
   * @param target velocities towards the action `[J]`, rad/s or m/s; changed, where actions are positions
   */
  slowDown(actions: Float32Array, index: number, position: Float64Array, target: Float64Array): void {
    if (this.#semantics.restingPoint === undefined) return;
    this.#semantics.restingPoint(actions, index, position, this.#goal);
    for (const [joint, velocity] of target.entries()) {
      const distance = Math.abs(f64(this.#goal, joint) - f64(position, joint));
      const speed = Math.min(Math.abs(velocity), approachSpeed(distance, at(this.#limits, joint)));
      target[joint] = Math.sign(velocity) * speed;
    }
  }
}
