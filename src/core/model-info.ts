import type { ImageFrame } from './types.js';

/** What the command side of the node needs to know of a loaded model; the rest stays with the planner. */
export interface ModelInfo {
  readonly name: string;
  /** SHA-256 of the manifest, which itself holds the hashes of the graphs. */
  readonly sha256: string;
  /** Device that the sessions really run on. */
  readonly device: string;
  /** Cameras in the order of the encoder's inputs: name and ROS topic. */
  readonly cameras: readonly { readonly name: string; readonly topic: string }[];
  /** Joints acted on, in the order of an action. */
  readonly joints: readonly string[];
  readonly actionKind: string;
  readonly periodMs: number;
  /** Raw actions in one predictor step. */
  readonly block: number;
  /** Frames of history that a plan starts from, one step apart. */
  readonly window: number;
}

/** Frames of all cameras that belong together, in the order of {@link ModelInfo.cameras}. */
export interface FrameSet {
  /** Stamp of the oldest of them. */
  readonly stampNs: bigint;
  readonly frames: readonly ImageFrame[];
}
