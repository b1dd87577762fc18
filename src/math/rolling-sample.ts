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

  /** @param fraction 0 to 1. @returns NaN before the first number */
  percentile(fraction: number): number {
    const kept = this.#values.subarray(0, Math.min(this.#seen, this.#values.length));
    return kept.length === 0 ? NaN : percentile(kept, fraction);
  }
}
