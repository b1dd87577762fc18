/** Share of the planned velocities at the beginning. */
const FIRST_SHARE = 0.1;

/** Lets the speed rise from a tenth to all of what is planned, from the first tick that follows a plan. */
export class SoftStart {
  readonly #riseS: () => number;
  readonly #periodS: number;
  #elapsedS = Infinity;

  /**
   * @param riseS how long the speed rises, s, at least 0; read with each tick
   * @param periodS of ticks
   */
  constructor(riseS: () => number, periodS: number) {
    this.#riseS = riseS;
    this.#periodS = periodS;
  }

  begin(): void {
    this.#elapsedS = 0;
  }

  /** The share of this tick, 0.1 to 1. */
  advance(): number {
    const riseS = this.#riseS();
    if (this.#elapsedS >= riseS) return 1;
    const share = FIRST_SHARE + (1 - FIRST_SHARE) * (this.#elapsedS / riseS);
    this.#elapsedS += this.#periodS;
    return share;
  }
}
