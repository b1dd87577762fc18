import type { ParsedExpression } from './expression.js';
import type { LatentStream } from './model-spec.js';
import type { JointSituation } from './ports.js';
import { marginWithin } from './joint-positions.js';

/**
 * How far a predicted latent is from the goal's. `temporal_distance` is the model's own learned distance, in predictor steps; the others
 * compare the latents `[N, D]` themselves and are defined in docs/objectives.md.
 */
export type DistanceMetric = (typeof DISTANCE_METRICS)[number];
export const DISTANCE_METRICS = [
  'temporal_distance',
  'squared_latent_distance',
  'l1',
  'cosine',
  'smooth_l1',
] as const;

/** Which predicted latents count: the last one, all alike, or all with a weight that doubles from step to step (as DINO-WM). */
export type StepAggregation = (typeof STEP_AGGREGATIONS)[number];
export const STEP_AGGREGATIONS = ['last', 'all', 'weighted'] as const;

/** Weights of the terms besides the distance, each at least 0; 0 leaves a term out. */
export interface ObjectiveWeights {
  /** Of the mean of `(raw action / larger bound)²`. */
  readonly action: number;
  /** Of the mean of `((raw action - the one before) / half range)²`. */
  readonly smoothness: number;
  /** Of the mean over periods of the squared way [rad² or m²] that joints come into the margin of their position limits. */
  readonly limit: number;
  /** That margin of joints that turn, rad, at least 0; see {@link limitMarginOf}. */
  readonly limitMargin: number;
  /** That margin of joints that slide, m, at least 0. */
  readonly limitMarginM: number;
}

/** The margin inside the position limits of one joint, in its unit: at most a tenth of its range. */
export function limitMarginOf(
  { limitMargin, limitMarginM }: Pick<ObjectiveWeights, 'limitMargin' | 'limitMarginM'>,
  { lower, upper, units }: Pick<JointSituation, 'lower' | 'upper' | 'units'>,
  joint: number,
): number {
  const margin = units?.[joint] === 'm' ? limitMarginM : limitMargin;
  return marginWithin(lower[joint] ?? -Infinity, upper[joint] ?? Infinity, margin);
}

/**
 * What plans are judged by, as plain data: the planner computes it step by step (rollout/candidate-evaluator.ts), the graph compiler
 * writes it as nodes (packages/rollout-compiler/src/nodes/objective-nodes.ts).
 */
export interface ObjectiveSpec {
  readonly metric: DistanceMetric;
  readonly steps: StepAggregation;
  /** Takes the place of the distance (which it can name itself) when there is one. */
  readonly expression: ParsedExpression | null;
  /** Parts that latents are compared by, whose distances add up by weight; absent: as a whole. */
  readonly streams?: readonly LatentStream[];
  readonly weights: ObjectiveWeights;
}

/** Least product of lengths that the cosine distance divides by. */
export const COSINE_EPSILON = 1e-8;

/** Weight of each predictor step, `[H]`, first step first; their sum is 1. */
export function stepWeights(steps: StepAggregation, horizon: number): Float64Array {
  const weights = Float64Array.from({ length: horizon }, (_, index) => {
    if (steps === 'last') return index === horizon - 1 ? 1 : 0;
    return steps === 'all' ? 1 : 2 ** (index - horizon + 1);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
