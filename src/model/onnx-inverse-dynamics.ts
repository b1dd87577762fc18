import type { ActionSpec } from '../core/model-spec.js';
import type { Tensor } from '../core/types.js';
import type { GraphSession } from './graph-session.js';

/** A learned guess at the actions that lead from a latent to the goal (goal-conditioned inverse dynamics). */
export class OnnxInverseDynamics {
  readonly #graph: GraphSession;
  readonly #action: ActionSpec;

  constructor(graph: GraphSession, action: ActionSpec) {
    this.#graph = graph;
    this.#action = action;
  }

  /**
   * @param latent `[1, N, D]`
   * @param goal `[1, N, D]`
   * @returns raw actions `[K, A]`, K = the model's own horizon * block, not yet inside any bounds
   */
  async propose(latent: Tensor, goal: Tensor): Promise<Float32Array> {
    const { data } = await this.#graph.run([latent, goal]);
    const { names, mean, std } = this.#action;
    return data.map((value, i) => {
      const entry = i % names.length;
      return value * (std[entry] ?? NaN) + (mean[entry] ?? NaN);
    });
  }
}
