import { durabilityPolicy, reliabilityPolicy } from './qos-policies.js';
import type { TopicQos, WantedQos } from './qos-policies.js';

/** A publisher or subscription as the ROS graph reports it. */
export interface Endpoint {
  readonly node_name: string;
  readonly node_namespace: string;
  readonly topic_type: string;
  readonly qos_profile: EndpointQos;
}

/** The policies that decide who hears whom, by their rmw numbers. */
interface EndpointQos {
  readonly reliability: number;
  readonly durability: number;
}

/** A policy that a publisher does not offer although a subscription asks for it. */
export interface Mismatch {
  readonly policy: 'reliability' | 'durability';
  readonly offered: string;
  readonly requested: string;
}

/** The first policy for which DDS keeps the two apart, or null: an offer may be stronger than what is requested, not weaker. */
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
 * The strongest QoS that all publishers offer, where `best_available` is wanted.
 *
 * @param publishers those known now; before there is one, what is heard of any publisher (best effort) and what late ones have kept
 *   (transient local) is asked for
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
