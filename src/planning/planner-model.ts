import type { ActionSpec, HistorySpec, LatentSpec } from '../core/model-spec.js';
import type { Predictor } from '../core/ports.js';

/** What planning needs of a model. */
export interface PlannerModel {
  readonly predictor: Predictor;
  readonly latent: LatentSpec;
  readonly history: HistorySpec;
  readonly action: ActionSpec;
}
