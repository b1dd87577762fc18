import { JepaMpcError } from '../core/errors.js';
import type { ObjectiveName } from '../core/model-spec.js';
import type { Objective } from '../core/ports.js';
import type { Tensor } from '../core/types.js';

/**
 * Sum over tokens and dimensions of the squared difference, as LeWM and DINO-WM plan with. It needs no graph, but says little far
 * from the goal: all distant latents are about equally far.
 */
export class SquaredLatentDistance implements Objective {
  readonly name = 'squared_latent_distance';
  #distances = new Float32Array(0);

  /** @returns `[B]`, overwritten by the next call */
  distance(latents: Tensor, goal: Tensor): Promise<Float32Array> {
    const batch = latents.shape[0] ?? 0;
    const size = goal.data.length;
    if (this.#distances.length !== batch) this.#distances = new Float32Array(batch);
    for (let n = 0; n < batch; n++) {
      let sum = 0;
      for (let i = 0; i < size; i++)
        sum += ((latents.data[n * size + i] ?? NaN) - (goal.data[i] ?? NaN)) ** 2;
      this.#distances[n] = sum;
    }
    return Promise.resolve(this.#distances);
  }
}

/**
 * The objective of that name.
 *
 * @param temporalDistance the model's own distance graph, null when it has none
 * @throws JepaMpcError `model.unsupported` when the temporal distance is asked of a model without one
 */
export function createObjective(name: ObjectiveName, temporalDistance: Objective | null): Objective {
  if (name === 'squared_latent_distance') return new SquaredLatentDistance();
  if (temporalDistance !== null) return temporalDistance;
  throw new JepaMpcError('model.unsupported', {
    subject: 'objective temporal_distance',
    found: 'a model without a distance graph',
    expected: 'a model with distance.onnx',
    remedy: 'Set the objective to squared_latent_distance, or train and export a distance head.',
  });
}
