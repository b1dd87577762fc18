/** Periods made up for at once, at most. A clock that comes less often than that cannot steer a robot: the rest is left out. */
const MOST_AT_ONCE = 5;

/**
 * The ticks of a clock that moves in steps of its own, such as `/clock`: one for each whole period that has passed, on a grid without drift,
 * whatever the steps. A clock at 60 or 30 Hz gives as many periods of 20 ms in a second as one at 50 Hz.
 */
export class TickGrid {
  readonly #periodNs: bigint;
  #lastTickNs: bigint | null = null;

  /** @param periodNs above 0 */
  constructor(periodNs: bigint) {
    this.#periodNs = periodNs;
  }

  /**
   * The times of the ticks that are due, oldest first: none, one or several. The first time ever is a tick. A clock that went back is handed
   * on as a tick, for the watchdog to see, and the grid begins anew with it; so it does after a step of more than five periods.
   */
  due(nowNs: bigint): readonly bigint[] {
    const lastNs = this.#lastTickNs;
    if (lastNs === null || nowNs < lastNs) return this.#beginAt(nowNs);
    const passed = (nowNs - lastNs) / this.#periodNs;
    if (passed > MOST_AT_ONCE) return this.#beginAt(nowNs);
    const ticks = Array.from(
      { length: Number(passed) },
      (_, tick) => lastNs + BigInt(tick + 1) * this.#periodNs,
    );
    this.#lastTickNs = ticks.at(-1) ?? lastNs;
    return ticks;
  }

  #beginAt(nowNs: bigint): readonly bigint[] {
    this.#lastTickNs = nowNs;
    return [nowNs];
  }
}
