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
  readonly interpolation: 'area' | 'bilinear' | 'nearest';
  /** Tensor value of channel c: `(pixel * scale - mean[c]) / std[c]`, pixel 0..255. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Size of one latent: `[tokens, dim]`. */
export interface LatentSpec {
  readonly tokens: number;
  readonly dim: number;
}

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

/** What an action is. Raw actions are in `unit`; the model sees `(raw - mean) / std`. All arrays have one entry for each joint. */
export interface ActionSpec {
  readonly kind: 'joint_velocity';
  readonly joints: readonly string[];
  readonly unit: string;
  /** How long one raw action is held. */
  readonly periodMs: number;
  /** Raw actions in one predictor step. */
  readonly block: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Bounds of raw actions. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}
