import type { Tensor } from './types.js';

/** A seeded source of noise. The same seed gives the same sequence on every machine. */
export interface Rng {
  /** Fills `out` with independent standard normals. */
  normals(out: Float32Array): void;
  /** Fills `out` with independent uniforms in [0, 1). */
  uniforms(out: Float32Array): void;
}

/** Image tensors (one for each camera, `[B, C, H, W]`, in manifest order) -> latents `[B, N, D]`. */
export interface Encoder {
  encode(images: readonly Tensor[]): Promise<Tensor>;
}

/** One latent step. `history [B, W, N, D]` oldest first, `actions [B, A_model]` normalised -> next latent `[B, N, D]`. */
export interface Predictor {
  predict(history: Tensor, actions: Tensor): Promise<Tensor>;
}

/** How far each latent is from the goal: `latents [B, N, D]`, `goal [1, N, D]` -> `[B]`, lower is nearer. */
export interface Objective {
  readonly name: string;
  distance(latents: Tensor, goal: Tensor): Promise<Float32Array>;
}

/** What a planner is given besides its own state. */
export interface PlanContext {
  /** Latents of the last W frames, oldest first, `[1, W, N, D]`. */
  readonly history: Tensor;
  /** Goal latent `[1, N, D]`. */
  readonly goal: Tensor;
  /** Raw actions already decided for the first periods of the plan, `[committed, J]`. */
  readonly committed: Float32Array;
}

/** Warm start carried from plan to plan: the mean of the last plan's raw actions and when it was for. */
export interface PlannerState {
  /** Raw actions `[K, J]`. */
  readonly mean: Float32Array;
  /** How far to shift the mean in time before use, in ms (time between the two frames); 0 at first. */
  readonly ageMs: number;
}

/** Result of one planning step. */
export interface PlannerResult {
  readonly state: PlannerState;
  /** Raw actions `[K, J]` inside the action bounds, the committed ones first and unchanged. */
  readonly actions: Float32Array;
  readonly bestCost: number;
  readonly meanCost: number;
}

/** A sampling planner: pure in (state, context, rng). */
export interface Planner {
  readonly name: string;
  plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult>;
}
