import type { Objective } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import type { GraphSession } from './graph-session.js';

/** The learned temporal distance (quasimetric reinforcement learning, Wang et al. 2023): predictor steps to the goal. */
export class OnnxDistance implements Objective {
  readonly name = 'temporal_distance';
  readonly #graph: GraphSession;
  #goals: Tensor = { data: new Float32Array(0), shape: [0] };

  constructor(graph: GraphSession) {
    this.#graph = graph;
  }

  /** @param goal `[1, N, D]`, the same for all latents */
  async distance(latents: Tensor, goal: Tensor): Promise<Float32Array> {
    if (this.#goals.data.length !== latents.data.length) {
      this.#goals = { data: new Float32Array(latents.data.length), shape: latents.shape };
    }
    for (let start = 0; start < latents.data.length; start += goal.data.length)
      this.#goals.data.set(goal.data, start);
    const distances = await this.#graph.run([latents, this.#goals]);
    return distances.data;
  }
}
