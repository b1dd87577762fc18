import type { Endpoint, EndpointQos } from './endpoints.js';
import { durabilityPolicy, reliabilityPolicy } from './qos-policies.js';
import type { TopicQos, WantedQos } from './qos-policies.js';

/** A policy that a subscription requests and a publisher does not offer. */
export interface Mismatch {
  readonly policy: 'reliability' | 'durability';
  readonly offered: string;
  readonly requested: string;
}

/** The first policy for which DDS does not connect the two, or null: an offer may be stronger than the request, not weaker. */
export function mismatch(offered: EndpointQos, requested: EndpointQos): Mismatch | null {
  if (
    offered.reliability === reliabilityPolicy.best_effort &&
    requested.reliability === reliabilityPolicy.reliable
  ) {
    return { policy: 'reliability', offered: 'best_effort', requested: 'reliable' };
  }
  if (
    offered.durability === durabilityPolicy.volatile &&
    requested.durability === durabilityPolicy.transient_local
  ) {
    return { policy: 'durability', offered: 'volatile', requested: 'transient_local' };
  }
  return null;
}

/**
 * The strongest QoS that all publishers offer, where `best_available` is requested.
 *
 * @param publishers those known now; without any, the request is best effort, which every publisher can serve, and transient local, which
 *   also gets what was published before
 */
export function bestAvailable(wanted: WantedQos, publishers: readonly Endpoint[]): TopicQos {
  const areReliable =
    publishers.length > 0 &&
    publishers.every(({ qos_profile }) => qos_profile.reliability !== reliabilityPolicy.best_effort);
  const isVolatile = publishers.some(
    ({ qos_profile }) => qos_profile.durability === durabilityPolicy.volatile,
  );
  return {
    depth: wanted.depth,
    reliability:
      wanted.reliability !== 'best_available' ? wanted.reliability : areReliable ? 'reliable' : 'best_effort',
    durability:
      wanted.durability !== 'best_available'
        ? wanted.durability
        : isVolatile
          ? 'volatile'
          : 'transient_local',
  };
}
