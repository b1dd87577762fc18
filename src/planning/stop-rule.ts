import { double, dynamic, type ValuesOf } from '../core/parameter.js';

export const timeBudgetParameters = {
  'planning.time_budget_ms': dynamic(
    double({ min: 0, max: 10000, default: 0 }),
    'ms',
    'Maximum duration of the iterations of a plan: the best result so far is the plan. 0: no limit. With a limit the same seed need not give the same plan.',
  ),
};

export type TimeBudgetValues = ValuesOf<typeof timeBudgetParameters>;

/** The settings that end a plan. */
export interface StopSettings {
  /** Refinements of the sampling distribution in each plan, at least 1. */
  readonly iterations: number;
  /** Planners that narrow their distribution stop when every standard deviation of the elites is below this; 0: never. */
  readonly earlyStopStd: number;
  readonly timeBudget?: TimeBudget;
}

/** How one plan's sampling is limited in time. A plan under a limit depends on the clock, not on the seed alone. */
export interface TimeBudget {
  /** Above 0. */
  readonly ms: number;
  /** Any monotonic clock, in ms. */
  readonly nowMs: () => number;
}

/** How a plan under a time budget ended, for one that is made again. */
export interface RecordedStop {
  readonly iterations: number;
  /** Whether the budget had no room for more when the plan was finished. */
  readonly timeIsUp: boolean;
}

/**
 * A clock for the time budget of one plan by which it stops where a recorded one did, whatever the time: it stands still, and jumps once the
 * iterations are over. A {@link StopRule} reads it at the start, after each iteration, and before the next one.
 */
export function replayedClock({ iterations, timeIsUp }: RecordedStop): () => number {
  let reads = 0;
  return () => {
    reads += 1;
    return timeIsUp && reads > 2 * iterations ? Infinity : 0;
  };
}

/**
 * When a plan stops refining: after its iterations, when the elites agree, or when the time budget has no room for another iteration,
 * taken to be as long as the longest so far. The first iteration always runs.
 */
export class StopRule {
  readonly #settings: StopSettings;
  /** Iterations finished. */
  #iterations = 0;
  #startMs = 0;
  #lastMs = 0;
  #longestMs = 0;

  constructor(settings: StopSettings) {
    this.#settings = settings;
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

  /** @param elitesStd maximum standard deviation of the elites, as a fraction of half the range */
  goesOn(elitesStd: number): boolean {
    const { iterations, earlyStopStd } = this.#settings;
    return this.#iterations < iterations && !(elitesStd < earlyStopStd) && this.hasTime();
  }

  /** Whether something as long as the longest iteration would still end inside the budget. */
  hasTime(): boolean {
    const budgetMs = this.#settings.timeBudget?.ms ?? Infinity;
    return this.#nowMs() - this.#startMs + this.#longestMs <= budgetMs;
  }

  #nowMs(): number {
    return this.#settings.timeBudget?.nowMs() ?? 0;
  }
}
