/** How one camera's frames become the tensor that a model was trained on. */
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
   * `squash` ignores the aspect ratio. `shortest-edge-crop` scales until the tensor is just covered, then cuts its centre.
   * `largest-square-crop` cuts the largest centred square, then scales that.
   */
  readonly resize: 'squash' | 'shortest-edge-crop' | 'largest-square-crop';
  readonly interpolation: 'area' | 'bilinear' | 'bilinear-antialias' | 'bicubic-antialias' | 'nearest';
  /** Tensor value of channel c: `(pixel * scale - mean[c]) / std[c]`, pixel 0..255. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What pictures a model was trained on: grey ones are refused in the place of colours, colours become grey. */
export type WantedImage = 'colour' | 'grey';

export function wantedImage({ channels }: Pick<CameraSpec, 'channels'>): WantedImage {
  return channels === 1 ? 'grey' : 'colour';
}

/** Size of one latent: `[tokens, dim]`. */
export interface LatentSpec {
  readonly tokens: number;
  readonly dim: number;
}

/** From the first to before the last. */
export type IndexRange = readonly [start: number, end: number];

/** A part of a latent that is compared with the goal's by itself. */
export interface LatentStream {
  readonly tokens: IndexRange;
  readonly dims: IndexRange;
  /** More than 0. */
  readonly weight: number;
}

/** One thing that a model is told of the robot besides images. */
export type ProprioceptionField =
  { readonly kind: 'joint_position' | 'joint_velocity'; readonly joint: string } | PoseField | FractionField;

/** Where a link is in the frame of another: x, y, z [m], then extrinsic xyz Euler angles [rad]. */
interface PoseField {
  readonly kind: 'pose';
  readonly base: string;
  readonly link: string;
}

/** How far a joint is from one position to another: 0 at `zero`, 1 at `one`; a gripper. */
interface FractionField {
  readonly kind: 'fraction';
  readonly joint: string;
  readonly zero: number;
  readonly one: number;
}

/** Numbers that a field gives. */
export function fieldSize({ kind }: ProprioceptionField): number {
  return kind === 'pose' ? POSE_SIZE : 1;
}

const POSE_SIZE = 6;

/** Which past latents the predictor looks at. They are one predictor step (`block * periodMs`) apart. */
export interface HistorySpec {
  /** `markov`: the newest alone (window 1). `sliding`: the last `window`. `growing`: all since the first, up to `window`. */
  readonly mode: 'sliding' | 'markov' | 'growing';
  readonly window: number;
  /**
   * What stands for frames from before the first. `repeat`: copies of the first. `short`: nothing, the predictor sees fewer (its time axis
   * is dynamic): a plan starts from the newest frame alone, and the window fills with predictions.
   */
  readonly warmup: 'repeat' | 'short';
  /** `newest`: the predictor is given the block that leaves the newest latent. `paired`: for each latent the block that leaves it. */
  readonly actions: 'newest' | 'paired';
}

/** Frames that a plan starts from. */
export function contextFrames({ warmup, window }: HistorySpec): number {
  return warmup === 'short' ? 1 : window;
}

/** What an action is to the joints; docs/model-contract.md says what each means. */
export type ActionKind = (typeof ACTION_KINDS)[number];
export const ACTION_KINDS = [
  'joint_velocity',
  'joint_position',
  'joint_delta',
  'end_effector_delta',
] as const;

/** What an end effector's action may be made of, in this order. */
export const END_EFFECTOR_AXES = ['x', 'y', 'z', 'roll', 'pitch', 'yaw', 'gripper'] as const;

/** What an action is. Raw actions are in `unit`; the model sees `(raw - mean) / std`. A = numbers of an action, J = joints. */
export interface ActionSpec {
  readonly kind: ActionKind;
  /** Joints acted on `[J]`. */
  readonly joints: readonly string[];
  /** Names of the numbers of an action `[A]`: the joints, or {@link END_EFFECTOR_AXES}. */
  readonly names: readonly string[];
  readonly unit: string;
  /** How long one raw action is held. */
  readonly periodMs: number;
  /** Raw actions in one predictor step. */
  readonly block: number;
  /** `[A]` */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Bounds of raw actions `[A]`. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** `[A]`: the raw value that an entry always has, null for what is planned. */
  readonly frozen: readonly (number | null)[];
  /** `[A]`: raw entries of a smaller magnitude are commanded as 0. */
  readonly deadBand: readonly number[];
  /** Of kind `end_effector_delta`: the link that moves, and the one in whose frame. */
  readonly endEffector: { readonly base: string; readonly link: string } | null;
  /** What `gripper` moves, where it is named. */
  readonly gripper: Omit<FractionField, 'kind'> | null;
}

/** Whether a large action is a large motion: where a joint is to be says nothing of how far it has to go. */
export function hasEffort({ kind }: Pick<ActionSpec, 'kind'>): boolean {
  return kind !== 'joint_position';
}

/** How raw actions come to joint positions: their sum times `gain` from where the joints are, or the action itself. */
export interface JointTravel {
  readonly isSum: boolean;
  readonly gain: number;
}

/** Null where positions are not known before inverse kinematics. */
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
