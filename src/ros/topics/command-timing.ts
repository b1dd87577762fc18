import { RollingSample } from '../../math/rolling-sample.js';

/** Commands that percentiles are over: a minute of them at 50 Hz. */
const kept = 3000;

/** How steadily commands go out: by the time at which they are published, in simulated time by their stamps. */
export class CommandTiming {
  readonly #errorsMs = new RollingSample(kept);
  #lastMs: number | null = null;
  #count = 0;
  /** Index of the newest command's period, on a schedule without drift that begins with the first command. */
  #period = 0;
  /** When that schedule begins. No command goes out before its time, so the earliest one fixes it. */
  #startMs = Infinity;

  /** Starts over, with an activation. */
  reset(): void {
    this.#errorsMs.reset();
    this.#lastMs = null;
    this.#count = 0;
    this.#period = 0;
    this.#startMs = Infinity;
  }

  /** A command has gone out. */
  note(nowMs: number, periodMs: number): void {
    const lastMs = this.#lastMs;
    this.#lastMs = nowMs;
    this.#count += 1;
    if (lastMs !== null) {
      this.#errorsMs.note(Math.abs(nowMs - lastMs - periodMs));
      this.#period = Math.max(this.#period + 1, Math.floor((nowMs - this.#startMs) / periodMs));
    }
    this.#startMs = Math.min(this.#startMs, nowMs - this.#period * periodMs);
  }

  /** Commands since the activation. */
  get count(): number {
    return this.#count;
  }

  /** Periods since the activation in which none went out. One that is late, but still goes out in its period, is not missed. */
  get missed(): number {
    return this.#count === 0 ? 0 : this.#period + 1 - this.#count;
  }

  /** Difference between the time from one command to the next and the period, ms. @param fraction of them that differ by less */
  periodErrorMs(fraction: number): number {
    return this.#errorsMs.percentile(fraction);
  }
}
