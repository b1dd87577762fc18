import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { JointSituation } from '../core/ports.js';
import type { Plan } from '../core/types.js';
import type { Parameters } from '../params/schema.js';

/** What the planner is started with. Changing any of it takes a new planner, except for `warmUp`, which is only where it begins. */
export interface PlannerSettings {
  readonly modelFolder: string;
  readonly device: Parameters['device'];
  readonly threads: number;
  readonly seed: number;
  /** Tuning to compile for, and to make a first plan with, before the planner counts as loaded; null: not. */
  readonly warmUp: PlannerTuning | null;
  /** Longest time that loading may take, warming up included. */
  readonly loadTimeoutMs: number;
}

/** What may change between plans. Zero (or -1 for the action penalty and the rest margin) takes the model's own default. */
export interface PlannerTuning {
  readonly planner: Parameters['planner'];
  readonly objectiveMetric: string;
  readonly objectiveSteps: string;
  /** A cost in the place of the metric; empty: none. */
  readonly objectiveExpression: string;
  readonly smoothnessWeight: number;
  readonly limitWeight: number;
  /** rad */
  readonly limitMargin: number;
  /** m */
  readonly limitMarginM: number;
  readonly samples: number;
  readonly iterations: number;
  readonly elites: number;
  readonly horizon: number;
  readonly initialStd: number;
  readonly minStd: number;
  /** Of each joint, or one for all; go before those above unless empty. */
  readonly jointInitialStd: readonly number[];
  readonly jointMinStd: readonly number[];
  readonly keep: Parameters['cem.keep'];
  readonly actionPenalty: number;
  /** Below 0: the model's. */
  readonly restMargin: number;
  /** Above 0. */
  readonly restPatienceMs: number;
  /** Below 0: the planner's own. */
  readonly momentum: number;
  readonly noiseBeta: number;
  readonly returned: Parameters['cem.returned'];
  readonly earlyStopStd: number;
  readonly wideShare: number;
  readonly actionRepeat: number;
  /** Raw bounds inside the model's, of each joint or one for all; empty: the model's. */
  readonly actionLower: readonly number[];
  readonly actionUpper: readonly number[];
  readonly actionBall: Parameters['actions.ball'];
  /** `joint=action, …` */
  readonly frozenActions: string;
  readonly temperature: number;
  readonly shrink: number;
  readonly keptElites: number;
  /** 0: none. */
  readonly timeBudgetMs: number;
  readonly rollout: Parameters['rollout.graph'];
  readonly precision: Parameters['rollout.precision'];
}

/** What a plan brings along for people to look at. It costs time, so it is asked for only when somebody looks. */
export interface PlanExtras {
  /** Candidates to show, at most; 0: none. */
  readonly candidates: number;
  /** What the cost is made of: one more run of the model. */
  readonly costTerms: boolean;
}

export const NO_EXTRAS: PlanExtras = { candidates: 0, costTerms: false };

/** One planning job. */
export interface PlanRequest {
  /** Plans since the last reset; with the seed it fixes the noise. */
  readonly planIndex: number;
  /** Frames of the history window, oldest first, one predictor step apart, repeated where there is none yet. */
  readonly history: readonly FrameSet[];
  readonly goal: FrameSet;
  /** Raw actions `[committed, J]` that are decided already. */
  readonly committed: Float32Array;
  /** Where the joints were when the newest frame was taken, and their limits. */
  readonly joints: JointSituation;
  readonly tuning: PlannerTuning;
  readonly extras: PlanExtras;
}

/**
 * The planner as the pipeline sees it: asynchronous, one job at a time. Both promises reject with a JepaMpcError; after
 * `planner.worker-died` the port is unusable until `load` is called again.
 */
export interface PlannerPort {
  load(settings: PlannerSettings): Promise<ModelInfo>;
  plan(request: PlanRequest): Promise<Plan>;
  /** Whether a plan with this tuning, asked for now, may have to wait until something is compiled. */
  mayCompile(tuning: PlannerTuning): boolean;
  /** Ends the planner at once, a running job included. */
  dispose(): Promise<void>;
}
