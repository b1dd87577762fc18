import { at } from '../../core/array-access.js';
import { hasNode, type ParsedExpression } from '../../core/expression.js';
import type { ActionSpec, LatentStream } from '../../core/model-spec.js';
import type { ObjectiveSpec } from '../../core/objective-spec.js';
import type { Objective } from '../../core/ports.js';
import type { Tensor } from '../../core/types.js';
import { compileExpression } from '../expression/compile-expression.js';
import { createObjective } from './distances.js';

/** One predictor step of N rolled out candidates. */
export interface PredictedStep {
  /** t, 1 … H */
  readonly step: number;
  /** H */
  readonly horizon: number;
  /** Predicted latents `[N, T, D]`. */
  readonly latents: Tensor;
  /** Goal latent `[1, T, D]`. */
  readonly goal: Tensor;
  /** Raw actions `[N, K, J]`. */
  readonly actions: Float32Array;
  /** Foreseen joint positions at the end of each of them `[N, K, J]`, null if nothing needs them or they are not known. */
  readonly positions: Float32Array | null;
}

/** @returns the cost of each candidate at that step, `[N]`; overwritten by the next call */
export type StepCost = (step: PredictedStep) => Promise<Float32Array>;

/**
 * The distance of an objective, or the expression that replaces it.
 *
 * @param temporalDistance the model's own distance, null when it has none
 * @throws JepaMpcError `model.unsupported` when a temporal distance is needed and there is none
 */
export function createStepCost(
  { metric, expression, streams }: ObjectiveSpec,
  temporalDistance: Objective | null,
  action: ActionSpec,
): StepCost {
  if (expression !== null) return expressionCost(expression, temporalDistance, action, streams);
  const distance = createObjective(metric, temporalDistance, streams);
  return ({ latents, goal }) => distance.distance(latents, goal);
}

function expressionCost(
  { root }: ParsedExpression,
  temporalDistance: Objective | null,
  action: ActionSpec,
  streams: readonly LatentStream[] | undefined,
): StepCost {
  const names = (to: 'goal_distance' | 'latent_distance'): boolean =>
    hasNode(root, (node) => node.kind === 'distance' && node.to === to);
  const goalObjective = names('goal_distance')
    ? createObjective('temporal_distance', temporalDistance)
    : null;
  const latentObjective = names('latent_distance')
    ? createObjective('squared_latent_distance', temporalDistance, streams)
    : null;
  const compute = compileExpression(root, { joints: action.names.length, block: action.block });
  return async ({ step, horizon, latents, goal, actions, positions }) => {
    return compute({
      candidates: at(latents.shape, 0),
      step,
      horizon,
      goalDistance: (await goalObjective?.distance(latents, goal)) ?? null,
      latentDistance: (await latentObjective?.distance(latents, goal)) ?? null,
      actions,
      positions,
    });
  };
}
