import type { JointLimit, JointReading } from '../../src/core/types.js';

/** Time in which a joint without a jerk limit reaches its acceleration limit, as in the limiter of the node. */
const JERK_TIME_S = 0.04;

/** Figures of one episode besides its verdict. */
export interface EpisodeMeasures {
  /** Time integral of the squared accelerations as fractions of their limits, summed over the joints [s]. */
  readonly effort: number;
  /** Root mean square of the jerk as a fraction of its limit, over joints and time. */
  readonly jerk: number;
  /** Duration of each plan [ms]. */
  readonly planMs: readonly number[];
  /** Age of the frame of each plan when the plan arrived, in simulated time [ms]. */
  readonly frameAgeMs: readonly number[];
}

/** Measures the motion of the robot in one episode, by its true joint states, and the speed of the planner. */
export class EpisodeMeter {
  readonly #limits: readonly JointLimit[];
  #previous: JointReading | null = null;
  #acceleration: readonly number[] | null = null;
  #effort = 0;
  #squaredJerk = 0;
  #jerkSamples = 0;
  #planMs: number[] = [];
  #frameAgeMs: number[] = [];

  /** @param limits in the joint order of the readings */
  constructor(limits: readonly JointLimit[]) {
    this.#limits = limits;
  }

  /** Starts over, with a new episode. */
  restart(): void {
    this.#previous = null;
    this.#acceleration = null;
    this.#effort = 0;
    this.#squaredJerk = 0;
    this.#jerkSamples = 0;
    this.#planMs = [];
    this.#frameAgeMs = [];
  }

  get measures(): EpisodeMeasures {
    return {
      effort: this.#effort,
      jerk: this.#jerkSamples === 0 ? 0 : Math.sqrt(this.#squaredJerk / this.#jerkSamples),
      planMs: this.#planMs,
      frameAgeMs: this.#frameAgeMs,
    };
  }

  /** Adds a reading of the true joint states. Ignores one that is not newer than the last. */
  addReading(reading: JointReading): void {
    const previous = this.#previous;
    const elapsedS = previous === null ? 0 : Number(reading.stampNs - previous.stampNs) / 1e9;
    if (previous !== null && elapsedS <= 0) return;
    this.#previous = { ...reading, velocity: Float64Array.from(reading.velocity) };
    if (previous === null) return;
    const acceleration = this.#limits.map(
      (_, joint) => ((reading.velocity[joint] ?? 0) - (previous.velocity[joint] ?? 0)) / elapsedS,
    );
    for (const [joint, limit] of this.#limits.entries()) {
      const now = acceleration[joint] ?? 0;
      this.#effort += (now / limit.acceleration) ** 2 * elapsedS;
      const before = this.#acceleration?.[joint];
      if (before === undefined) continue;
      const maxJerk = Number.isFinite(limit.jerk) ? limit.jerk : limit.acceleration / JERK_TIME_S;
      this.#squaredJerk += ((now - before) / elapsedS / maxJerk) ** 2;
      this.#jerkSamples++;
    }
    this.#acceleration = acceleration;
  }

  /** Adds the values of one `~/statistics` message. */
  addPlan(values: ReadonlyMap<string, string>): void {
    for (const [key, samples] of [
      ['plan_ms', this.#planMs],
      ['frame_age_ms', this.#frameAgeMs],
    ] as const) {
      const value = Number.parseFloat(values.get(key) ?? '');
      if (Number.isFinite(value)) samples.push(value);
    }
  }
}
