/** A float32 tensor in row-major order; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** One camera frame as received: the fields of sensor_msgs/Image that are used, with the stamp in nanoseconds. */
export interface ImageFrame {
  readonly stampNs: bigint;
  readonly width: number;
  readonly height: number;
  /** Name of the encoding in sensor_msgs/image_encodings: rgb8, bayer_rggb8, … */
  readonly encoding: string;
  /** Byte order of 16-bit samples; absent: little-endian. */
  readonly isBigEndian?: boolean;
  /** Bytes per row, padding included. */
  readonly step: number;
  readonly data: Uint8Array;
}

/** The measured state of the joints that the model acts on, in their order. */
export interface JointReading {
  /** That of the oldest part, where joints are published in separate messages. */
  readonly stampNs: bigint;
  /** `[J]`, rad or m. */
  readonly position: Float64Array;
  /** `[J]`, rad/s or m/s; NaN where the driver does not measure it. */
  readonly velocity: Float64Array;
}

/** Unit of joint positions: metres for a prismatic joint, radians for the others. */
export type JointUnit = 'rad' | 'm';

/** The limits of one joint from the URDF: in its unit, per s, per s², per s³, and in N·m or N. */
export interface JointLimit {
  readonly name: string;
  readonly unit: JointUnit;
  /** Whether it rotates without end: its position limits are infinite, and it may be reported wrapped into one revolution. */
  readonly continuous: boolean;
  readonly lower: number;
  readonly upper: number;
  readonly velocity: number;
  readonly acceleration: number;
  /** Infinity: not limited. */
  readonly jerk: number;
  readonly effort: number;
}

/** The result of one planning step. */
export interface Plan {
  /** Stamp of the frame it was planned from. */
  readonly frameStampNs: bigint;
  readonly goalStampNs: bigint;
  /** Raw actions `[K, A]`, K = horizon * block; action k is for `[t + k*periodMs, t + (k+1)*periodMs)`. */
  readonly actions: Float32Array;
  /** A */
  readonly actionSize: number;
  readonly periodMs: number;
  /** Number of raw actions at the start that were fixed to what was already being sent. */
  readonly committed: number;
  readonly statistics: PlanStatistics;
  /** Only if they were requested. */
  readonly candidates?: CandidateSample;
  /** Latent of the frame it was planned from, `[N, D]`; only if it was requested. */
  readonly latent?: Float32Array;
}

/** Some of the candidates of a plan's first iteration, from the cheapest to the most expensive. */
export interface CandidateSample {
  /** Raw actions `[M, K, J]`. */
  readonly actions: Float32Array;
  /** `[M]`, finite, in the unit of the objective. */
  readonly costs: Float32Array;
  /** How many of them, from the front on, were elites: the distribution was refitted to those. */
  readonly elites: number;
}

/** The terms of the cost of a plan: `distance` and the `motion` costs add up to `total`. */
export interface CostTerms {
  readonly total: number;
  /** Term of the metric, or of the user's expression that replaces it. */
  readonly distance: number;
  /** Costs of the motion by name (src/costs), each times its weight. */
  readonly motion: Readonly<Record<string, number>>;
  /** Total cost of staying at rest, for comparison. */
  readonly rest: number;
}

/** Statistics of one plan, for people and for tuning. */
export interface PlanStatistics {
  readonly planIndex: number;
  readonly encodeMs: number;
  /** Number of frame sets of the history that were encoded for it; the others were cached. Goals do not count. */
  readonly encoded: number;
  readonly planMs: number;
  /** Whether `planMs` is not representative: the first plan of a rollout, or one during which a rollout was built or its precision judged. */
  readonly warmUp: boolean;
  readonly bestCost: number;
  readonly meanCost: number;
  /** Number of iterations that were run. */
  readonly iterations: number;
  /** Number of candidates of an iteration; of the first one, where the number decreases. */
  readonly samples: number;
  /** Maximum standard deviation of the last elites, as a fraction of half the action range. */
  readonly elitesStd: number;
  /** The same for the elites of each iteration, `[iterations]`. */
  readonly elitesStdByIteration: readonly number[];
  /** Coefficient of variation of the costs of the first iteration's candidates; NaN where fewer than two have a finite cost. */
  readonly costVariation: number;
  /** Share of the planned numbers of the plan that are at their bounds, 0 to 1; committed actions and frozen joints do not count. */
  readonly actionsAtBounds: number;
  /** Whether the time budget had no room for more; absent: it had, or there is none. */
  readonly timeIsUp?: boolean;
  /** Whether the plan is to rest, because no plan is worth moving for. */
  readonly rests: boolean;
  /** Distance of the objective between the present latent and the goal. */
  readonly goalDistance: number;
  /** How the model was rolled out: a whole plan in one graph, an iteration in one graph, or step by step on the host. */
  readonly rollout: 'plan' | 'iteration' | 'host';
  /** Part of `planMs` that the search took, without encoding, preparing the planner and evaluating the result. */
  readonly searchMs: number;
  /** Only if they were requested. */
  readonly costTerms?: CostTerms;
  /** Requested settings that were replaced, in the order in which that was decided; empty when none was. */
  readonly fallbacks: readonly Fallback[];
}

/** A requested setting that was replaced. The plan may be slower for it, but is never silently a different one. */
export interface Fallback {
  /** What is done instead. */
  readonly instead: string;
  readonly reason: string;
  readonly remedy: string;
}

/** Destination of log lines: the ROS logger, or the terminal. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
