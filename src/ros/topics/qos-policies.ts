/** rmw_qos_reliability_policy_t, as publishers are asked for it and as endpoints report it. */
export const reliabilityPolicy = { reliable: 1, best_effort: 2 } as const;
/** rmw_qos_durability_policy_t. */
export const durabilityPolicy = { transient_local: 1, volatile: 2 } as const;

export type Reliability = keyof typeof reliabilityPolicy;
export type Durability = keyof typeof durabilityPolicy;

/** What a topic is heard with: keep last, automatic liveliness. */
export interface TopicQos {
  readonly depth: number;
  readonly reliability: Reliability;
  readonly durability: Durability;
}

/** What a topic is to be heard with; `best_available` follows the publishers, as the policies of that name in ROS. */
export interface WantedQos {
  readonly depth: number;
  readonly reliability: Reliability | 'best_available';
  readonly durability: Durability | 'best_available';
}
