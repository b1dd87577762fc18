const windowLength = 20;

/** How often plans arrive, over the last twenty of them, in wall-clock time. */
export class PlanRate {
  #arrivalsMs: number[] = [];

  note(nowMs: number): void {
    this.#arrivalsMs.push(nowMs);
    if (this.#arrivalsMs.length > windowLength) this.#arrivalsMs.shift();
  }

  reset(): void {
    this.#arrivalsMs = [];
  }

  /** Plans a second; 0 before the second plan. */
  get hz(): number {
    const first = this.#arrivalsMs[0];
    const last = this.#arrivalsMs.at(-1);
    if (first === undefined || last === undefined || last <= first) return 0;
    return (1000 * (this.#arrivalsMs.length - 1)) / (last - first);
  }
}
