import type { ActionSpec, LatentSpec, LatentStream, ProprioceptionField, WantedImage } from './model-spec.js';
import type { DistanceMetric, StepAggregation } from './objective-spec.js';
import type { ImageFrame } from './types.js';

/** What completes the values of the parameters, and what they have to fit. */
export interface PlanningFacts {
  readonly action: ActionSpec;
  readonly objective: { readonly default: DistanceMetric; readonly steps: StepAggregation };
  /** Parts of a latent that count in the cost; absent: all of it. */
  readonly streams?: readonly LatentStream[];
  /** Whether the model has a learned distance of its own. */
  readonly hasTemporalDistance: boolean;
  /** Whether it proposes actions from a latent to a goal. */
  readonly hasInverseDynamics: boolean;
  /** Standard deviations are fractions of half the action range; the penalty is in the unit of the model's own objective. */
  readonly plannerDefaults: {
    readonly samples: number;
    readonly iterations: number;
    readonly elites: number;
    readonly horizon: number;
    readonly initialStd: number;
    readonly minStd: number;
    /** Absent: 1. */
    readonly actionRepeat?: number | undefined;
    /** Absent: the planner's own. */
    readonly momentum?: number | undefined;
    readonly actionPenalty: number;
    /** In the unit of the model's own objective; absent: 0. */
    readonly restMargin?: number | undefined;
    /** Likewise. */
    readonly proposalMargin?: number | undefined;
  };
}

/** A camera of a model, as the node needs to know it before a frame is encoded. */
export interface ModelCamera {
  readonly name: string;
  /** Relative ROS topic. */
  readonly topic: string;
  readonly wanted: WantedImage;
}

/** What the command side of the node needs to know of a loaded model; the rest stays with the planner. */
export interface ModelInfo {
  readonly name: string;
  /** SHA-256 of the manifest, which itself holds the hashes of the graphs. */
  readonly sha256: string;
  /** Device that the sessions really run on. */
  readonly device: string;
  /** Cameras in the order of the encoder's inputs. */
  readonly cameras: readonly ModelCamera[];
  /** Joints acted on, in the order of an action. */
  readonly joints: readonly string[];
  readonly periodMs: number;
  /** Raw actions in one predictor step. */
  readonly block: number;
  /** Frames of history that a plan starts from, one step apart. */
  readonly window: number;
  readonly latent: LatentSpec;
  /** How goals are given, besides as latents. */
  readonly goalKind: 'image' | 'state';
  /** The proprioception that the encoder takes besides images; empty: none. */
  readonly proprioception: readonly ProprioceptionField[];
  readonly planning: PlanningFacts;
}

/** Positions of joints by name, rad or m. */
export type JointPositions = Readonly<Record<string, number>>;

/** Frames of all cameras that belong together, in the order of {@link ModelInfo.cameras}. */
export interface FrameSet {
  /** Stamp of the oldest of them. */
  readonly stampNs: bigint;
  readonly frames: readonly ImageFrame[];
  /** Raw proprioception `[P]` at that time, if the model takes it. Of a goal: of a robot at rest, if its joint positions are known. */
  readonly proprioception?: Float64Array;
  /** Joint positions of a goal by name, rad or m, where they were measured when its images were taken. */
  readonly joints?: JointPositions;
  /** `[N, D]` of a goal that is given as such; there are no images then. */
  readonly latent?: Float32Array;
}
