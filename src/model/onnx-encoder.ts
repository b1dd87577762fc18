import type { Encoder } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import type { GraphSession } from './graph-session.js';

/** The encoder graph. */
export class OnnxEncoder implements Encoder {
  readonly #graph: GraphSession;

  constructor(graph: GraphSession) {
    this.#graph = graph;
  }

  /** @param images one `[B, C, H, W]` for each camera, in manifest order */
  encode(images: readonly Tensor[]): Promise<Tensor> {
    return this.#graph.run(images);
  }
}
