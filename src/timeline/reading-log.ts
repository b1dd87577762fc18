import type { JointReading } from '../core/types.js';
import { Ring } from './ring.js';

/** Readings kept: one second at 500 Hz, ten at 50 Hz. */
const CAPACITY = 512;

/** A pose counts as settled when it has not moved for this long, ns ... */
const SETTLE_NS = 100_000_000n;

/** ... over this many readings, whatever their rate ... */
const SETTLE_READINGS = 3;

/** ... that lie within this much, ns. */
const SETTLE_WITHIN_NS = 1_000_000_000n;

/** Time over which a velocity that is not measured is taken from positions, ns: shorter differences are mostly noise. */
const DIFFERENCE_NS = 40_000_000n;

/** What the log needs to know of a joint. */
export interface ReadingJoint {
  readonly name: string;
  /** Whole turns do not count. */
  readonly wraps: boolean;
  /** A joint whose readings lie within this, rad or m, is at rest. */
  readonly restTolerance: number;
  /** Velocity limit, rad/s or m/s: what is reported to move much faster is reported by two. */
  readonly velocity: number;
}

/** A pose that readings agree on, or why they do not. */
export type SettledPose = { readonly position: Float64Array } | Disagreement;

/**
 * - `missing`: there are too few readings.
 * - `moving`: they agree on a robot that is not at rest.
 * - `contradiction`: no robot moves as they say.
 */
export interface Disagreement {
  readonly disagreement: 'missing' | 'moving' | 'contradiction';
  /** For a person. */
  readonly found: string;
}

/** How much faster than its velocity limit a joint may seem, by noise and uneven stamps. */
const PLAUSIBLE_SPEED = 2;

/** The measured states of the last moments, by stamp. Stamps increase: who adds has judged them. */
export class ReadingLog {
  readonly #joints: readonly ReadingJoint[];
  readonly #ring = new Ring(CAPACITY);
  readonly #stampsNs = new BigInt64Array(CAPACITY);
  /** `[CAPACITY, J]` */
  readonly #positions: Float64Array;
  readonly #velocities: Float64Array;
  #newest: JointReading | null = null;

  constructor(joints: readonly ReadingJoint[]) {
    this.#joints = joints;
    this.#positions = new Float64Array(CAPACITY * joints.length);
    this.#velocities = new Float64Array(CAPACITY * joints.length);
  }

  get newest(): JointReading | null {
    return this.#newest;
  }

  add(reading: JointReading): void {
    const size = this.#joints.length;
    const row = this.#ring.push();
    this.#stampsNs[row] = reading.stampNs;
    this.#positions.set(reading.position, row * size);
    this.#velocities.set(reading.velocity, row * size);
    this.#newest = reading;
  }

  clear(): void {
    this.#ring.clear();
    this.#newest = null;
  }

