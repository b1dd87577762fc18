/** Allows so many events a second on average, and some more at once. Time is passed in, ms. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #lastMs: number | null = null;

  /** @param burst how many may come at once after a pause; at least 1 */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
  }

  /** Whether one more event is allowed now. */
  take(nowMs: number): boolean {
    const passedMs = this.#lastMs === null ? 0 : Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + (passedMs / 1000) * this.#perSecond);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
