/** How the frames of one camera are converted to the tensor that a model was trained on. */
export interface CameraSpec {
  /** Also the name of the encoder's input. */
  readonly name: string;
  /** Relative ROS topic of the frames. */
  readonly topic: string;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Order of the channels of the tensor; `mono` if and only if there is one channel. */
  readonly colorOrder: 'rgb' | 'bgr' | 'mono';
  /**
   * `squash` ignores the aspect ratio. `shortest-edge-crop` scales until the tensor is just covered, then crops the centre.
   * `largest-square-crop` crops the largest centred square, then scales it.
   */
  readonly resize: 'squash' | 'shortest-edge-crop' | 'largest-square-crop';
  readonly interpolation: 'area' | 'bilinear' | 'bilinear-antialias' | 'bicubic-antialias' | 'nearest';
  /** Tensor value of channel c: `(pixel * scale - mean[c]) / std[c]`, pixel 0..255. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Kind of images that a model was trained on. Grey images are refused where colour is wanted; colour images are converted to grey. */
export type WantedImage = 'colour' | 'grey';

export function wantedImage({ channels }: Pick<CameraSpec, 'channels'>): WantedImage {
  return channels === 1 ? 'grey' : 'colour';
}

/** Size of one latent: `[tokens, dim]`. */
export interface LatentSpec {
  readonly tokens: number;
  readonly dim: number;
}

/** Half-open: from `start` up to, but not including, `end`. */
export type IndexRange = readonly [start: number, end: number];

/** A part of a latent that is compared separately with the same part of the goal. */
export interface LatentStream {
  readonly tokens: IndexRange;
  readonly dims: IndexRange;
  /** More than 0. */
  readonly weight: number;
}

/** One field of a model's proprioceptive input. */
export type ProprioceptionField =
  { readonly kind: 'joint_position' | 'joint_velocity'; readonly joint: string } | PoseField | FractionField;

/** The pose of a link in the frame of another: x, y, z [m], then extrinsic xyz Euler angles [rad]. */
interface PoseField {
  readonly kind: 'pose';
  readonly base: string;
  readonly link: string;
}

/** The position of a joint as a fraction: 0 at position `zero`, 1 at position `one` (rad or m). For grippers. */
interface FractionField {
  readonly kind: 'fraction';
  readonly joint: string;
  readonly zero: number;
  readonly one: number;
}

/** Number of values of a field. */
export function fieldSize({ kind }: ProprioceptionField): number {
  return kind === 'pose' ? POSE_SIZE : 1;
}

const POSE_SIZE = 6;

/** Past latents that the predictor takes. They are one predictor step (`block * periodMs`) apart. */
export interface HistorySpec {
  /** `markov`: only the newest (window 1). `sliding`: the last `window`. `growing`: all since the first, up to `window`. */
  readonly mode: 'sliding' | 'markov' | 'growing';
  readonly window: number;
  /**
   * What replaces frames from before the first. `repeat`: copies of the first. `short`: nothing; the predictor takes fewer (its time axis is
   * dynamic), a plan starts from the newest frame alone, and the window fills with predictions.
   */
  readonly warmup: 'repeat' | 'short';
  /** `newest`: the predictor takes only the action block that follows the newest latent. `paired`: for each latent the block that follows it. */
  readonly actions: 'newest' | 'paired';
}

/** Number of frames that a plan starts from. */
export function contextFrames({ warmup, window }: HistorySpec): number {
  return warmup === 'short' ? 1 : window;
}

/** Kind of an action, see docs/model-contract.md. */
export type ActionKind = (typeof ACTION_KINDS)[number];
export const ACTION_KINDS = [
  'joint_velocity',
  'joint_position',
  'joint_delta',
  'end_effector_delta',
] as const;

/** Possible entries of an end-effector action, in this order. */
export const END_EFFECTOR_AXES = ['x', 'y', 'z', 'roll', 'pitch', 'yaw', 'gripper'] as const;

/** The action of a model. Raw actions are in `unit`; the model takes `(raw - mean) / std`. A = numbers of an action, J = joints. */
export interface ActionSpec {
  readonly kind: ActionKind;
  /** Joints that the action moves `[J]`. */
  readonly joints: readonly string[];
  /** Names of the numbers of an action `[A]`: the joints, or {@link END_EFFECTOR_AXES}. */
  readonly names: readonly string[];
  readonly unit: string;
  /** Time for which one raw action is held. */
  readonly periodMs: number;
  /** Raw actions in one predictor step. */
  readonly block: number;
  /** `[A]` */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Bounds of raw actions `[A]`. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** `[A]`: the raw value of an entry that is frozen, null for an entry that is planned. */
  readonly frozen: readonly (number | null)[];
  /** `[A]`: raw entries of smaller magnitude are commanded as 0. */
  readonly deadBand: readonly number[];
  /** For kind `end_effector_delta`: the link that moves, and the base in whose frame the action is. */
  readonly endEffector: { readonly base: string; readonly link: string } | null;
  /** What the entry `gripper` moves; null without such an entry. */
  readonly gripper: Omit<FractionField, 'kind'> | null;
}

/** Whether a large action is a large motion. That is not so for target positions, which do not say how far a joint has to move. */
export function hasEffort({ kind }: Pick<ActionSpec, 'kind'>): boolean {
  return kind !== 'joint_position';
}

/** How raw actions determine joint positions: the start position plus their sum times `gain`, or the action itself. */
export interface JointTravel {
  readonly isSum: boolean;
  readonly gain: number;
}

/** @returns null where joint positions are not known without inverse kinematics */
export function jointTravel({ kind, periodMs }: Pick<ActionSpec, 'kind' | 'periodMs'>): JointTravel | null {
  switch (kind) {
    case 'joint_velocity':
      return { isSum: true, gain: periodMs / 1000 };
    case 'joint_delta':
      return { isSum: true, gain: 1 };
    case 'joint_position':
      return { isSum: false, gain: 1 };
    case 'end_effector_delta':
      return null;
  }
}
