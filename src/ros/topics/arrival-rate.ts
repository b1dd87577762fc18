const windowLength = 20;

/** Rate of something that arrives, over the last twenty times, and the time since the last; by the wall clock. */
export class ArrivalRate {
  #arrivalsMs: number[] = [];

  note(nowMs: number): void {
    this.#arrivalsMs.push(nowMs);
    if (this.#arrivalsMs.length > windowLength) this.#arrivalsMs.shift();
  }

  reset(): void {
    this.#arrivalsMs = [];
  }

  /** Times a second; 0 before the second one. */
  get hz(): number {
    const first = this.#arrivalsMs[0];
    const last = this.#arrivalsMs.at(-1);
    if (first === undefined || last === undefined || last <= first) return 0;
    return (1000 * (this.#arrivalsMs.length - 1)) / (last - first);
  }

  /** Since the last one, ms; null before the first. */
  ageMs(nowMs: number): number | null {
    const last = this.#arrivalsMs.at(-1);
    return last === undefined ? null : nowMs - last;
  }
}
