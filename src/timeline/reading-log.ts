import { assertLength, at, f64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import type { JointReading } from '../core/types.js';
import { StampedRing } from './ring.js';

/** Readings kept: one second at 500 Hz, ten at 50 Hz. */
const CAPACITY = 512;

/** A pose counts as settled when it has not moved for this long, ns ... */
const SETTLE_NS = 100_000_000n;

/** ... over this many readings, whatever their rate ... */
const SETTLE_READINGS = 3;

/** ... that lie within this much, ns. */
const SETTLE_WITHIN_NS = 1_000_000_000n;

/** Time over which velocities are computed from positions where they are not measured, ns. Shorter differences are mostly noise. */
const DIFFERENCE_NS = 40_000_000n;

/** The properties of a joint that the log needs. */
export interface ReadingJoint {
  readonly name: string;
  /** Whether the joint is continuous: whole revolutions do not count. */
  readonly wraps: boolean;
  /** A joint whose readings differ by at most this, rad or m, is at rest. */
  readonly restTolerance: number;
  /** Velocity limit, rad/s or m/s. Positions that change much faster come from two publishers that disagree. */
  readonly velocity: number;
}

/** The pose that readings agree on, or why there is none. */
export type SettledPose = { readonly position: Float64Array } | Disagreement;

/**
 * - `missing`: there are too few readings.
 * - `moving`: the robot is not at rest.
 * - `contradiction`: no robot can move like that.
 */
export interface Disagreement {
  readonly disagreement: 'missing' | 'moving' | 'contradiction';
  /** For a person. */
  readonly found: string;
}

/** Factor by which noise and uneven stamps may make a joint seem faster than its velocity limit. */
export const PLAUSIBLE_SPEED_FACTOR = 2;

/** The most recent measured states, by stamp. Stamps increase: the caller adds only readings whose stamps were accepted. */
export class ReadingLog {
  readonly #joints: readonly ReadingJoint[];
  readonly #ring = new StampedRing(CAPACITY);
  /** `[CAPACITY, J]` */
  readonly #positions: Float64Array;
  readonly #velocities: Float64Array;
  #newest: JointReading | null = null;

  constructor(joints: readonly ReadingJoint[]) {
    this.#joints = joints;
    this.#positions = new Float64Array(CAPACITY * joints.length);
    this.#velocities = new Float64Array(CAPACITY * joints.length);
  }

  /** The newest reading, or null. */
  get newest(): JointReading | null {
    return this.#newest;
  }

  /**
   * @param reading belongs to the log from now on, and must not change
   * @throws RangeError for another number of positions or velocities
   */
  add(reading: JointReading): void {
    const size = this.#joints.length;
    assertLength('measured positions', reading.position, size);
    assertLength('measured velocities', reading.velocity, size);
    const row = this.#ring.pushAt(reading.stampNs);
    this.#positions.set(reading.position, row * size);
    this.#velocities.set(reading.velocity, row * size);
    this.#newest = reading;
  }

  clear(): void {
    this.#ring.clear();
    this.#newest = null;
  }

  /**
   * Positions at a time: interpolated linearly between two readings; those of the first reading before it, and of the newest after it.
   *
   * @param out `[J]`, rad or m, written and returned; NaN when there is no reading
   */
  positionAt(timeNs: bigint, out: Float64Array): Float64Array {
    if (this.#ring.length === 0) return out.fill(NaN);
    const { before, after, share } = this.#around(timeNs);
    for (const [joint, { wraps }] of this.#joints.entries()) {
      const from = f64(this.#positions, before + joint);
      out[joint] = from + share * displacement(from, f64(this.#positions, after + joint), wraps);
    }
    return out;
  }

  /** Time between a time and the nearest reading, ns; null when there is no reading. */
  distanceTo(timeNs: bigint): bigint | null {
    if (this.#ring.length === 0) return null;
    const age = this.#ring.ageAt(timeNs);
    const distances = [age, Math.max(age - 1, 0)].map((at) => distance(this.#ring.stampAt(at), timeNs));
    return distances.reduce((least, one) => (one < least ? one : least));
  }

  /**
   * Velocities at a time: measured velocities, interpolated linearly between two readings; where they are not measured, the mean velocity over
   * the readings around that time.
   *
   * @param out `[J]`, rad/s or m/s, written and returned; NaN when there is no reading, or only one without a measured velocity
   */
  velocityAt(timeNs: bigint, out: Float64Array): Float64Array {
    if (this.#ring.length === 0) return out.fill(NaN);
    const { age, before, after, share } = this.#around(timeNs);
    for (const joint of this.#joints.keys()) {
      const from = f64(this.#velocities, before + joint);
      const to = f64(this.#velocities, after + joint);
      const measured = from + share * (to - from);
      out[joint] = Number.isNaN(measured) ? this.#difference(joint, age) : measured;
    }
    return out;
  }

  /**
   * The pose that the last readings agree on: at least three of them over at least 100 ms, in which no joint moved by more than its rest
   * tolerance. A single message is never enough, and two publishers that contradict each other never agree.
   */
  settledPose(): SettledPose {
    const { newest } = this;
    if (newest === null) return { disagreement: 'missing', found: 'no joint states received' };
    const needed = this.#settleReadings();
    if (needed === null) {
      return { disagreement: 'missing', found: 'fewer than 3 joint states over less than 0.1 s' };
    }
    for (const [joint, { name, wraps, restTolerance, velocity }] of this.#joints.entries()) {
      const reference = f64(newest.position, joint);
      let min = 0;
      let max = 0;
      let before = 0;
      let isPlausible = true;
      for (let age = 1; age < needed; age++) {
        const moved = displacement(reference, this.#positionOf(joint, age), wraps);
        const elapsedS = Number(this.#ring.stampAt(age - 1) - this.#ring.stampAt(age)) / 1e9;
        if (Math.abs(moved - before) > PLAUSIBLE_SPEED_FACTOR * velocity * elapsedS + restTolerance)
          isPlausible = false;
        min = Math.min(min, moved);
        max = Math.max(max, moved);
        before = moved;
      }
      if (max - min <= restTolerance) continue;
      const range = `${(reference + min).toFixed(3)} and ${(reference + max).toFixed(3)}`;
      const withinMs = (Number(newest.stampNs - this.#ring.stampAt(needed - 1)) / 1e6).toFixed(0);
      return {
        disagreement: isPlausible ? 'moving' : 'contradiction',
        found: `joint '${name}' is reported between ${range} within ${withinMs} ms`,
      };
    }
    return { position: newest.position.slice() };
  }

  /** Number of the newest readings that have to agree; null when there are too few. */
  #settleReadings(): number | null {
    const newestNs = this.#ring.stampAt(0);
    for (let age = 0; age < this.#ring.length; age++) {
      const stampNs = this.#ring.stampAt(age);
      if (newestNs - stampNs > SETTLE_WITHIN_NS) return null;
      if (age + 1 >= SETTLE_READINGS && newestNs - stampNs >= SETTLE_NS) return age + 1;
    }
    return null;
  }

  /** Mean velocity of a joint over the readings around one; NaN when there is no other reading. */
  #difference(joint: number, age: number): number {
    const newer = Math.max(age - 1, 0);
    let older = Math.min(newer + 1, this.#ring.length - 1);
    while (
      older < this.#ring.length - 1 &&
      this.#ring.stampAt(newer) - this.#ring.stampAt(older) < DIFFERENCE_NS
    )
      older += 1;
    const elapsedS = Number(this.#ring.stampAt(newer) - this.#ring.stampAt(older)) / 1e9;
    if (!(elapsedS > 0)) return NaN;
    const { wraps } = at(this.#joints, joint);
    return displacement(this.#positionOf(joint, older), this.#positionOf(joint, newer), wraps) / elapsedS;
  }

  #positionOf(joint: number, age: number): number {
    return f64(this.#positions, this.#ring.row(age) * this.#joints.length + joint);
  }

  /** Offsets in `[CAPACITY, J]` of the readings before and after a time, and the fraction of the time between them, 0 to 1. */
  #around(timeNs: bigint): { age: number; before: number; after: number; share: number } {
    const size = this.#joints.length;
    const age = this.#ring.ageAt(timeNs);
    const before = this.#ring.row(age) * size;
    if (age === 0) return { age, before, after: before, share: 0 };
    return { age, before, after: this.#ring.row(age - 1) * size, share: this.#share(age, timeNs) };
  }

  /** The fraction of a time between a reading and the next one, 0 to 1. */
  #share(age: number, timeNs: bigint): number {
    const fromNs = this.#ring.stampAt(age);
    const share = Number(timeNs - fromNs) / Number(this.#ring.stampAt(age - 1) - fromNs);
    return Math.min(Math.max(share, 0), 1);
  }
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b;
}
