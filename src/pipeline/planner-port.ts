import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { Plan } from '../core/types.js';
import type { Parameters } from '../params/schema.js';

/** What the planner is started with. Changing any of it takes a new planner. */
export interface PlannerSettings {
  readonly modelFolder: string;
  readonly device: Parameters['device'];
  readonly threads: number;
  readonly seed: number;
}

/** What may change between plans. Zero (or -1 for the action penalty) takes the model's own default. */
export interface PlannerTuning {
  readonly planner: string;
  readonly objective: string;
  readonly objectiveSteps: string;
  readonly samples: number;
  readonly iterations: number;
  readonly elites: number;
  readonly horizon: number;
  readonly initialStd: number;
  readonly minStd: number;
  readonly actionPenalty: number;
}

/** One planning job. */
export interface PlanRequest {
  /** Plans since the last reset; with the seed it fixes the noise. */
  readonly planIndex: number;
  /** Frames of the history window, oldest first, one predictor step apart, repeated where there is none yet. */
  readonly history: readonly FrameSet[];
  readonly goal: FrameSet;
  /** Raw actions `[committed, J]` that are decided already. */
  readonly committed: Float32Array;
  readonly tuning: PlannerTuning;
}

/**
 * The planner as the pipeline sees it: asynchronous, one job at a time. Both promises reject with a JepaMpcError; after
 * `planner.worker-died` the port is unusable until `load` is called again.
 */
export interface PlannerPort {
  load(settings: PlannerSettings): Promise<ModelInfo>;
  plan(request: PlanRequest): Promise<Plan>;
  /** Ends the planner at once, a running job included. */
  dispose(): Promise<void>;
}
