/** A float32 tensor in row-major order; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** One camera frame as it came in: the fields of sensor_msgs/Image that matter, stamps in nanoseconds. */
export interface ImageFrame {
  readonly stampNs: bigint;
  readonly width: number;
  readonly height: number;
  /** Name of the encoding in sensor_msgs/image_encodings: rgb8, bayer_rggb8, … */
  readonly encoding: string;
  /** Order of the bytes of samples wider than one; absent: little-endian. */
  readonly isBigEndian?: boolean;
  /** Bytes per row, padding included. */
  readonly step: number;
  readonly data: Uint8Array;
}

/** Where the joints that the model acts on are, in their order. */
export interface JointReading {
  /** Of its oldest part, where the joints are published apart. */
  readonly stampNs: bigint;
  /** `[J]`, rad or m. */
  readonly position: Float64Array;
  /** `[J]`, rad/s or m/s; NaN where the driver does not measure it. */
  readonly velocity: Float64Array;
}

/** What positions of a joint are counted in: metres for a prismatic joint, radians for the others. */
export type JointUnit = 'rad' | 'm';

/** The limits of one joint, from the URDF, in its unit, that /s, that /s², and N·m or N. */
export interface JointLimit {
  readonly name: string;
  readonly unit: JointUnit;
  /** Turns without end: its limits are infinite, and it may be reported wrapped into one turn. */
  readonly continuous: boolean;
  readonly lower: number;
  readonly upper: number;
  readonly velocity: number;
  readonly acceleration: number;
  readonly effort: number;
}

/** What one planning step decided. */
export interface Plan {
  /** Stamp of the frame it was planned from. */
  readonly frameStampNs: bigint;
  readonly goalStampNs: bigint;
  /** Raw actions `[K, A]`, K = horizon * block; action k is for `[t + k*periodMs, t + (k+1)*periodMs)`. */
  readonly actions: Float32Array;
  /** A */
  readonly actionSize: number;
  readonly periodMs: number;
  /** Raw actions at the front that were frozen to what was already being sent. */
  readonly committed: number;
  readonly statistics: PlanStatistics;
  /** Where they were asked for. */
  readonly candidates?: CandidateSample;
}

/** Some of the candidates of a plan's first iteration, from the cheapest to the dearest. */
export interface CandidateSample {
  /** Raw actions `[M, K, J]`. */
  readonly actions: Float32Array;
  /** `[M]`, finite, in the unit of the objective. */
  readonly costs: Float32Array;
}

/** What the cost of a plan is made of; the terms add up to `total`. */
export interface CostTerms {
  readonly total: number;
  /** The metric's part, or that of the user's expression in its place. */
  readonly distance: number;
  readonly action: number;
  readonly smoothness: number;
  readonly limit: number;
  /** What staying at rest would cost in all, to compare with. */
  readonly rest: number;
}

/** Figures of one plan, for people and for tuning. */
export interface PlanStatistics {
  readonly planIndex: number;
  readonly encodeMs: number;
  /** Frame sets of the history that were encoded for it; the others had been before. Goals do not count. */
  readonly encoded: number;
  readonly planMs: number;
  /** No fair sample of `planMs`: the first plan by its rollout, or one during which a rollout was built or its precision judged. */
  readonly warmUp: boolean;
  readonly bestCost: number;
  readonly meanCost: number;
  /** Iterations run. */
  readonly iterations: number;
  /** Candidates of an iteration (the first, where they become fewer). */
  readonly samples: number;
  /** Largest deviation of the last elites, as a fraction of half the action range. */
  readonly elitesStd: number;
  /** Whether the plan is to rest, since no plan is worth moving for. */
  readonly rests: boolean;
  /** Objective's distance between the present latent and the goal. */
  readonly goalDistance: number;
  /** How the model was rolled out: a whole plan in one graph, an iteration in one, or step by step on the host. */
  readonly rollout: 'plan' | 'iteration' | 'host';
  /** Part of `planMs` that the search took: what is neither encoding nor getting the planner ready nor looking at the result. */
  readonly searchMs: number;
  /** Where they were asked for. */
  readonly costTerms?: CostTerms;
  /** What was asked for and is not done, in the order in which it was found out; empty when all is as asked for. */
  readonly fallbacks: readonly Fallback[];
}

/** Something that was asked for and is not done. The plan is as good as without it, or slower, never silently another. */
export interface Fallback {
  /** What is done in its place. */
  readonly instead: string;
  readonly reason: string;
  readonly remedy: string;
}

/** Where log lines go; the ROS logger, or the terminal. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
