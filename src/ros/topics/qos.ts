import rclnodejs from 'rclnodejs';

import { durabilityPolicy, reliabilityPolicy } from './qos-policies.js';
import type { TopicQos } from './qos-policies.js';

const keepLast = rclnodejs.QoS.HistoryPolicy.RMW_QOS_POLICY_HISTORY_KEEP_LAST;

export function toRosQos({ depth, reliability, durability }: TopicQos): rclnodejs.QoS {
  return new rclnodejs.QoS(keepLast, depth, reliabilityPolicy[reliability], durabilityPolicy[durability]);
}

/** For streams of which only the newest matters: best effort, which every publisher can serve. */
export function sensorData(depth: number): rclnodejs.QoS {
  return toRosQos({ depth, reliability: 'best_effort', durability: 'volatile' });
}

export function reliable(depth: number): rclnodejs.QoS {
  return toRosQos({ depth, reliability: 'reliable', durability: 'volatile' });
}

/** For messages that stay valid until the next one: late subscribers get the last. */
export function latched(): rclnodejs.QoS {
  return toRosQos({ depth: 1, reliability: 'reliable', durability: 'transient_local' });
}
