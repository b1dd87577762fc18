import type { Encoder } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import type { GraphSession } from './graph-session.js';

/** The encoder graph. */
export class OnnxEncoder implements Encoder {
  readonly #graph: GraphSession;

  constructor(graph: GraphSession) {
    this.#graph = graph;
  }

  encode(inputs: readonly Tensor[]): Promise<Tensor> {
    return this.#graph.run(inputs);
  }
}
