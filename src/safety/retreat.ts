import { f64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import type { JointLimit } from '../core/types.js';
import type { Timeline } from '../timeline/timeline.js';
import { isStill, limitedVelocity, type JointMotion } from './command-limiter.js';

/**
 * The way back after a tracking fault: the desired state brakes, then moves within the limits to where the robot was measured when the desired
 * state came to rest. So a blocked robot is not pushed on. Readings that are old or contradict each other never set the goal.
 */
export class Retreat {
  readonly #limits: readonly JointLimit[];
  readonly #periodS: number;
  readonly #readings: Timeline['readings'];
  /** `none`: no fault. `braking`: the goal is not set yet. Positions `[J]`: the goal. */
  #state: 'none' | 'braking' | Float64Array = 'none';

  constructor(limits: readonly JointLimit[], periodS: number, readings: Timeline['readings']) {
    this.#limits = limits;
    this.#periodS = periodS;
    this.#readings = readings;
  }

  /** Whether it has begun and has not been cancelled; it stays under way at its goal. */
  get isUnderWay(): boolean {
    return this.#state !== 'none';
  }

  begin(): void {
    this.#state = 'braking';
  }

  cancel(): void {
    this.#state = 'none';
  }

  /**
   * Sets the target velocities of this tick, if a retreat is under way and its goal is known.
   *
   * @param motion the desired state
   * @param isBlind whether the readings are too old to use: it then brakes, and finds a new goal once there are readings again
   * @param target `[J]`, rad/s or m/s, all 0; written
   */
  aim(motion: JointMotion, isBlind: boolean, target: Float64Array): void {
    if (this.#state === 'none') return;
    if (isBlind) {
      this.#state = 'braking';
      return;
    }
    if (this.#state === 'braking') {
      const goal = this.#measuredGoal(motion);
      if (goal === null) return;
      this.#state = goal;
    }
    for (const [joint, limit] of this.#limits.entries()) {
      const q = f64(motion.position, joint);
      const goal = f64(this.#state, joint);
      // A position limit at the goal makes the braking law stop exactly there.
      const stopAtGoal = goal > q ? { ...limit, upper: goal } : { ...limit, lower: goal };
      target[joint] = limitedVelocity(
        q,
        f64(motion.velocity, joint),
        Math.sign(goal - q) * limit.velocity,
        this.#periodS,
        stopAtGoal,
      );
    }
  }

  /** The measured positions `[J]` within the limits; null before rest, and for readings that contradict each other or are too few. */
  #measuredGoal(motion: JointMotion): Float64Array | null {
    const { newest } = this.#readings;
    if (newest === null || !isStill(motion)) return null;
    const settled = this.#readings.settledPose();
    if ('disagreement' in settled && settled.disagreement !== 'moving') return null;
    return Float64Array.from(this.#limits, ({ continuous, lower, upper }, joint) => {
      const desired = f64(motion.position, joint);
      const error = displacement(desired, f64(newest.position, joint), continuous);
      return Math.min(Math.max(desired + error, lower), upper);
    });
  }
}
