import { RollingSample } from '../math/rolling-sample.js';

/** Commands that the figures are about: a minute of them at 50 Hz. */
const kept = 3000;

/** How steadily commands go out, in wall-clock time. */
export class CommandTiming {
  readonly #errorsMs = new RollingSample(kept);
  #lastMs: number | null = null;
  #missed = 0;
  #count = 0;

  /** Begins anew, with an activation. */
  reset(): void {
    this.#errorsMs.reset();
    this.#lastMs = null;
    this.#missed = 0;
    this.#count = 0;
  }

  /** A command has gone out. */
  note(nowMs: number, periodMs: number): void {
    const lastMs = this.#lastMs;
    this.#lastMs = nowMs;
    this.#count += 1;
    if (lastMs === null) return;
    const gapMs = nowMs - lastMs;
    this.#errorsMs.note(Math.abs(gapMs - periodMs));
    this.#missed += Math.max(0, Math.round(gapMs / periodMs) - 1);
  }

  /** Commands since the activation. */
  get count(): number {
    return this.#count;
  }

  /** Whole periods since the activation in which none went out. */
  get missed(): number {
    return this.#missed;
  }

  /** By how much the time between two differs from the period, ms. @param fraction of them that differ by less */
  periodErrorMs(fraction: number): number {
    return this.#errorsMs.percentile(fraction);
  }
}
