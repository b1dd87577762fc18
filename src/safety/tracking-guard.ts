import { assertLength, at, f64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import type { JointLimit } from '../core/types.js';
import type { Timeline } from '../timeline/timeline.js';

/**
 * Suspicion at which the robot counts as not following. A reading that is off adds 1, and one that is not subtracts half of that. So a single
 * message is not believed, but two in a row are, and so is every other one.
 */
const SUSPICION_LIMIT = 2;

/** Compares each reading with the desired positions at its stamp, and decides whether the robot follows. */
export class TrackingGuard {
  readonly #limits: readonly JointLimit[];
  readonly #tolerances: ArrayLike<number>;
  readonly #timeline: Pick<Timeline, 'sent' | 'readings'>;
  readonly #desired: Float64Array;
  /** Stamp of the last reading that was compared. */
  #comparedNs: bigint | null = null;
  #suspicion = 0;

  /**
   * @param limits of the joints `[J]`
   * @param tolerances `[J]`, rad or m
   * @throws RangeError when the lengths differ
   */
  constructor(
    limits: readonly JointLimit[],
    tolerances: ArrayLike<number>,
    timeline: Pick<Timeline, 'sent' | 'readings'>,
  ) {
    assertLength('tracking tolerances', tolerances, limits.length);
    this.#limits = limits;
    this.#tolerances = tolerances;
    this.#timeline = timeline;
    this.#desired = new Float64Array(limits.length);
  }

  /** Forgets the readings that were off. */
  reset(): void {
    this.#suspicion = 0;
  }

  /**
   * Compares the newest reading, once.
   *
   * @returns why the robot counts as not following; null when it follows
   */
  check(): string | null {
    const { readings, sent } = this.#timeline;
    const { newest } = readings;
    if (newest === null || newest.stampNs === this.#comparedNs) return null;
    this.#comparedNs = newest.stampNs;
    if (!sent.covers(newest.stampNs)) return null;
    sent.desiredAt(newest.stampNs, this.#desired);
    for (const [joint, { name, continuous }] of this.#limits.entries()) {
      const error = Math.abs(
        displacement(f64(this.#desired, joint), f64(newest.position, joint), continuous),
      );
      const tolerance = at(this.#tolerances, joint);
      if (error <= tolerance) continue;
      this.#suspicion += 1;
      if (this.#suspicion < SUSPICION_LIMIT) return null;
      return `joint '${name}' is ${error.toFixed(3)} from where it should be (tolerance ${String(tolerance)})`;
    }
    this.#suspicion = Math.max(0, this.#suspicion - 0.5);
    return null;
  }
}
