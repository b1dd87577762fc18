import type rclnodejs from 'rclnodejs';

import type { WantedQos } from './qos-policies.js';
import type { Topics } from './topics.js';

/** Published once: late subscribers have to get it too. */
const descriptionQos: WantedQos = { depth: 1, reliability: 'reliable', durability: 'transient_local' };

/**
 * Compatible with every publisher. Every message counts, not the newest alone: parts of one pose may come in messages of their own, and
 * several have to agree before a pose is taken.
 */
const jointStateQos: WantedQos = { depth: 50, reliability: 'best_available', durability: 'volatile' };

export interface RobotInputHandlers {
  /** The URDF, as text. */
  readonly onDescription: (urdf: string) => void;
  readonly onJointState: (message: rclnodejs.sensor_msgs.msg.JointState) => void;
}

/** Subscribes to the robot's description and joint states, for as long as the node lives. */
export function subscribeToRobot(topics: Topics, handlers: RobotInputHandlers): void {
  topics.subscribe('std_msgs/msg/String', 'robot_description', descriptionQos, ({ data }) => {
    handlers.onDescription(data);
  });
  topics.subscribe('sensor_msgs/msg/JointState', 'joint_states', jointStateQos, (message) => {
    handlers.onJointState(message);
  });
}
