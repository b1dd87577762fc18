import rclnodejs from 'rclnodejs';

const keepLast = rclnodejs.QoS.HistoryPolicy.RMW_QOS_POLICY_HISTORY_KEEP_LAST;
const reliableDelivery = rclnodejs.QoS.ReliabilityPolicy.RMW_QOS_POLICY_RELIABILITY_RELIABLE;
const bestEffort = rclnodejs.QoS.ReliabilityPolicy.RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT;

/** For streams of which only the newest matters: best effort, which every publisher can serve. */
export function sensorData(depth: number): rclnodejs.QoS {
  return new rclnodejs.QoS(keepLast, depth, bestEffort);
}

export function reliable(depth: number): rclnodejs.QoS {
  return new rclnodejs.QoS(keepLast, depth, reliableDelivery);
}

/** For things said once and valid until further notice: late subscribers get the last one. */
export function latched(): rclnodejs.QoS {
  const qos = new rclnodejs.QoS(keepLast, 1, reliableDelivery);
  qos.durability = rclnodejs.QoS.DurabilityPolicy.RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL;
  return qos;
}
