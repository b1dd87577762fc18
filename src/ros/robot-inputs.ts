import type rclnodejs from 'rclnodejs';

import { guardSubscriptions } from './callback-errors.js';
import { latched, sensorData } from './qos.js';

export interface RobotInputHandlers {
  /** The URDF, as text. */
  readonly onDescription: (urdf: string) => void;
  readonly onJointState: (message: rclnodejs.sensor_msgs.msg.JointState) => void;
}

/** Subscribes to what the robot tells of itself, for as long as the node lives. */
export function subscribeToRobot(node: rclnodejs.Node, handlers: RobotInputHandlers): void {
  const description = node.createSubscription(
    'std_msgs/msg/String',
    'robot_description',
    { qos: latched() },
    (message: rclnodejs.std_msgs.msg.String) => {
      handlers.onDescription(message.data);
    },
  );
  guardSubscriptions(description, (error) => {
    throw error;
  });
  node.createSubscription(
    'sensor_msgs/msg/JointState',
    'joint_states',
    { qos: sensorData(5) },
    (message: rclnodejs.sensor_msgs.msg.JointState) => {
      handlers.onJointState(message);
    },
  );
}
