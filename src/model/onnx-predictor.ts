import type { Predictor } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import type { GraphSession } from './graph-session.js';

/** The predictor graph. */
export class OnnxPredictor implements Predictor {
  readonly #graph: GraphSession;

  constructor(graph: GraphSession) {
    this.#graph = graph;
  }

  /** @param actions normalised, `[B, A_model]` */
  predict(history: Tensor, actions: Tensor): Promise<Tensor> {
    return this.#graph.run([history, actions]);
  }
}
