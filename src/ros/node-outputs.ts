import type rclnodejs from 'rclnodejs';

import type { Command } from '../control/command-stream.js';
import type { Plan } from '../core/types.js';
import type { Parameters } from '../params/schema.js';
import { toDiagnosticArray, toJointTrajectory, toMultiArray, toPlanMessage } from './messages.js';
import { reliable } from './qos.js';

/** Everything the node publishes. */
export class NodeOutputs {
  readonly #node: rclnodejs.Node;
  readonly #trajectory: rclnodejs.Publisher<'trajectory_msgs/msg/JointTrajectory'>;
  readonly #commands: rclnodejs.Publisher<'std_msgs/msg/Float64MultiArray'>;
  readonly #plan: rclnodejs.Publisher<'trajectory_msgs/msg/JointTrajectory'>;
  readonly #statistics: rclnodejs.Publisher<'diagnostic_msgs/msg/DiagnosticArray'>;
  readonly #diagnostics: rclnodejs.Publisher<'diagnostic_msgs/msg/DiagnosticArray'>;

  constructor(node: rclnodejs.Node) {
    this.#node = node;
    const qos = reliable(10);
    this.#trajectory = node.createPublisher('trajectory_msgs/msg/JointTrajectory', 'joint_trajectory', {
      qos,
    });
    this.#commands = node.createPublisher('std_msgs/msg/Float64MultiArray', 'commands', { qos });
    this.#plan = node.createPublisher('trajectory_msgs/msg/JointTrajectory', '~/plan', { qos });
    this.#statistics = node.createPublisher('diagnostic_msgs/msg/DiagnosticArray', '~/statistics', { qos });
    this.#diagnostics = node.createPublisher('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', { qos });
  }

  command(command: Command, joints: readonly string[], parameters: Parameters): void {
    if (parameters['command.interface'] === 'joint_trajectory') {
      this.#trajectory.publish(toJointTrajectory(command, joints));
    } else {
      this.#commands.publish(toMultiArray(command, parameters['command.kind']));
    }
  }

  /** Only when somebody listens: turning a message into its C form costs the thread about a millisecond. */
  plan(plan: Plan, joints: readonly string[]): void {
    if (this.#isHeard(this.#plan.topic)) this.#plan.publish(toPlanMessage(plan, joints));
  }

  statistics(stampNs: bigint, status: rclnodejs.diagnostic_msgs.msg.DiagnosticStatus): void {
    if (this.#isHeard(this.#statistics.topic)) this.#statistics.publish(toDiagnosticArray(stampNs, [status]));
  }

  diagnostics(stampNs: bigint, status: readonly rclnodejs.diagnostic_msgs.msg.DiagnosticStatus[]): void {
    this.#diagnostics.publish(toDiagnosticArray(stampNs, status));
  }

  #isHeard(topic: string): boolean {
    return this.#node.countSubscribers(topic) > 0;
  }
}
