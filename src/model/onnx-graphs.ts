import type { ActionSpec } from '../core/model-spec.js';
import type { Encoder, Objective, Predictor } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import { at } from '../core/array-access.js';
import type { GraphSession } from './graph-session.js';

/*
 * The graphs of a model behind the ports of src/core: each calls its session and gives the tensors their meaning. N: tokens of a latent;
 * D: numbers of a token; B: batch; A: numbers of an action. All throw what
 * {@link GraphSession.run} throws.
 */

/** Runs the encoder graph, or a goal encoder. */
export class OnnxEncoder implements Encoder {
  readonly #graph: GraphSession;

  constructor(graph: GraphSession) {
    this.#graph = graph;
  }

  encode(inputs: readonly Tensor[]): Promise<Tensor> {
    return this.#graph.run(inputs);
  }
}

/** Runs the predictor graph. */
export class OnnxPredictor implements Predictor {
  readonly #graph: GraphSession;

  constructor(graph: GraphSession) {
    this.#graph = graph;
  }

  /** @param actions normalised, `[B, block * A]` */
  predict(history: Tensor, actions: Tensor): Promise<Tensor> {
    return this.#graph.run([history, actions]);
  }
}

/** The learned temporal distance: predictor steps to the goal (quasimetric reinforcement learning, Wang et al. 2023). */
export class OnnxDistance implements Objective {
  readonly name = 'temporal_distance';
  readonly #graph: GraphSession;
  /** The goal once per latent; kept, since most calls have as many latents as the call before. */
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

/** A learned guess at the actions from a latent to the goal (goal-conditioned inverse dynamics). */
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
   * @returns raw actions `[K, A]`, K = the model's default horizon * block, not limited to any bounds
   */
  async propose(latent: Tensor, goal: Tensor): Promise<Float32Array> {
    const { data } = await this.#graph.run([latent, goal]);
    const { names, mean, std } = this.#action;
    return data.map((value, i) => value * at(std, i % names.length) + at(mean, i % names.length));
  }
}
