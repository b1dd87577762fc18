import type rclnodejs from 'rclnodejs';

import { latched, reliable } from './qos.js';

/** One topic that the node publishes; its messages are serialised already. */
export interface Output {
  publish(message: Buffer): void;
  /** Where a message is expensive to make, it is made for subscribers only. */
  readonly hasSubscribers: boolean;
}

/** A topic that can be given up. */
export interface DisposableOutput extends Pick<Output, 'publish'> {
  dispose(): void;
}

/** Everything the node publishes: relative names, remappable. */
export interface NodeOutputs {
  readonly jointTrajectory: Output;
  readonly commands: Output;
  readonly plan: Output;
  readonly candidates: Output;
  readonly candidateActions: Output;
  readonly candidateCosts: Output;
  readonly statistics: Output;
  readonly diagnostics: Output;
  readonly goalStatus: Output;
}

/** A topic of images whose last one late subscribers get. */
export function advertiseImages(node: rclnodejs.Node, topic: string): DisposableOutput {
  const publisher = node.createPublisher('sensor_msgs/msg/Image', topic, { qos: latched() });
  return {
    publish: (message) => {
      publisher.publish(message);
    },
    dispose: () => {
      node.destroyPublisher(publisher);
    },
  };
}

/** @param onPublished gets every message after it was published */
export function advertise(
  node: rclnodejs.Node,
  onPublished: (topic: string, type: string, message: Uint8Array) => void,
): NodeOutputs {
  const output = (type: rclnodejs.MessageTypeClassName, topic: string, qos = reliable(10)): Output => {
    const publisher = node.createPublisher(type, topic, { qos });
    return {
      publish: (message) => {
        publisher.publish(message);
        onPublished(publisher.topic, type, message);
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
    candidateActions: output('std_msgs/msg/Float32MultiArray', '~/candidate_actions'),
    candidateCosts: output('std_msgs/msg/Float32MultiArray', '~/candidate_costs'),
    statistics: output('diagnostic_msgs/msg/DiagnosticArray', '~/statistics'),
    diagnostics: output('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics'),
    goalStatus: output('diagnostic_msgs/msg/DiagnosticArray', '~/goal_status', latched()),
  };
}
