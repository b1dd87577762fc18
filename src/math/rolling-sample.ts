import { percentile } from './percentile.js';

/** The last so many numbers of a series, for figures about them. */
export class RollingSample {
  readonly #values: Float64Array;
  #seen = 0;

  /** @param length how many are kept, at least 1 */
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
   * @param last of how many of the newest numbers; absent: of all that are kept
   * @returns NaN before the first number
   */
  percentile(fraction: number, last = this.#values.length): number {
    const { length } = this.#values;
    const count = Math.min(this.#seen, length, last);
    if (count === 0) return NaN;
    return percentile(
      Float64Array.from({ length: count }, (_, age) => this.#values[(this.#seen - 1 - age) % length] ?? NaN),
      fraction,
    );
  }
}
