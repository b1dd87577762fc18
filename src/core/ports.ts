import type { JointUnit, Tensor } from './types.js';

/** A seeded source of noise. The same seed gives the same sequence on every machine. */
export interface Rng {
  /** Fills `out` with independent standard normals. */
  normals(out: Float32Array): void;
  /** Fills `out` with independent uniforms in [0, 1). */
  uniforms(out: Float32Array): void;
}

/**
 * Image tensors (one for each camera, `[B, C, H, W]`, in manifest order), and last, where the model has it, normalised proprioception
 * `[B, P]` -> latents `[B, N, D]`.
 */
export interface Encoder {
  encode(inputs: readonly Tensor[]): Promise<Tensor>;
}

/** One latent step. `history [B, W, N, D]` oldest first, `actions [B, A_model]` normalised -> next latent `[B, N, D]`. */
export interface Predictor {
  predict(history: Tensor, actions: Tensor): Promise<Tensor>;
}

/** Distance of each latent from the goal: `latents [B, N, D]`, `goal [1, N, D]` -> `[B]`, lower is nearer. */
export interface Objective {
  readonly name: string;
  distance(latents: Tensor, goal: Tensor): Promise<Float32Array>;
}

/**
 * What a model's raw actions mean to the joints: one implementation for each `action.kind` of the manifest. Kinds whose action is a target
 * position need the desired position and the time left in the action's period, so every kind gets them. A = numbers of an action, J = joints.
 */
export interface ActionSemantics {
  /** A */
  readonly size: number;
  /**
   * The velocities to aim for while an action is in force, before any limit.
   *
   * @param actions raw actions `[K, A]` of a plan
   * @param index of the action in force, 0 to K - 1
   * @param position desired positions `[J]` now, rad or m
   * @param remainingS time left of the action's period, s
   * @param out target velocities `[J]`, rad/s or m/s, written
   * @throws RangeError for an index outside of the plan
   */
  targetVelocity(
    actions: Float32Array,
    index: number,
    position: Float64Array,
    remainingS: number,
    out: Float64Array,
  ): void;
  /**
   * Of actions that are positions: where each joint may have to come to rest. That is the position of the action, or of the next one where that
   * leads on in the same direction. Absent for actions that are velocities or displacements.
   *
   * @param actions raw actions `[K, A]` of a plan
   * @param index of the action in force, 0 to K - 1
   * @param position desired positions `[J]` now, rad or m
   * @param out `[J]`, rad or m, written
   */
  restingPoint?(actions: Float32Array, index: number, position: Float64Array, out: Float64Array): void;
  /** How several actions in one period combine: their mean; or the last one, if an action is the position at the end of its period. */
  readonly blend: 'mean' | 'last';
  /** One entry of a raw action, limited to what the joints can follow. */
  followed(value: number, entry: number): number;
  /** One entry of the raw action that leaves the joints at these positions `[J]`. */
  atRest(position: Float64Array, entry: number): number;
}

/** Joint positions and position limits, in the order of the model's joints; rad or m. */
export interface JointSituation {
  /** Measured positions `[J]` at the time of the newest frame. */
  readonly position: Float64Array;
  /** Commanded positions `[J]` now, where the robot stays if no plan moves it; absent: not known. */
  readonly commanded?: Float64Array;
  /** Position limits `[J]`; -Infinity and Infinity for a continuous joint. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** `[J]`; absent: rad for every joint. */
  readonly units?: readonly JointUnit[];
}

/** Inputs of a planner besides its own state. */
export interface PlanContext {
  /** Latents of the last W frames, oldest first, `[1, W, N, D]`. */
  readonly history: Tensor;
  /** Goal latent `[1, N, D]`. */
  readonly goal: Tensor;
  /** Raw actions already decided for the first periods of the plan, `[committed, J]`. */
  readonly committed: Float32Array;
  /** A guess at the plan, raw `[any, A]`, tried among the first candidates. It is cut or filled up with rest to the length of a plan. */
  readonly proposal?: Float32Array;
  /** Without it, cost terms that need predicted joint positions are off, and expressions that name `state` are refused. */
  readonly joints?: JointSituation;
  /** Receives the candidates of the first iteration. */
  readonly onCandidates?: CandidateViewer;
}

/**
 * Receives candidates. The arrays are reused: it copies what it keeps.
 *
 * @param candidates raw actions `[N, K, J]`
 * @param costs `[N]`; infinite or no number where the model gave none
 * @param elites how many of the cheapest the distribution is refitted to, at most
 */