  /**
   * Positions `[J]`, rad or m, at a time: between two readings in a straight line, before the first as the first, after the newest as the
   * newest. NaN when there is none.
   */
  positionAt(timeNs: bigint, out: Float64Array): Float64Array {
    if (this.#ring.length === 0) return out.fill(NaN);
    const { before, after, share } = this.#around(timeNs);
    for (const [joint, { wraps }] of this.#joints.entries()) {
      const from = at(this.#positions, before + joint);
      out[joint] = from + share * displacement(from, at(this.#positions, after + joint), wraps);
    }
    return out;
  }

  /**
   * Velocities `[J]`, rad/s or m/s, at a time: measured ones in a straight line between two readings; where the driver measures none, the mean
   * over the readings around that time, and NaN where there is only one reading.
   */
  velocityAt(timeNs: bigint, out: Float64Array): Float64Array {
    if (this.#ring.length === 0) return out.fill(NaN);
    const { age, before, after, share } = this.#around(timeNs);
    for (const joint of this.#joints.keys()) {
      const from = at(this.#velocities, before + joint);
      const to = at(this.#velocities, after + joint);
      const measured = from + share * (to - from);
      out[joint] = Number.isNaN(measured) ? this.#difference(joint, age) : measured;
    }
    return out;
  }

  /**
   * The pose that the last readings agree on: at least three of them over at least 100 ms, in which no joint moved by more than its rest
   * tolerance. One message is never believed, and two publishers that contradict each other never agree.
   */
  settledPose(): SettledPose {
    const { newest } = this;
    if (newest === null) return { disagreement: 'missing', found: 'no joint states received' };
    const needed = this.#settleReadings();
    if (needed === null) {
      return { disagreement: 'missing', found: 'fewer than 3 joint states over less than 0.1 s' };
    }
    for (const [joint, { name, wraps, restTolerance, velocity }] of this.#joints.entries()) {
      const reference = at(newest.position, joint);
      let least = 0;
      let most = 0;
      let before = 0;
      let isPlausible = true;
      for (let age = 1; age < needed; age++) {
        const moved = displacement(reference, this.#positionOf(joint, age), wraps);
        const elapsedS = Number(this.#stampAt(age - 1) - this.#stampAt(age)) / 1e9;
        if (Math.abs(moved - before) > PLAUSIBLE_SPEED * velocity * elapsedS + restTolerance)
          isPlausible = false;
        least = Math.min(least, moved);
        most = Math.max(most, moved);
        before = moved;
      }
      if (most - least <= restTolerance) continue;
      const range = `${(reference + least).toFixed(3)} and ${(reference + most).toFixed(3)}`;
      const withinMs = (Number(newest.stampNs - this.#stampAt(needed - 1)) / 1e6).toFixed(0);
      return {
        disagreement: isPlausible ? 'moving' : 'contradiction',
        found: `joint '${name}' is reported between ${range} within ${withinMs} ms`,
      };
    }
    return { position: newest.position.slice() };
  }

  /** How many of the newest readings have to agree; null when there are too few. */
  #settleReadings(): number | null {
    const newestNs = this.#stampAt(0);
    for (let age = 0; age < this.#ring.length; age++) {
      const stampNs = this.#stampAt(age);
      if (newestNs - stampNs > SETTLE_WITHIN_NS) return null;
      if (age + 1 >= SETTLE_READINGS && newestNs - stampNs >= SETTLE_NS) return age + 1;
    }
    return null;
  }

  #difference(joint: number, age: number): number {
    const newer = Math.max(age - 1, 0);
    let older = Math.min(newer + 1, this.#ring.length - 1);
    while (older < this.#ring.length - 1 && this.#stampAt(newer) - this.#stampAt(older) < DIFFERENCE_NS)
      older += 1;
    const elapsedS = Number(this.#stampAt(newer) - this.#stampAt(older)) / 1e9;
    if (!(elapsedS > 0)) return NaN;
    const wraps = this.#joints[joint]?.wraps === true;
    return displacement(this.#positionOf(joint, older), this.#positionOf(joint, newer), wraps) / elapsedS;
  }

  #positionOf(joint: number, age: number): number {
    return at(this.#positions, this.#ring.row(age) * this.#joints.length + joint);
  }

  /** Where the readings before and after a time begin in `[CAPACITY, J]`, and how far the time lies between them, 0 to 1. */
  #around(timeNs: bigint): { age: number; before: number; after: number; share: number } {
    const size = this.#joints.length;
    const age = this.#ageAt(timeNs);
    const before = this.#ring.row(age) * size;
    if (age === 0) return { age, before, after: before, share: 0 };
    return { age, before, after: this.#ring.row(age - 1) * size, share: this.#share(age, timeNs) };
  }

  /** Age of the newest reading at or before a time; of the oldest where there is none. */
  #ageAt(timeNs: bigint): number {
    const last = this.#ring.length - 1;
    for (let age = 0; age < last; age++) if (this.#stampAt(age) <= timeNs) return age;
    return last;
  }

  /** How far a time lies on the way from a reading to the next, 0 to 1. */
  #share(age: number, timeNs: bigint): number {
    const fromNs = this.#stampAt(age);
    const share = Number(timeNs - fromNs) / Number(this.#stampAt(age - 1) - fromNs);
    return Math.min(Math.max(share, 0), 1);
  }

  #stampAt(age: number): bigint {
    return this.#stampsNs[this.#ring.row(age)] ?? 0n;
  }
}

/** The way from one position to another; where the joint wraps, the shorter way round. */
function displacement(from: number, to: number, wraps: boolean): number {
  const way = to - from;
  return wraps ? way - 2 * Math.PI * Math.round(way / (2 * Math.PI)) : way;
}

/** An entry that is there: the callers keep their indices within the rows. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? NaN;
}
