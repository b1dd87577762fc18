import { at, f64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import type { JointLimit } from '../core/types.js';
import type { Timeline } from '../timeline/timeline.js';
import { isStill, type JointMotion, type MotionLimit } from './command-limiter.js';

/** A limit whose position range is set anew in each tick. */
export type TickLimit = MotionLimit & { lower: number; upper: number };

/** Share of the velocity limits at which joints that are outside their limits return. */
const RECOVERY_SPEED = 0.1;

/** Tracking tolerances that a robot may be off when two readings have shown it; braking comes on top. */
const REACH_TOLERANCES = 3;

/** A joint this near to its goal has arrived, rad or m. */
const ARRIVED = 1e-6;

/**
 * Moves the desired state to where the robot is, or belongs:
 *
 * - after a tracking fault the desired state brakes, then moves within the limits to where the robot was measured when the desired state came to
 *   rest. So a blocked robot is not pushed on. Readings that are old or contradict each other never set the goal, and where the robot is measured
 *   further away than it can have lagged behind while braking, the desired state stays: an encoder that jumps must not move the robot.
 * - to recover, joints that are outside their limits move slowly to the nearest position inside.
 */
export class Retreat {
  readonly #limits: readonly JointLimit[];
  readonly #readings: Timeline['readings'];
  /** How far a joint that was stopped can be from the desired state `[J]`, rad or m. */
  readonly #reach: Float64Array;
  /** `none`: no fault. `braking`: the goal is not set yet. Positions `[J]`: the goal. */
  #state: 'none' | 'braking' | Float64Array = 'none';
  /** Share of the velocity limits. */
  #speed = 1;

  /**
   * @param tolerances of tracking `[J]`, rad or m
   * @param isFar whether it goes to the measured pose however far that is
   */
  constructor(
    limits: readonly JointLimit[],
    tolerances: ArrayLike<number>,
    isFar: boolean,
    readings: Timeline['readings'],
  ) {
    this.#limits = limits;
    this.#readings = readings;
    this.#reach = Float64Array.from(limits, ({ velocity, acceleration, jerk }, joint) => {
      if (isFar) return Infinity;
      const braking = (velocity / 2) * (velocity / acceleration + acceleration / jerk);
      return REACH_TOLERANCES * at(tolerances, joint) + braking;
    });
  }

  /** Whether it has begun and has not been cancelled; it stays under way at its goal. */
  get isUnderWay(): boolean {
    return this.#state !== 'none';
  }

  /** To where the robot is measured once it is at rest. */
  begin(): void {
    this.#state = 'braking';
    this.#speed = 1;
  }

  /** Slowly to the nearest position inside the limits. @param motion the desired state */
  beginInwards({ position }: JointMotion): void {
    this.#state = Float64Array.from(this.#limits, ({ lower, upper }, joint) =>
      Math.min(Math.max(f64(position, joint), lower), upper),
    );
    this.#speed = RECOVERY_SPEED;
  }

  cancel(): void {
    this.#state = 'none';
  }

  /** Whether the desired state is at rest at the goal. */
  hasArrived(motion: JointMotion): boolean {
    const goal = this.#state;
    if (goal === 'none' || goal === 'braking' || !isStill(motion)) return false;
    return motion.position.every((q, joint) => Math.abs(q - f64(goal, joint)) <= ARRIVED);
  }

  /**
   * Sets the target velocities of this tick, if a retreat is under way and its goal is known.
   *
   * @param motion the desired state
   * @param isBlind whether the readings are too old to use: it then brakes, and finds a new goal once there are readings again
   * @param target `[J]`, rad/s or m/s, all 0; written
   * @param limits `[J]` of this tick: their ranges are narrowed to end at the goal
   */
  aim(motion: JointMotion, isBlind: boolean, target: Float64Array, limits: readonly TickLimit[]): void {
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
    for (const [joint, limit] of limits.entries()) {
      const q = f64(motion.position, joint);
      const goal = f64(this.#state, joint);
      // A position limit at the goal makes the braking law stop exactly there.
      if (goal > q) limit.upper = goal;
      else limit.lower = goal;
      target[joint] = Math.sign(goal - q) * limit.velocity * this.#speed;
    }
  }

  /** The measured positions `[J]` within the limits, or where the desired state is if they are out of reach; null before rest, and for readings that contradict each other or are too few. */
  #measuredGoal(motion: JointMotion): Float64Array | null {
    const { newest } = this.#readings;
    if (newest === null || !isStill(motion)) return null;
    const settled = this.#readings.settledPose();
    if ('disagreement' in settled && settled.disagreement !== 'moving') return null;
    const errors = Float64Array.from(this.#limits, ({ continuous }, joint) =>
      displacement(f64(motion.position, joint), f64(newest.position, joint), continuous),
    );
    const isWithinReach = errors.every((error, joint) => Math.abs(error) <= f64(this.#reach, joint));
    if (!isWithinReach) return motion.position.slice();
    return Float64Array.from(this.#limits, ({ lower, upper }, joint) => {
      const measured = f64(motion.position, joint) + f64(errors, joint);
      return Math.min(Math.max(measured, lower), upper);
    });
  }
}
