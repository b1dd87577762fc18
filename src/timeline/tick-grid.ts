/** Maximum number of ticks at once. A clock that updates less often cannot steer a robot, so further ticks are skipped. */
const MAX_TICKS_AT_ONCE = 5;

/**
 * The ticks of a clock that advances in steps of its own, such as `/clock`: one for each whole period that has passed, on a grid without drift,
 * whatever the steps. A clock at 60 or 30 Hz has as many periods of 20 ms per second as one at 50 Hz.
 */
export class TickGrid {
  readonly #periodNs: bigint;
  #lastTickNs: bigint | null = null;

  /** @param periodNs above 0 */
  constructor(periodNs: bigint) {
    this.#periodNs = periodNs;
  }

  /**
   * The times of the ticks that are due, oldest first: none, one or several. The first call is a tick. So is a clock that went back, so that
   * the watchdog sees it; the grid then begins again from that time. It also begins again after a step of more than five periods.
   */
  due(nowNs: bigint): readonly bigint[] {
    const lastNs = this.#lastTickNs;
    if (lastNs === null || nowNs < lastNs) return this.#beginAt(nowNs);
    const passed = (nowNs - lastNs) / this.#periodNs;
    if (passed > MAX_TICKS_AT_ONCE) return this.#beginAt(nowNs);
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
