/** Remembers that a clock went backwards (a restarted simulation, a stepped system clock) until it is reset. */
export class ClockGuard {
  #lastNs: bigint | null = null;
  #jumped = false;

  /** Whether the clock has gone backwards since the last reset. */
  get jumped(): boolean {
    return this.#jumped;
  }

  /** Takes note of the time; returns whether it went backwards since the last note. */
  observe(nowNs: bigint): boolean {
    const wentBack = this.#lastNs !== null && nowNs < this.#lastNs;
    if (wentBack) this.#jumped = true;
    this.#lastNs = nowNs;
    return wentBack;
  }

  reset(): void {
    this.#lastNs = null;
    this.#jumped = false;
  }
}
