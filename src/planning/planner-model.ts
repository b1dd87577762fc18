import type { ActionSpec, HistorySpec, LatentSpec } from '../core/model-spec.js';
import type { Predictor } from '../core/ports.js';

/** What a planner needs to know of a model: what goes in and what comes out, not how it is rolled out. */
export interface PlannerModel {
  readonly latent: LatentSpec;
  readonly history: HistorySpec;
  readonly action: ActionSpec;
}

/** What rolling out on the host needs besides. */
export interface RolloutModel extends PlannerModel {
  readonly predictor: Predictor;
}
