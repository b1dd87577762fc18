import type { FrameSet } from '../core/model-info.js';

/**
 * The frames of the last moments, so that a plan can be given those that lie one predictor step apart. Stamps increase: who adds has judged
 * them.
 */
export class FrameLog {
  readonly #window: number;
  readonly #stepNs: bigint;
  #sets: FrameSet[] = [];

  /** @param window frames of a plan @param stepMs time between two of them */
  constructor(window: number, stepMs: number) {
    this.#window = window;
    this.#stepNs = BigInt(Math.round(stepMs * 1e6));
  }

  /** Newest frame set held, or null. */
  get newest(): FrameSet | null {
    return this.#sets.at(-1) ?? null;
  }

  clear(): void {
    this.#sets = [];
  }

  /** Adds a frame set, and forgets those that no window can ask for any more. */
  add(set: FrameSet): void {
    this.#sets.push(set);
    const spanNs = this.#stepNs * BigInt(this.#window - 1) + this.#stepNs / 2n;
    while (this.#sets[0] !== undefined && set.stampNs - this.#sets[0].stampNs > spanNs) this.#sets.shift();
  }

  /**
   * The frame sets nearest to `newest, newest - step, …`, oldest first, always `window` of them: while there is no history yet, the oldest
   * frame stands in (warm-up "repeat" of the manifest).
   */
  select(): readonly FrameSet[] | null {
    const newest = this.#sets.at(-1);
    if (newest === undefined) return null;
    const selected: FrameSet[] = [];
    for (let back = this.#window - 1; back >= 0; back--) {
      const wantedNs = newest.stampNs - this.#stepNs * BigInt(back);
      selected.push(this.#nearest(wantedNs, newest));
    }
    return selected;
  }

  #nearest(wantedNs: bigint, fallback: FrameSet): FrameSet {
    let best = fallback;
    let bestDistance = distance(fallback.stampNs, wantedNs);
    for (const set of this.#sets) {
      const candidate = distance(set.stampNs, wantedNs);
      if (candidate < bestDistance) {
        best = set;
        bestDistance = candidate;
      }
    }
    return best;
  }
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b;
}
