import type { ActionSpec } from '../../core/model-spec.js';
import type { ObjectiveWeights } from '../../core/objective-spec.js';
import { weightOf, type CostDefinition, type HostCost, type PredictedJoints } from '../../costs/cost.js';
import { COSTS } from '../../costs/registry.js';

/** The costs of the motion itself (src/costs), summed on the host. */
export class MotionCost {
  readonly #size: number;
  readonly #costs: readonly HostCost[];

  /**
   * @param periods raw actions in a sequence (K)
   * @param costs those that count
   */
  constructor(
    action: ActionSpec,
    weights: ObjectiveWeights,
    periods: number,
    costs: readonly CostDefinition[] = COSTS,
  ) {
    const sequence = { action, periods };
    this.#size = periods * action.names.length;
    this.#costs = costs
      .filter((cost) => weightOf(weights, cost.name) > 0 && cost.appliesTo(sequence))
      .map((cost) => cost.onHost(sequence, weights));
  }

  /**
   * @param candidates raw actions `[N, K, A]`
   * @param joints null if they are not known: costs that depend on them are 0
   * @param out costs `[N]`, written
   */
  write(candidates: Float32Array, joints: PredictedJoints | null, out: Float64Array): void {
    for (let n = 0; n < out.length; n++) {
      const start = n * this.#size;
      let sum = 0;
      for (const cost of this.#costs) sum += cost(candidates, start, start + this.#size, joints);
      out[n] = sum;
    }
  }
}
