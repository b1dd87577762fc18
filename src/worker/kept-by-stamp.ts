/** Maximum number of entries: four seconds of a camera at 30 Hz, if the window is longer. */
const limit = 128;

/**
 * A cache by the stamps of frames that later plans may request again. The worker caches latents; its client records of which frames the worker has
 * latents. Both call the same methods in the same order for each plan, so that they agree.
 */
export class KeptByStamp<Value> {
  #kept = new Map<bigint, Value>();

  get size(): number {
    return this.#kept.size;
  }

  has(stampNs: bigint): boolean {
    return this.#kept.has(stampNs);
  }

  get(stampNs: bigint): Value | undefined {
    return this.#kept.get(stampNs);
  }

  /**
   * Before a plan: forgets what it and later plans cannot request. That includes entries newer than its newest frame: the clock went back, and
   * the same stamps will come again with other frames.
   */
  forgetOutside(oldestNs: bigint, newestNs: bigint): void {
    for (const stampNs of this.#kept.keys())
      if (stampNs < oldestNs || stampNs > newestNs) this.#kept.delete(stampNs);
  }

  /** After a plan. The oldest entries are dropped if there are too many. */
  keep(entries: ReadonlyMap<bigint, Value>): void {
    for (const [stampNs, value] of entries) this.#kept.set(stampNs, value);
    for (const stampNs of this.#kept.keys()) {
      if (this.#kept.size <= limit) return;
      this.#kept.delete(stampNs);
    }
  }

  clear(): void {
    this.#kept.clear();
  }
}
