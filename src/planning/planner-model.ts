import type { ActionSpec, HistorySpec, LatentSpec } from '../core/model-spec.js';
import type { Predictor } from '../core/ports.js';

/** The part of a model that planners depend on: its inputs and outputs, not how it is rolled out. */
export interface PlannerModel {
  readonly latent: LatentSpec;
  readonly history: HistorySpec;
  readonly action: ActionSpec;
}

/** With what a rollout on the host needs in addition. */
export interface RolloutModel extends PlannerModel {
  readonly predictor: Predictor;
}
