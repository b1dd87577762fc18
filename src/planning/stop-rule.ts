import type { ResolvedOptions } from './resolve-options.js';

/**
 * When a plan stops refining: after its iterations, when the elites agree, or when the time budget has no room for another iteration,
 * taken to be as long as the longest so far. The first iteration always runs.
 */
export class StopRule {
  readonly #options: Pick<ResolvedOptions, 'iterations' | 'earlyStopStd' | 'timeBudget'>;
  /** Iterations finished. */
  #iterations = 0;
  #startMs = 0;
  #lastMs = 0;
  #longestMs = 0;

  constructor(options: Pick<ResolvedOptions, 'iterations' | 'earlyStopStd' | 'timeBudget'>) {
    this.#options = options;
  }

  get iterations(): number {
    return this.#iterations;
  }

  start(): void {
    this.#iterations = 0;
    this.#longestMs = 0;
    this.#startMs = this.#nowMs();
    this.#lastMs = this.#startMs;
  }

  noteIteration(): void {
    const nowMs = this.#nowMs();
    this.#iterations++;
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  /** @param elitesStd largest deviation of the elites, as a fraction of half the range */
  goesOn(elitesStd: number): boolean {
    const { iterations, earlyStopStd } = this.#options;
    return this.#iterations < iterations && !(elitesStd < earlyStopStd) && this.hasTime();
  }

  /** Whether something as long as the longest iteration would still end inside the budget. */
  hasTime(): boolean {
    const budgetMs = this.#options.timeBudget?.ms ?? Infinity;
    return this.#nowMs() - this.#startMs + this.#longestMs <= budgetMs;
  }

  #nowMs(): number {
    return this.#options.timeBudget?.nowMs() ?? 0;
  }
}
