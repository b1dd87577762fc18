/** rmw_qos_reliability_policy_t, as requested of publishers and as endpoints report it. */
export const reliabilityPolicy = { reliable: 1, best_effort: 2 } as const;
/** rmw_qos_durability_policy_t. */
export const durabilityPolicy = { transient_local: 1, volatile: 2 } as const;

export type Reliability = keyof typeof reliabilityPolicy;
export type Durability = keyof typeof durabilityPolicy;

/** QoS of a subscription: keep last, automatic liveliness. */
export interface TopicQos {
  readonly depth: number;
  readonly reliability: Reliability;
  readonly durability: Durability;
}

/** Requested QoS of a subscription; `best_available` follows the publishers, like the policies of that name in ROS. */
export interface WantedQos {
  readonly depth: number;
  readonly reliability: Reliability | 'best_available';
  readonly durability: Durability | 'best_available';
}
