import { at, f64, i64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import type { JointReading } from '../core/types.js';

/** States kept of a joint: one second at 1 kHz. */
const CAPACITY = 1024;

/** States of a joint that are further apart than this, ns, say nothing of the time between them. */
export const MAX_JOIN_NS = 1_000_000_000n;

/**
 * Merges the states of single joints into readings of all joints, in whatever pieces, order and delay they come.
 *
 * A reading is for the newest time that every joint is known at: the stamp of the joint that is furthest behind. The position of each joint is its
 * own at that time, interpolated linearly between its states around it. So a reading never mixes times, and it is the same as that of whole
 * messages.
 *
 * Held together with `training/jepa_mpc_training/recordings/joint_merge.py` by `tests/fixtures/joint-merge.json`, which both suites run.
 */
export class JointMerge {
  readonly #wraps: readonly boolean[];
  /** States of each joint `[J, CAPACITY]`, by stamp, oldest first. */
  readonly #stampsNs: BigInt64Array;
  readonly #positions: Float64Array;
  readonly #velocities: Float64Array;
  /** States that each joint has. */
  readonly #counts: Int32Array;
  /** For each joint, the row of its first state at or after the time of the reading being made. */
  readonly #rows: Int32Array;
  #lastNs: bigint | null = null;

  /** @param wraps for each joint, whether it is continuous: whole revolutions do not count */
  constructor(wraps: readonly boolean[]) {
    const joints = wraps.length;
    this.#wraps = wraps;
    this.#stampsNs = new BigInt64Array(joints * CAPACITY);
    this.#positions = new Float64Array(joints * CAPACITY);
    this.#velocities = new Float64Array(joints * CAPACITY);
    this.#counts = new Int32Array(joints);
    this.#rows = new Int32Array(joints);
  }

  /**
   * Adds a state of one joint. Of two with the same stamp the first counts.
   *
   * @param position rad or m, finite
   * @param velocity rad/s or m/s; NaN where it is not measured
   */
  add(joint: number, stampNs: bigint, position: number, velocity: number): void {
    const first = joint * CAPACITY;
    let end = first + at(this.#counts, joint);
    let row = end;
    while (row > first && i64(this.#stampsNs, row - 1) > stampNs) row -= 1;
    if (row > first && i64(this.#stampsNs, row - 1) === stampNs) return;
    if (end - first === CAPACITY) {
      if (row === first) return;
      this.#move(first + 1, first, end);
      end -= 1;
      row -= 1;
    } else {
      this.#counts[joint] = end - first + 1;
    }
    this.#move(row, row + 1, end);
    this.#stampsNs[row] = stampNs;
    this.#positions[row] = position;
    this.#velocities[row] = velocity;
  }

  /** Stamp of the newest state of a joint; null when there is none. */
  newestNs(joint: number): bigint | null {
    const count = at(this.#counts, joint);
    return count === 0 ? null : i64(this.#stampsNs, joint * CAPACITY + count - 1);
  }

  /** The reading that the states add up to; null when that is none, or none newer than the last one. */
  take(): JointReading | null {
    const stampNs = this.#completeNs();
    if (stampNs === null || (this.#lastNs !== null && stampNs <= this.#lastNs)) return null;
    if (!this.#locate(stampNs)) return null;
    this.#lastNs = stampNs;
    const joints = this.#wraps.length;
    const position = new Float64Array(joints);
    const velocity = new Float64Array(joints);
    for (let joint = 0; joint < joints; joint++) {
      const row = at(this.#rows, joint);
      if (i64(this.#stampsNs, row) === stampNs) {
        position[joint] = f64(this.#positions, row);
        velocity[joint] = f64(this.#velocities, row);
        this.#forgetBefore(joint, row);
        continue;
      }
      const fromNs = i64(this.#stampsNs, row - 1);
      const share = Number(stampNs - fromNs) / Number(i64(this.#stampsNs, row) - fromNs);
      const from = f64(this.#positions, row - 1);
      position[joint] = from + share * displacement(from, f64(this.#positions, row), at(this.#wraps, joint));
      const speed = f64(this.#velocities, row - 1);
      velocity[joint] = speed + share * (f64(this.#velocities, row) - speed);
      this.#forgetBefore(joint, row - 1);
    }
    return { stampNs, position, velocity };
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts.fill(0);
    this.#lastNs = null;
  }

  /** Stamp of the joint that is furthest behind; null while there is one without a state. */
  #completeNs(): bigint | null {
    let completeNs: bigint | null = null;
    for (let joint = 0; joint < this.#wraps.length; joint++) {
      const newestNs = this.newestNs(joint);
      if (newestNs === null) return null;
      if (completeNs === null || newestNs < completeNs) completeNs = newestNs;
    }
    return completeNs;
  }

  /** Finds the rows of all joints for a time. @returns whether each joint is known at it */
  #locate(stampNs: bigint): boolean {
    for (let joint = 0; joint < this.#wraps.length; joint++) {
      const first = joint * CAPACITY;
      let row = first + at(this.#counts, joint) - 1;
      while (row > first && i64(this.#stampsNs, row - 1) >= stampNs) row -= 1;
      this.#rows[joint] = row;
      const rowNs = i64(this.#stampsNs, row);
      if (rowNs === stampNs) continue;
      if (row === first || rowNs - i64(this.#stampsNs, row - 1) > MAX_JOIN_NS) return false;
    }
    return true;
  }

  /** Forgets the states of a joint before a row: no later reading needs them. */
  #forgetBefore(joint: number, row: number): void {
    const first = joint * CAPACITY;
    const end = first + at(this.#counts, joint);
    this.#move(row, first, end);
    this.#counts[joint] = end - row;
  }

  /** Moves the states in `[row, end)` so that they begin at another row. */
  #move(row: number, to: number, end: number): void {
    this.#stampsNs.copyWithin(to, row, end);
    this.#positions.copyWithin(to, row, end);
    this.#velocities.copyWithin(to, row, end);
  }
}
