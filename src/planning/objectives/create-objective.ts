import { noTemporalDistance } from '../../core/objective-errors.js';
import type { LatentStream } from '../../core/model-spec.js';
import type { DistanceMetric } from '../../core/objective-spec.js';
import type { Objective } from '../../core/ports.js';
import { LatentDistance } from './latent-distances.js';

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
