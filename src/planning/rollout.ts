import { JepaMpcError } from '../core/errors.js';
import type { Tensor } from '../core/types.js';
import type { PlannerModel } from './planner-model.js';

/**
 * Rolls a batch of N action sequences through the predictor, one call for each horizon step. The history window starts as the same
 * frames for all and then takes in each prediction. All buffers are kept from plan to plan; one rollout at a time.
 */
export class Rollout {
  readonly #model: PlannerModel;
  readonly #batch: number;
  readonly #history: Tensor;
  readonly #actions: Tensor;
  /** `(raw - mean) / std` as `raw * gain + bias`, for each of the A_model entries of one block. */
  readonly #gain: Float32Array;
  readonly #bias: Float32Array;

  /** @param batch N, the sequences rolled out at once */
  constructor(model: PlannerModel, batch: number) {
    const { latent, history, action } = model;
    const joints = action.joints.length;
    const blockSize = joints * action.block;
    this.#model = model;
    this.#batch = batch;
    const historySize = history.window * latent.tokens * latent.dim;
    this.#history = {
      data: new Float32Array(batch * historySize),
      shape: [batch, history.window, latent.tokens, latent.dim],
    };
    this.#actions = { data: new Float32Array(batch * blockSize), shape: [batch, blockSize] };
    this.#gain = Float32Array.from({ length: blockSize }, (_, i) => 1 / (action.std[i % joints] ?? 1));
    this.#bias = Float32Array.from(
      { length: blockSize },
      (_, i) => -(action.mean[i % joints] ?? 0) / (action.std[i % joints] ?? 1),
    );
  }

  /**
   * @param history latents of the last W frames, oldest first, `[1, W, N, D]`
   * @param candidates raw actions `[batch, horizon * block, J]`
   * @returns the predicted latents of each step in turn, `[batch, N, D]`; a step's tensor is the predictor's and holds until the next
   * @throws JepaMpcError `planner.wrong-shape` when the predictor answers with another size
   */
  async *run(history: Tensor, candidates: Float32Array, horizon: number): AsyncGenerator<Tensor> {
    const window = this.#history.data;
    for (let n = 0; n < this.#batch; n++) window.set(history.data, n * history.data.length);
    for (let step = 0; step < horizon; step++) {
      this.#normaliseBlock(candidates, step, horizon);
      const next = await this.#model.predictor.predict(this.#history, this.#actions);
      this.#checkPrediction(next);
      if (step + 1 < horizon) this.#slide(next.data);
      yield next;
    }
  }

  /** Model actions of one step of every candidate. */
  #normaliseBlock(candidates: Float32Array, step: number, horizon: number): void {
    const actions = this.#actions.data;
    const blockSize = this.#gain.length;
    for (let n = 0; n < this.#batch; n++) {
      const source = (n * horizon + step) * blockSize;
      const target = n * blockSize;
      for (let i = 0; i < blockSize; i++) {
        actions[target + i] = (candidates[source + i] ?? 0) * (this.#gain[i] ?? 0) + (this.#bias[i] ?? 0);
      }
    }
  }

  /** Drops the oldest latent of every window and appends the prediction. */
  #slide(next: Float32Array): void {
    const window = this.#history.data;
    const latentSize = this.#model.latent.tokens * this.#model.latent.dim;
    const historySize = latentSize * this.#model.history.window;
    for (let n = 0; n < this.#batch; n++) {
      const start = n * historySize;
      const end = start + historySize;
      window.copyWithin(start, start + latentSize, end);
      for (let i = 0; i < latentSize; i++) window[end - latentSize + i] = next[n * latentSize + i] ?? NaN;
    }
  }

  #checkPrediction(next: Tensor): void {
    const { tokens, dim } = this.#model.latent;
    const values = this.#batch * tokens * dim;
    if (next.data.length === values) return;
    throw new JepaMpcError('planner.wrong-shape', {
      subject: 'predicted latents',
      found: `shape [${next.shape.join(', ')}]`,
      expected: `[${[this.#batch, tokens, dim].join(', ')}]`,
      remedy: 'The predictor does not fit its manifest; export the model again.',
    });
  }
}
