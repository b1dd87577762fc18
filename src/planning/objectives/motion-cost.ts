import { hasEffort, type ActionSpec } from '../../core/model-spec.js';
import { limitMarginOf, type ObjectiveWeights } from '../../core/objective-spec.js';
import type { JointSituation } from '../../core/ports.js';
import { ActionBounds } from '../action-bounds.js';

/** What a motion costs whatever it leads to: effort, jerkiness and nearness to the joint limits. See {@link ObjectiveWeights}. */
export class MotionCost {
  readonly #weights: ObjectiveWeights;
  readonly #joints: number;
  /** K */
  readonly #periods: number;
  /** For each joint: weight / (unit² * terms of the mean). */
  readonly #action: Float64Array;
  readonly #smoothness: Float64Array;

  /** @param periods raw actions in a plan (K) */
  constructor(action: ActionSpec, weights: ObjectiveWeights, periods: number) {
    const bounds = new ActionBounds(action);
    const joints = bounds.joints;
    const pairs = periods - 1;
    this.#weights = weights;
    this.#joints = joints;
    this.#periods = periods;
    this.#action = Float64Array.from({ length: joints }, (_, joint) => {
      return hasEffort(action) ? weights.action / (bounds.largest(joint) ** 2 * periods * joints) : 0;
    });
    this.#smoothness = Float64Array.from({ length: joints }, (_, joint) => {
      return pairs === 0 ? 0 : weights.smoothness / (bounds.halfRange(joint) ** 2 * pairs * joints);
    });
  }

  /**
   * @param candidates raw actions `[N, K, J]`
   * @param positions foreseen joint positions `[N, K, J]`, null where they are not known: the limits then cost nothing
   * @param out costs `[N]`, written
   */
  write(
    candidates: Float32Array,
    positions: Float32Array | null,
    situation: JointSituation | undefined,
    out: Float64Array,
  ): void {
    const size = this.#periods * this.#joints;
    const { action, smoothness, limit } = this.#weights;
    for (let n = 0; n < out.length; n++) {
      const start = n * size;
      let cost = 0;
      if (action > 0) cost += this.#effort(candidates, start, start + size);
      if (smoothness > 0) cost += this.#jerkiness(candidates, start, start + size);
      if (limit > 0 && positions !== null && situation !== undefined)
        cost += this.#nearness(positions, situation, start, start + size);
      out[n] = cost;
    }
  }

  #effort(candidates: Float32Array, start: number, end: number): number {
    let cost = 0;
    for (let i = start; i < end; i++)
      cost += (this.#action[i % this.#joints] ?? NaN) * (candidates[i] ?? NaN) ** 2;
    return cost;
  }

  #jerkiness(candidates: Float32Array, start: number, end: number): number {
    let cost = 0;
    for (let i = start + this.#joints; i < end; i++) {
      const change = (candidates[i] ?? NaN) - (candidates[i - this.#joints] ?? NaN);
      cost += (this.#smoothness[i % this.#joints] ?? NaN) * change ** 2;
    }
    return cost;
  }

  #nearness(positions: Float32Array, situation: JointSituation, start: number, end: number): number {
    const { lower, upper } = situation;
    let sum = 0;
    for (let i = start; i < end; i++) {
      const joint = i % this.#joints;
      const position = positions[i] ?? NaN;
      const margin = limitMarginOf(this.#weights, situation, joint);
      const below = (lower[joint] ?? -Infinity) + margin - position;
      const above = position - (upper[joint] ?? Infinity) + margin;
      sum += Math.max(0, below, above) ** 2;
    }
    return (this.#weights.limit / this.#periods) * sum;
  }
}
