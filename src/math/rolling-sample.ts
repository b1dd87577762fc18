import { f64 } from '../core/array-access.js';
import { percentile } from './percentile.js';

/** The newest numbers of a series, up to a fixed count, and their percentiles. */
export class RollingSample {
  readonly #values: Float64Array;
  #seen = 0;

  /** @param length numbers that are kept, at least 1 */
  constructor(length: number) {
    this.#values = new Float64Array(length);
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
    return percentile(
      Float64Array.from({ length: count }, (_, age) => f64(this.#values, (this.#seen - 1 - age) % length)),
      fraction,
    );
  }
}
