import type { IterationTrace } from './iteration-trace.js';

/** One number for all joints, or one for each. */
export type PerJoint = number | readonly number[];

/** How one plan's sampling is limited in time. A plan under a limit depends on the clock, not on the seed alone. */
export interface TimeBudget {
  /** Above 0. */
  readonly ms: number;
  /** Any monotonic clock, in ms. */
  readonly nowMs: () => number;
}

/**
 * What is handed out: the mean of the last refit, which no one has scored; the cheapest sequence seen; or the mean if scoring it
 * shows it no dearer than every earlier mean, else the cheapest sequence seen.
 */
export type Returned = 'mean' | 'checked_mean' | 'best';

/** Settings of a planner. What may be left out has a neutral value, or the planner's own. Deviations are in halves of a joint's range. */
export interface PlannerOptions {
  /** Candidate action sequences an iteration (N), at least 1. */
  readonly samples: number;
  /** Refinements of the sampling distribution a plan, at least 1. */
  readonly iterations: number;
  /** Best candidates that the distribution is refitted to, 1 to `samples`. */
  readonly elites: number;
  /** Predictor steps looked ahead (H), at least 1. */
  readonly horizon: number;
  /** First deviation of each raw action, above 0. */
  readonly initialStd: PerJoint;
  /** Least deviation, 0 to `initialStd`. */
  readonly minStd: PerJoint;
  /** Share of the old mean and deviation that a refit keeps, 0 to below 1; the planner's own unless given. */
  readonly momentum?: number;
  /** Exponent of the noise's spectrum, 0 (white) to 10; the planner's own unless given. See `ColouredNoise`. */
  readonly noiseBeta?: number;
  /** Share of the candidates drawn with the first deviation instead of the refitted one, 0 to 1; 0 unless given. */
  readonly wideShare?: number;
  /** Raw periods that each sampled action is held for (zero-order hold), at least 1; 1 unless given. */
  readonly actionRepeat?: number;
  /**
   * Ball that the free joints of one period stay in, measured from rest in halves of each joint's range, radius 1; none unless given.
   * The box of the action bounds holds always.
   */
  readonly ball?: 'none' | 'l1' | 'l2';
  /** For each joint the raw action that it is held at, inside its bounds, or null for one that is planned; none unless given. */
  readonly frozen?: readonly (number | null)[];
  /**
   * Candidates of each iteration that are not sampled, in this order from the front: the mean (the published planners, and what
   * compares with them), or also the best sequence so far and resting (unless told otherwise), so that an iteration cannot lose
   * what is known and a robot at its goal finds that it may stay.
   */
  readonly keep?: 'mean' | 'mean_best_rest';
  /** The planner's own unless given. */
  readonly returned?: Returned;
  /** Planners that narrow their distribution stop when all deviations of the elites are below this; 0 (never) unless given. */
  readonly earlyStopStd?: number;
  /** None unless given. */
  readonly timeBudget?: TimeBudget;
  /** Called after each refit. */
  readonly onIteration?: (trace: IterationTrace) => void;
  /** MPPI: cost difference at which a weight falls by e, in the unit of the objective, above 0. */
  readonly temperature?: number;
  /** iCEM: each iteration has this many times fewer samples than the one before, at least 1. */
  readonly shrink?: number;
  /** iCEM: elites that the next iteration and the next plan take over, at least 0; no more than there are. */
  readonly keptElites?: number;
}
