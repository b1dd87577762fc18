import { at, f32 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { Tensor } from '../core/types.js';
import type { RolloutModel } from '../planning/planner-definition.js';

/**
 * Rolls a batch of N action sequences through the predictor, one call for each horizon step. The window starts with the context frames,
 * the same for all, and takes in each prediction; where the model warms up short it grows until it is full. One rollout at a time.
 */
export class Rollout {
  readonly #model: RolloutModel;
  readonly #batch: number;
  /** Values of one latent and of one block. */
  readonly #latentSize: number;
  readonly #blockSize: number;
  /** `(raw - mean) / std` as `raw * gain + bias`, for each of the A_model entries of one block. */
  readonly #gain: Float32Array;
  readonly #bias: Float32Array;
  /** Windows and actions by the number of frames in them; kept from plan to plan. */
  readonly #windows = new Map<number, { readonly history: Tensor; readonly actions: Tensor }>();

  /** @param batch N, the sequences rolled out at once */
  constructor(model: RolloutModel, batch: number) {
    const { latent, action } = model;
    const joints = action.names.length;
    this.#model = model;
    this.#batch = batch;
    this.#latentSize = latent.tokens * latent.dim;
    this.#blockSize = joints * action.block;
    this.#gain = Float32Array.from({ length: this.#blockSize }, (_, i) => 1 / at(action.std, i % joints));
    this.#bias = Float32Array.from(
      { length: this.#blockSize },
      (_, i) => -at(action.mean, i % joints) / at(action.std, i % joints),
    );
  }

  /**
   * @param history latents of the context frames, oldest first, `[1, C, T, D]`
   * @param candidates raw actions `[batch, horizon * block, J]`
   * @returns the predicted latents of each step in turn, `[batch, T, D]`; a step's tensor is the predictor's and holds until the next
   * @throws JepaMpcError `planner.wrong-shape` when the predictor answers with another size
   */
  async *run(history: Tensor, candidates: Float32Array, horizon: number): AsyncGenerator<Tensor> {
    const { window, actions: kind } = this.#model.history;
    const context = history.data.length / this.#latentSize;
    let previous: Tensor | null = null;
    let next: Tensor | null = null;
    for (let step = 0; step < horizon; step++) {
      const frames = Math.min(context + step, window);
      const seen = this.#window(frames);
      if (previous === null || next === null) this.#fill(seen.history, history.data);
      else this.#append(previous, next.data, seen.history);
      // The newest frame of the window is frame `context - 1 + step`, and block k leaves frame `context - 1 + k`.
      const blocks = kind === 'paired' ? frames : 1;
      this.#normaliseBlocks(seen.actions.data, candidates, step - blocks + 1, blocks, horizon);
      next = await this.#model.predictor.predict(seen.history, seen.actions);
      this.#checkPrediction(next);
      previous = seen.history;
      yield next;
    }
  }

  #window(frames: number): { readonly history: Tensor; readonly actions: Tensor } {
    const known = this.#windows.get(frames);
    if (known !== undefined) return known;
    const { latent, history } = this.#model;
    const batch = this.#batch;
    const actionShape =
      history.actions === 'paired' ? [batch, frames, this.#blockSize] : [batch, this.#blockSize];
    const made = {
      history: {
        data: new Float32Array(batch * frames * this.#latentSize),
        shape: [batch, frames, latent.tokens, latent.dim],
      },
      actions: {
        data: new Float32Array(actionShape.reduce((total, size) => total * size, 1)),
        shape: actionShape,
      },
    };
    this.#windows.set(frames, made);
    return made;
  }

  #fill({ data }: Tensor, context: Float32Array): void {
    for (let n = 0; n < this.#batch; n++) data.set(context, n * context.length);
  }

  /** The window before, without its oldest latents where it is full, and the prediction; `into` may be the window before. */
  #append(before: Tensor, next: Float32Array, into: Tensor): void {
    const size = this.#latentSize;
    const oldSize = before.data.length / this.#batch;
    const newSize = into.data.length / this.#batch;
    const kept = newSize - size;
    for (let n = 0; n < this.#batch; n++) {
      const start = n * newSize;
      const end = (n + 1) * oldSize;
      if (into === before) into.data.copyWithin(start, end - kept, end);
      else into.data.set(before.data.subarray(end - kept, end), start);
      for (let i = 0; i < size; i++) into.data[start + kept + i] = f32(next, n * size + i);
    }
  }

  /** Model actions of `count` blocks of every candidate, from block `first` on. */
  #normaliseBlocks(
    into: Float32Array,
    candidates: Float32Array,
    first: number,
    count: number,
    horizon: number,
  ): void {
    const blockSize = this.#blockSize;
    for (let n = 0; n < this.#batch; n++) {
      for (let block = 0; block < count; block++) {
        const source = (n * horizon + first + block) * blockSize;
        const target = (n * count + block) * blockSize;
        for (let i = 0; i < blockSize; i++) {
          into[target + i] = f32(candidates, source + i) * f32(this.#gain, i) + f32(this.#bias, i);
        }
      }
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
