import { f32, f64 } from '../core/array-access.js';
import type { PlannerState } from '../core/ports.js';
import { weightedRowMoments } from '../math/row-moments.js';
import type { ActionConstraints } from './action-constraints.js';
import type { SamplingSettings } from './sampling-settings.js';
import { shiftWarmStart } from './warm-start.js';

/** Standard deviation of elites: about their own mean, or of their steps from the mean that they were sampled around. */
export type Spread = 'elites' | 'steps';

/**
 * The diagonal Gaussian over action sequences that a sampling planner refines: its start, its samples, its refit.
 * Buffers are reused from plan to plan.
 */
export class SamplingDistribution {
  /** Raw actions `[K, J]`, always inside the constraints. */
  readonly mean: Float32Array;
  /** Standard deviation in raw units, `[K, J]`; 0 if a joint is frozen. */
  readonly std: Float32Array;
  /** Maximum standard deviation of the elites of the last refit, as a fraction of half the range. */
  elitesStd = Infinity;
  readonly #constraints: ActionConstraints;
  readonly #periodMs: number;
  readonly #momentum: number;
  readonly #eliteMean: Float32Array;
  /** Unbiased, about their own mean `[K, J]`. */
  readonly #eliteStd: Float32Array;
  /** From the mean they were sampled around to their own `[K, J]`. */
  readonly #step: Float32Array;
  /** Factor from the unbiased variance to the biased one. */
  #freedom = NaN;
  /** In raw units, `[J]`. */
  readonly #initialStd: Float64Array;
  readonly #minStd: Float64Array;

  constructor(
    constraints: ActionConstraints,
    periodMs: number,
    settings: Pick<SamplingSettings, 'initialStd' | 'minStd' | 'momentum'>,
  ) {
    const inRawUnits = (fractions: readonly number[]): Float64Array =>
      Float64Array.from(fractions, (fraction, joint) =>
        constraints.isFrozen(joint) ? 0 : fraction * constraints.bounds.halfRange(joint),
      );
    this.#constraints = constraints;
    this.#periodMs = periodMs;
    this.#momentum = settings.momentum;
    this.#initialStd = inRawUnits(settings.initialStd);
    this.#minStd = inRawUnits(settings.minStd);
    this.mean = new Float32Array(constraints.size);
    this.std = new Float32Array(constraints.size);
    this.#eliteMean = new Float32Array(constraints.size);
    this.#eliteStd = new Float32Array(constraints.size);
    this.#step = new Float32Array(constraints.size);
  }

  /**
   * Starts around the shifted last plan, or around rest if that is of no use.
   *
   * @param rest `[K, J]`
   */
  start(state: PlannerState | null, committed: Float32Array, rest: Float32Array): void {
    const { joints } = this.#constraints.bounds;
    this.mean.set(rest);
    if (state !== null) shiftWarmStart(state, joints, this.#periodMs, this.mean);
    this.#constraints.holdMean(this.mean, committed);
    this.#constraints.apply(this.mean, committed);
    for (let i = 0; i < this.std.length; i++) this.std[i] = f64(this.#initialStd, i % joints);
    this.elitesStd = Infinity;
  }

  /** Swaps the mean with another sequence inside the constraints `[K, J]`. */
  exchangeMean(other: Float32Array): void {
    for (let i = 0; i < this.mean.length; i++) {
      const mean = f32(this.mean, i);
      this.mean[i] = f32(other, i);
      other[i] = mean;
    }
  }

  /**
   * Samples `mean + std * noise`, not yet inside the constraints.
   *
   * @param noise standard normals `[N, K, J]`
   * @param candidates `[N, K, J]`, written
   * @param wide how many of the last candidates use the initial standard deviation instead of the refitted one
   */
  draw(noise: Float32Array, candidates: Float32Array, wide: number): void {
    const { size, bounds } = this.#constraints;
    const firstWide = noise.length - wide * size;
    for (let i = 0; i < noise.length; i++) {
      const j = i % size;
      const std = i < firstWide ? f32(this.std, j) : f64(this.#initialStd, j % bounds.joints);
      candidates[i] = f32(this.mean, j) + std * f32(noise, i);
    }
  }

  /**
   * Moves the mean to that of the elites, less momentum.
   *
   * @param elites indices of candidates `[E]`
   * @param weights `[E]`, with sum 1
   */
  moveMean(
    candidates: Float32Array,
    elites: Uint32Array,
    weights: Float64Array,
    committed: Float32Array,
  ): void {
    const { joints } = this.#constraints.bounds;
    this.#freedom = weightedRowMoments(candidates, elites, weights, this.#eliteMean, this.#eliteStd);
    this.elitesStd = 0;
    for (let i = 0; i < this.mean.length; i++) {
      const old = f32(this.mean, i);
      const eliteMean = f32(this.#eliteMean, i);
      this.#step[i] = eliteMean - old;
      this.mean[i] = this.#withMomentum(old, eliteMean);
      const fraction = f32(this.#eliteStd, i) / this.#constraints.bounds.halfRange(i % joints);
      this.elitesStd = Math.max(this.elitesStd, fraction);
    }
    // The mean of allowed sequences is allowed (box and balls are convex) up to rounding, which this removes.
    this.#constraints.apply(this.mean, committed);
  }

  /** Takes over the standard deviation of the elites of the last {@link moveMean}, less momentum, but at least the minimum. */
  moveStd(spread: Spread): void {
    const { joints } = this.#constraints.bounds;
    for (let i = 0; i < this.std.length; i++) {
      const about = f32(this.#eliteStd, i);
      const fitted =
        spread === 'elites' ? about : Math.hypot(about * Math.sqrt(this.#freedom), f32(this.#step, i));
      const std = this.#withMomentum(f32(this.std, i), fitted);
      this.std[i] = Math.max(std, f64(this.#minStd, i % joints));
    }
  }

  #withMomentum(old: number, fitted: number): number {
    return this.#momentum * old + (1 - this.#momentum) * fitted;
  }
}
