import type rclnodejs from 'rclnodejs';

import { latched, reliable } from './qos.js';

/** One topic that the node publishes; its messages are serialised already. */
export interface Output {
  publish(message: Buffer): void;
  /** Where a message is expensive to make, it is made for subscribers only. */
  readonly hasSubscribers: boolean;
}

/** Everything the node publishes: relative names, remappable. */
export interface NodeOutputs {
  readonly jointTrajectory: Output;
  readonly commands: Output;
  readonly plan: Output;
  readonly candidates: Output;
  readonly statistics: Output;
  readonly diagnostics: Output;
  readonly goalStatus: Output;
}

export function advertise(node: rclnodejs.Node): NodeOutputs {
  const output = (type: rclnodejs.MessageTypeClassName, topic: string, qos = reliable(10)): Output => {
    const publisher = node.createPublisher(type, topic, { qos });
    return {
      publish: (message) => {
        publisher.publish(message);
      },
      get hasSubscribers() {
        return node.countSubscribers(publisher.topic) > 0;
      },
    };
  };
  return {
    jointTrajectory: output('trajectory_msgs/msg/JointTrajectory', 'joint_trajectory'),
    commands: output('std_msgs/msg/Float64MultiArray', 'commands'),
    plan: output('trajectory_msgs/msg/JointTrajectory', '~/plan'),
    candidates: output('visualization_msgs/msg/MarkerArray', '~/candidates'),
    statistics: output('diagnostic_msgs/msg/DiagnosticArray', '~/statistics'),
    diagnostics: output('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics'),
    goalStatus: output('diagnostic_msgs/msg/DiagnosticArray', '~/goal_status', latched()),
  };
}