export type CandidateViewer = (candidates: Float32Array, costs: Float32Array, elites: number) => void;

/** Scores candidate plans: rolls out the model and computes the objective. */
export interface CandidateScorer {
  /**
   * @param candidates raw actions `[N, K, J]`; any N of at least 1; N may differ from call to call
   * @returns costs `[N]`, lower is better, at least one of them finite; overwritten by the next call
   * @throws JepaMpcError `planner.not-finite` when no candidate has a finite cost
   */
  score(context: PlanContext, candidates: Float32Array): Promise<Float32Array>;
}

/** Inputs of a whole plan on the device. K = raw actions in a sequence, J = joints; rows are `[K, J]`. */
export interface PlanStart {
  /** Standard normals of every iteration `[I, N, K, J]`; I is the maximum number of iterations. */
  readonly noise: Float32Array;
  readonly iterations: number;
  readonly mean: Float32Array;
  /** In raw units. */
  readonly std: Float32Array;
  /** Bounds of each action; equal for committed actions. */
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** Minimum standard deviation, in raw units. */
  readonly minStd: Float32Array;
  /** Half the range of each action. */
  readonly halfRange: Float32Array;
  readonly elites: number;
  readonly momentum: number;
  readonly temperature: number;
  /** The plan ends when every standard deviation of the elites is below this fraction of half the range; 0: never. */
  readonly earlyStopStd: number;
}

/** Result of a whole plan on the device. */
export interface PlanEnd {
  /** `[K, J]` */
  readonly mean: Float32Array;
  readonly std: Float32Array;
  /** The cheapest candidate of all iterations `[K, J]`, and its cost. */
  readonly best: Float32Array;
  readonly bestCost: number;
  /** Mean cost of the last elites. */
  readonly meanCost: number;
  readonly elitesStd: number;
  /** {@link elitesStd} of each iteration done, `[I]`. */
  readonly elitesStdByIteration: Float32Array;
  readonly iterations: number;
  /** Costs of the candidates of each iteration done, `[I, N]`. */
  readonly costs: Float32Array;
}

/** Plans on the device: sampling, rollout, cost and refit of all iterations in one run. */
export interface PlanKernel {
  /** @throws JepaMpcError `planner.not-finite` when no candidate of an iteration has a finite cost */
  plan(context: PlanContext, start: PlanStart): Promise<PlanEnd>;
}

/** Warm start carried from plan to plan: the mean of the last plan's raw actions and when it was for. */
export interface PlannerState {
  /** Raw actions `[K, J]`. */
  readonly mean: Float32Array;
  /** The best sequences of the last plan, cheapest first, `[E, K, J]`, for planners that sample around more than the mean. */
  readonly elites?: Float32Array;
  /** How far to shift the actions in time before use, in ms (time between the two frames); 0 at first. */
  readonly ageMs: number;
  /** Of planners that rest when no plan is worth moving for. */
  readonly rest?: RestMemory;
}

/** What a planner remembers about resting. See `RestingPlanner`. */
export interface RestMemory {
  /** Whether the last plan was to rest. */
  readonly rested: boolean;
  /** Share of the patience that is used up, 0 to 1. */
  readonly used: number;
  /** Factor by which the patience has grown since the start, at least 1. */
  readonly stretch: number;
}

/** Result of one planning step. */
export interface PlannerResult {
  readonly state: PlannerState;
  /** Raw actions `[K, J]` inside the action bounds, the committed ones first and unchanged. */
  readonly actions: Float32Array;
  /** Minimum cost of all sequences that were scored. */
  readonly bestCost: number;
  /** Mean cost of the last iteration's elites. */
  readonly meanCost: number;
  /** Iterations run: fewer than asked for after an early stop or at the end of the time budget. */
  readonly iterations: number;
  /**
   * Maximum standard deviation of the last iteration's elites over all actions, as a fraction of half the range; 0 when one sequence decides.
   */
  readonly elitesStd: number;
  /** The same for the elites of each iteration, `[iterations]`; the last one is {@link elitesStd}. */
  readonly elitesStdByIteration: readonly number[];
  /** Coefficient of variation of the costs of the first iteration's candidates; NaN where fewer than two have a finite cost. */
  readonly costVariation: number;
  /** Whether the time budget had no room for more; absent: it had, or there is none. */
  readonly timeIsUp?: boolean;
}

/** A sampling planner: pure in (state, context, rng). */
export interface Planner {
  readonly name: string;
  plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult>;
}
