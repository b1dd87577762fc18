import { percentileOfSorted } from './percentile.js';

/** The newest numbers of a series, up to a fixed count, and their percentiles. */
export class RollingSample {
  readonly #values: Float64Array;
  /** Where numbers are sorted: percentiles are taken with each plan, on the thread of the command stream. */
  readonly #sorted: Float64Array;
  #seen = 0;

  /** @param length numbers that are kept, at least 1 */
  constructor(length: number) {
    this.#values = new Float64Array(length);
    this.#sorted = new Float64Array(length);
  }

  note(value: number): void {
    this.#values[this.#seen % this.#values.length] = value;
    this.#seen += 1;
  }

  reset(): void {
    this.#seen = 0;
  }

  /**
   * @param fraction 0 to 1
   * @param last only over this many of the newest numbers; absent: over all that are kept
   * @returns NaN before the first number
   */
  percentile(fraction: number, last = this.#values.length): number {
    const { length } = this.#values;
    const count = Math.min(this.#seen, length, last);
    if (count === 0) return NaN;
    const end = this.#seen % length;
    const sorted = this.#sorted.subarray(0, count);
    // The newest numbers lie before `end`, and where they do not suffice, at the end of the ring.
    const newest = Math.min(count, end);
    sorted.set(this.#values.subarray(end - newest, end));
    sorted.set(this.#values.subarray(length - (count - newest)), newest);
    return percentileOfSorted(sorted.sort(), fraction);
  }
}
