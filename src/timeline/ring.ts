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
