/** Detects a clock that goes backwards (a restarted simulation, a stepped system clock), and remembers it until `reset`. */
export class ClockGuard {
  #lastNs: bigint | null = null;
  #jumped = false;

  /** Whether the clock has gone backwards since the last reset. */
  get jumped(): boolean {
    return this.#jumped;
  }

  /** Records the time. @returns whether it went backwards since the last call */
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
