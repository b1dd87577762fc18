import type { ErrorCode, ErrorFacts } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { JointSituation } from '../core/ports.js';
import type { Logger, Plan } from '../core/types.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import type { RecordedStop } from '../planning/stop-rule.js';
import type { DistanceMap, ExplanationRequest, PlanExtras, PlannerSettings } from './planner-port.js';

/** A frame set on its way to the worker: with pixels the first time, by stamp alone once the worker has its latent. */
export interface FrameReference {
  readonly stampNs: bigint;
  readonly set: FrameSet | null;
}

export interface LoadMessage {
  readonly type: 'load';
  readonly settings: PlannerSettings;
}

export interface PlanMessage {
  readonly type: 'plan';
  readonly planIndex: number;
  readonly history: readonly FrameReference[];
  /** Neither this plan nor later ones need frames from before it: their latents may be forgotten. */
  readonly oldestNs: bigint;
  readonly goal: FrameReference;
  readonly committed: Float32Array;
  readonly joints: JointSituation;
  readonly values: PlanningValues;
  readonly extras: PlanExtras;
  /** How the time budget ended the plan, if it is one that is made again from a recording. */
  readonly replayed?: RecordedStop;
}

/** Asks for the next piece of an explanation. */
export interface ExplainMessage {
  readonly type: 'explain';
  /** What a new one is about; null: the one under way goes on. */
  readonly begin: ExplanationRequest | null;
  readonly budgetMs: number;
}

/** Asks the worker to release its sessions and to end after the running job. There is no answer. */
interface StopMessage {
  readonly type: 'stop';
}

export type ToWorker = LoadMessage | PlanMessage | ExplainMessage | StopMessage;

/** A line for the log. It is no answer, and may come at any time. */
export interface LogMessage {
  readonly type: 'log';
  readonly level: keyof Logger;
  readonly text: string;
}

/** Answers to messages, one each. `isReady`: the next plan with the same values has nothing to compile. */
export type WorkerReply =
  | { readonly type: 'loaded'; readonly model: ModelInfo; readonly isReady: boolean }
  | { readonly type: 'planned'; readonly plan: Plan; readonly isReady: boolean }
  /** Null: there is more to do. */
  | { readonly type: 'explained'; readonly map: DistanceMap | null }
  | {
      readonly type: 'failed';
      readonly code: ErrorCode;
      readonly facts: Omit<ErrorFacts, 'cause'>;
      readonly stack: string;
    };

export type FromWorker = WorkerReply | LogMessage;
