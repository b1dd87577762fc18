import { at, f32 } from '../../core/array-access.js';
import { noTemporalDistance } from '../../core/objective-errors.js';
import type { LatentStream } from '../../core/model-spec.js';
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
    for (let i = 0; i < goal.length; i++) sum += (f32(latents, offset + i) - f32(goal, i)) ** 2;
    return sum;
  },
  /** Mean absolute difference, as V-JEPA 2-AC plans with. */
  l1: (latents, offset, goal) => {
    let sum = 0;
    for (let i = 0; i < goal.length; i++) sum += Math.abs(f32(latents, offset + i) - f32(goal, i));
    return sum / goal.length;
  },
  /** Mean Huber loss with its corner at 1, as PyTorch's `smooth_l1_loss`. */
  smooth_l1: (latents, offset, goal) => {
    let sum = 0;
    for (let i = 0; i < goal.length; i++) {
      const difference = Math.abs(f32(latents, offset + i) - f32(goal, i));
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
        const a = f32(latents, offset + i);
        const b = f32(goal, i);
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
 * A distance between latents themselves. It needs no graph, but is flat far from the goal: all distant latents are about equally far.
 */
export class LatentDistance implements Objective {
  readonly name: LatentMetric;
  readonly #streams: readonly LatentStream[] | null;
  #distances = new Float32Array(0);
  /** What is compared of one latent and of the goal, by stream. */
  #parts: readonly { readonly latent: Float32Array; readonly goal: Float32Array }[] = [];

  /** @param streams parts of the latents that are compared, their distances added up by weight; absent: all of them */
  constructor(name: LatentMetric, streams?: readonly LatentStream[]) {
    this.name = name;
    this.#streams = streams ?? null;
  }

  /** @returns `[B]`, overwritten by the next call */
  distance(latents: Tensor, goal: Tensor): Promise<Float32Array> {
    const batch = at(latents.shape, 0);
    const dim = goal.shape.at(-1) ?? 1;
    const kernel = KERNELS[this.name];
    if (this.#distances.length !== batch) this.#distances = new Float32Array(batch);
    const size = goal.data.length;
    if (this.#streams === null) {
      for (let n = 0; n < batch; n++) this.#distances[n] = kernel(latents.data, n * size, goal.data, dim);
    } else {
      this.#takeGoal(this.#streams, goal.data, dim);
      for (let n = 0; n < batch; n++)
        this.#distances[n] = this.#byStream(this.#streams, kernel, latents.data, n * size, dim);
    }
    return Promise.resolve(this.#distances);
  }

  #takeGoal(streams: readonly LatentStream[], goal: Float32Array, dim: number): void {
    if (this.#parts.length === 0) {
      this.#parts = streams.map(({ tokens, dims }) => {
        const size = (tokens[1] - tokens[0]) * (dims[1] - dims[0]);
        return { latent: new Float32Array(size), goal: new Float32Array(size) };
      });
    }
    for (const [i, part] of this.#parts.entries()) copyPart(streams[i], goal, 0, dim, part.goal);
  }

  #byStream(
    streams: readonly LatentStream[],
    kernel: Kernel,
    latents: Float32Array,
    offset: number,
    dim: number,
  ): number {
    let sum = 0;
    for (const [i, { latent, goal }] of this.#parts.entries()) {
      const stream = streams[i];
      if (stream === undefined) continue;
      copyPart(stream, latents, offset, dim, latent);
      sum += stream.weight * kernel(latent, 0, goal, stream.dims[1] - stream.dims[0]);
    }
    return sum;
  }
}

/**
 * The distance of that name.
 *
 * @param temporalDistance the model's own distance graph, null when it has none
 * @param streams parts of the latents that are compared; absent: all of them
 * @throws JepaMpcError `model.unsupported` when the temporal distance is asked of a model without one
 */
export function createObjective(
  metric: DistanceMetric,
  temporalDistance: Objective | null,
  streams?: readonly LatentStream[],
): Objective {
  if (metric !== 'temporal_distance') return new LatentDistance(metric, streams);
  if (temporalDistance !== null) return temporalDistance;
  throw noTemporalDistance();
}

/** The part of the latent at `offset` that a stream is. */
function copyPart(
  stream: LatentStream | undefined,
  latents: Float32Array,
  offset: number,
  dim: number,
  out: Float32Array,
): void {
  if (stream === undefined) return;
  const [start, end] = stream.dims;
  let place = 0;
  for (let token = stream.tokens[0]; token < stream.tokens[1]; token++, place += end - start) {
    const row = offset + token * dim;
    out.set(latents.subarray(row + start, row + end), place);
  }
}
