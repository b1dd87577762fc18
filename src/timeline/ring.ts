import { i64 } from '../core/array-access.js';

/** Row indices of a ring buffer: the newest entries overwrite the oldest. The log that uses it has the arrays, of `capacity` rows each. */
export class Ring {
  readonly capacity: number;
  #count = 0;

  /** @param capacity at least 1 */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Entries held, at most the capacity. */
  get length(): number {
    return Math.min(this.#count, this.capacity);
  }

  /** The row to write the next entry to. */
  push(): number {
    const row = this.#count % this.capacity;
    this.#count += 1;
    return row;
  }

  /** The row of an entry. @param age 0 for the newest, up to `length - 1` @throws RangeError outside of that range */
  row(age: number): number {
    if (!(age >= 0 && age < this.length)) {
      throw new RangeError(`entry ${String(age)} of a log of ${String(this.length)}`);
    }
    return (this.#count - 1 - age) % this.capacity;
  }

  clear(): void {
    this.#count = 0;
  }
}

/** A ring whose entries have a stamp each. */
export class StampedRing extends Ring {
  readonly #stampsNs: BigInt64Array;

  /** @param capacity at least 1 */
  constructor(capacity: number) {
    super(capacity);
    this.#stampsNs = new BigInt64Array(capacity);
  }

  /** The row to write the next entry to, whose stamp this is. */
  pushAt(stampNs: bigint): number {
    const row = this.push();
    this.#stampsNs[row] = stampNs;
    return row;
  }

  /** @param age 0 for the newest, up to `length - 1` @throws RangeError outside of that range */
  stampAt(age: number): bigint {
    return i64(this.#stampsNs, this.row(age));
  }

  /** Age of the newest entry at or before a time, if stamps increase; of the oldest where there is none; -1 for an empty ring. */
  ageAt(timeNs: bigint): number {
    const last = this.length - 1;
    for (let age = 0; age < last; age++) if (this.stampAt(age) <= timeNs) return age;
    return last;
  }
}
