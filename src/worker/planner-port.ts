import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { JointSituation } from '../core/ports.js';
import type { Plan } from '../core/types.js';
import { choice, double, dynamic, fixed, integer, text, type ValuesOf } from '../core/parameter.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import type { RecordedStop } from '../planning/stop-rule.js';

/** Parameters that a planner is started with. */
export const loadParameters = {
  model: fixed(
    text(),
    '',
    'Folder of the model: manifest.json, encoder.onnx, predictor.onnx and further graphs.',
  ),
  device: fixed(
    choice(['auto', 'cpu', 'cuda', 'tensorrt', 'webgpu'], 'auto'),
    '',
    'Device that the model runs on. auto takes the one that plans fastest (docs/gpu.md).',
  ),
  seed: fixed(
    integer({ min: 0, max: 2147483647, default: 1 }),
    '1',
    'Seed of the sampling noise. The same seed and the same inputs give the same plan.',
  ),
  'onnx.threads': fixed(
    integer({ min: 1, max: 64, default: 1 }),
    '1',
    'Threads that ONNX Runtime may use for one operator.',
  ),
  'planning.load_timeout_s': fixed(
    double({ min: 1, max: 3600, default: 120 }),
    's',
    'A model that takes longer to load counts as one that cannot be loaded. A plan that needs something compiled first may take as much longer.',
  ),
};

/** What the planner is started with. Any change takes a new planner, except for `warmUp`, which says only where it begins. */
export interface PlannerSettings {
  readonly parameters: ValuesOf<typeof loadParameters>;
  /** Values to compile for, and to make a first plan with, before the planner counts as loaded; null: neither. */
  readonly warmUp: PlanningValues | null;
}

/** Data of a plan for people to look at. It costs time, so it is requested only while it has subscribers. */
export interface PlanExtras {
  /** Maximum number of candidates to show; 0: none. */
  readonly candidates: number;
  /** The terms of the cost: one more run of the model. */
  readonly costTerms: boolean;
  /** The latent of the newest frame; absent: not requested. */
  readonly latent?: boolean;
}

export const NO_EXTRAS: PlanExtras = { candidates: 0, costTerms: false };

/** What makes a heat map of the distance to a goal. */
export const explanationParameters = {
  'explain.patches': dynamic(
    integer({ min: 2, max: 64, default: 16 }),
    '1',
    'Patches along the longer side of an image that ~/explain_distance hides, one after the other: more of them show more detail and take longer.',
  ),
};

/** A question: what makes this frame differ from this goal? */
export interface ExplanationRequest {
  readonly frame: FrameSet;
  readonly goal: FrameSet;
  /** The metric of the distance is that of the objective. */
  readonly values: PlanningValues;
  /** Along the longer side of an image, at least 1. */
  readonly patches: number;
}

/** How much each part of a frame contributes to its distance to a goal. */
export interface DistanceMap {
  readonly stampNs: bigint;
  /** From the whole frame. */
  readonly distance: number;
  /** That of the patch that contributes most, or takes most away. */
  readonly largest: number;
  readonly cameras: readonly {
    /** Those of the frame. */
    readonly width: number;
    readonly height: number;
    /**
     * `[height * width]`: by how much the distance falls when the patch around the pixel is hidden; below 0 where it rises, and 0 where the model
     * does not look.
     */
    readonly contributions: Float32Array;
  }[];
}

/** One planning job. */
export interface PlanRequest {
  /** Index of the plan since the last reset; with the seed it determines the noise. */
  readonly planIndex: number;
  /** Frames of the history window, oldest first, one predictor step apart; the first is repeated while there are too few. */
  readonly history: readonly FrameSet[];
  readonly goal: FrameSet;
  /** Raw actions `[committed, J]` that the plan cannot change any more. */
  readonly committed: Float32Array;
  /** Where the joints were when the newest frame was taken, and their limits. */
  readonly joints: JointSituation;
  readonly values: PlanningValues;
  readonly extras: PlanExtras;
  /** How the time budget ended the plan, if it is one that is made again from a recording. */
  readonly replayed?: RecordedStop;
}

/**
 * The planner as the control loop sees it: asynchronous, one job at a time. Both promises reject with a JepaMpcError; after
 * `planner.worker-died` the port is unusable until `load` is called again.
 */
export interface PlannerPort {
  load(settings: PlannerSettings): Promise<ModelInfo>;
  plan(request: PlanRequest): Promise<Plan>;
  /** Whether a plan with these values, requested now, may have to wait until something is compiled. */
  mayCompile(values: PlanningValues): boolean;
  /** Ends the planner at once, a running job included. */
  dispose(): Promise<void>;
}

/** A planner that also says what makes a frame differ from a goal. */
export interface ExplainingPlanner extends PlannerPort {
  /**
   * Made in pieces, one between two plans at most, so that no plan waits for more than one piece.
   *
   * @throws JepaMpcError `planner.not-ready` while another one is being made, `planner.worker-died`, and as `plan` for a frame or goal that
   *   cannot be used
   */
  explain(request: ExplanationRequest): Promise<DistanceMap>;
}
