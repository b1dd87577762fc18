/**
 * Exact savings of the compiler. The costs are the same with and without each, but for rounding: they can be left out to measure what
 * they bring (bench/README.md).
 */
export interface Savings {
  /** Of the last layers only what the newest frame needs is computed, not a whole window to throw most of away. */
  readonly lastFrameOnly: boolean;
  /** What all candidates share is computed for one of them. */
  readonly sharedOnce: boolean;
  /** Work on frames and actions that steps have in common (embeddings, keys, values, …) is done in the first of them. */
  readonly keptBetweenSteps: boolean;
}

export const ALL_SAVINGS: Savings = { lastFrameOnly: true, sharedOnce: true, keptBetweenSteps: true };
