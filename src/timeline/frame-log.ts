import type { FrameSet } from '../core/model-info.js';
import { msToNs } from '../core/time.js';

/**
 * The most recent frames, from which a plan takes those that are one predictor step apart. Stamps increase: the caller adds only frames whose
 * stamps were accepted.
 */
export class FrameLog {
  readonly #window: number;
  readonly #stepNs: bigint;
  #sets: FrameSet[] = [];

  /**
   * @param window number of frames that a plan takes, at least 1
   * @param stepMs time between two of them, above 0
   */
  constructor(window: number, stepMs: number) {
    this.#window = window;
    this.#stepNs = msToNs(stepMs);
  }

  /** The newest frame set, or null. */
  get newest(): FrameSet | null {
    return this.#sets.at(-1) ?? null;
  }

  clear(): void {
    this.#sets = [];
  }

  /** Adds a frame set, and forgets those that are too old for any window. */
  add(set: FrameSet): void {
    this.#sets.push(set);
    const spanNs = this.#stepNs * BigInt(this.#window - 1) + this.#stepNs / 2n;
    while (this.#sets[0] !== undefined && set.stampNs - this.#sets[0].stampNs > spanNs) this.#sets.shift();
  }

  /**
   * The frame sets nearest to `newest, newest - step, …`, oldest first, always `window` of them. While there is no history, the oldest frame is
   * repeated (warm-up `repeat` of the manifest).
   *
   * @returns null when there is no frame
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
