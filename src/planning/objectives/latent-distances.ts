import { COSINE_EPSILON, type DistanceMetric } from '../../core/objective-spec.js';
import type { Objective } from '../../core/ports.js';
import type { Tensor } from '../../core/types.js';

/** Distance of the latent that starts at `offset` of `latents` from `goal`; both hold tokens of `dim` values each. */
type Kernel = (latents: Float32Array, offset: number, goal: Float32Array, dim: number) => number;

/** The metrics that compare latents themselves. */
export type LatentMetric = Exclude<DistanceMetric, 'temporal_distance'>;

const KERNELS: Readonly<Record<LatentMetric, Kernel>> = {
  /** Sum of the squared differences, as LeWM plans with. */
  squared_latent_distance: (latents, offset, goal) => {
    let sum = 0;
    for (let i = 0; i < goal.length; i++) sum += ((latents[offset + i] ?? NaN) - (goal[i] ?? NaN)) ** 2;
    return sum;
  },
  /** Mean absolute difference, as V-JEPA 2-AC plans with. */
  l1: (latents, offset, goal) => {
    let sum = 0;
    for (let i = 0; i < goal.length; i++) sum += Math.abs((latents[offset + i] ?? NaN) - (goal[i] ?? NaN));
    return sum / goal.length;
  },
  /** Mean Huber loss with its corner at 1, as PyTorch's `smooth_l1_loss`. */
  smooth_l1: (latents, offset, goal) => {
    let sum = 0;
    for (let i = 0; i < goal.length; i++) {
      const difference = Math.abs((latents[offset + i] ?? NaN) - (goal[i] ?? NaN));
      sum += difference < 1 ? difference ** 2 / 2 : difference - 0.5;
    }
    return sum / goal.length;
  },
  /** Mean over tokens of one minus the cosine between them. */
  cosine: (latents, offset, goal, dim) => {
    let sum = 0;
    for (let token = 0; token < goal.length; token += dim) {
      let dot = 0;
      let latentSquared = 0;
      let goalSquared = 0;
      for (let i = token; i < token + dim; i++) {
        const a = latents[offset + i] ?? NaN;
        const b = goal[i] ?? NaN;
        dot += a * b;
        latentSquared += a * a;
        goalSquared += b * b;
      }
      const lengths = Math.sqrt(latentSquared) * Math.sqrt(goalSquared);
      sum += 1 - dot / Math.max(lengths, COSINE_EPSILON);
    }
    return sum / (goal.length / dim);
  },
};

/**
 * A distance between latents as they are. It needs no graph, but says little far from the goal: all distant latents are about equally
 * far.
 */
export class LatentDistance implements Objective {
  readonly name: LatentMetric;
  #distances = new Float32Array(0);

  constructor(name: LatentMetric) {
    this.name = name;
  }

  /** @returns `[B]`, overwritten by the next call */
  distance(latents: Tensor, goal: Tensor): Promise<Float32Array> {
    const batch = latents.shape[0] ?? 0;
    const dim = goal.shape.at(-1) ?? 1;
    const kernel = KERNELS[this.name];
    if (this.#distances.length !== batch) this.#distances = new Float32Array(batch);
    for (let n = 0; n < batch; n++)
      this.#distances[n] = kernel(latents.data, n * goal.data.length, goal.data, dim);
    return Promise.resolve(this.#distances);
  }
}
