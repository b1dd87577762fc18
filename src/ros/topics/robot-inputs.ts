import type rclnodejs from 'rclnodejs';

import type { QosOverrides } from './qos-overrides.js';
import { QosSubscription } from './qos-subscription.js';
import type { WantedQos } from './qos-policies.js';

/** Said once: who comes later has to get it too. */
const descriptionQos: WantedQos = { depth: 1, reliability: 'reliable', durability: 'transient_local' };

/**
 * Every publisher can be heard. All of what was measured counts, not the newest alone: parts of one pose may come in messages of their own, and
 * several have to agree before a pose is taken.
 */
const jointStateQos: WantedQos = { depth: 50, reliability: 'best_available', durability: 'volatile' };

export interface RobotInputHandlers {
  /** The URDF, as text. */
  readonly onDescription: (urdf: string) => void;
  readonly onJointState: (message: rclnodejs.sensor_msgs.msg.JointState) => void;
}

/** Subscribes to what the robot tells of itself, for as long as the node lives. */
export function subscribeToRobot(
  node: rclnodejs.Node,
  overrides: QosOverrides,
  handlers: RobotInputHandlers,
): void {
  new QosSubscription(
    node,
    'std_msgs/msg/String',
    'robot_description',
    { qos: descriptionQos, overrides },
    ({ data }) => {
      handlers.onDescription(data);
    },
  );
  new QosSubscription(
    node,
    'sensor_msgs/msg/JointState',
    'joint_states',
    { qos: jointStateQos, overrides },
    (message) => {
      handlers.onJointState(message);
    },
  );
}
