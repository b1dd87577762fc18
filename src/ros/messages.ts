import type rclnodejs from 'rclnodejs';

import type { Command } from '../control/command-stream.js';
import type { TrajectoryPoint } from '../control/trajectory.js';
import type { ImageFrame, Plan } from '../core/types.js';
import { nsToStamp, stampToNs } from './stamp.js';
import type { RosTime } from './stamp.js';

type JointTrajectory = rclnodejs.trajectory_msgs.msg.JointTrajectory;
type DiagnosticStatus = rclnodejs.diagnostic_msgs.msg.DiagnosticStatus;

/** The fields of sensor_msgs/Image that count here. */
export interface ImageMessage {
  readonly header: { readonly stamp: RosTime };
  readonly width: number;
  readonly height: number;
  readonly encoding: string;
  readonly step: number;
  readonly data: ArrayLike<number>;
}

/** An Image with its bytes in a Uint8Array (the message's own memory where it is one already). */
export function toImageFrame(message: ImageMessage): ImageFrame {
  return {
    stampNs: stampToNs(message.header.stamp),
    width: message.width,
    height: message.height,
    encoding: message.encoding,
    step: message.step,
    data: message.data instanceof Uint8Array ? message.data : Uint8Array.from(message.data),
  };
}

function toTrajectoryPoint(point: TrajectoryPoint): rclnodejs.trajectory_msgs.msg.JointTrajectoryPoint {
  return {
    positions: Array.from(point.positions),
    velocities: Array.from(point.velocities),
    accelerations: [],
    effort: [],
    time_from_start: nsToStamp(point.timeFromStartNs),
  };
}

/** A command as trajectory_msgs/JointTrajectory: stamp 0 ("now"), strictly increasing times, at rest at the end. */
export function toJointTrajectory(command: Command, joints: readonly string[]): JointTrajectory {
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
    joint_names: [...joints],
    points: command.points.map(toTrajectoryPoint),
  };
}

/** A command as std_msgs/Float64MultiArray for forward_command_controller, in the order of the joints. */
export function toMultiArray(
  command: Command,
  kind: 'velocity' | 'position',
): rclnodejs.std_msgs.msg.Float64MultiArray {
  return {
    layout: { dim: [], data_offset: 0 },
    data: Array.from(kind === 'velocity' ? command.velocities : command.positions),
  };
}

/**
 * A plan as trajectory_msgs/JointTrajectory for people to look at: the planned target velocities, one point for each control period,
 * stamped with the frame it was planned from.
 */
export function toPlanMessage(plan: Plan, joints: readonly string[]): JointTrajectory {
  const periodNs = BigInt(Math.round(plan.periodMs * 1e6));
  const count = plan.actions.length / plan.joints;
  return {
    header: { stamp: nsToStamp(plan.frameStampNs), frame_id: '' },
    joint_names: [...joints],
    points: Array.from({ length: count }, (_, index) => ({
      positions: [],
      velocities: Array.from(plan.actions.subarray(index * plan.joints, (index + 1) * plan.joints)),
      accelerations: [],
      effort: [],
      time_from_start: nsToStamp(BigInt(index + 1) * periodNs),
    })),
  };
}

/** diagnostic_msgs/DiagnosticStatus levels. */
export const diagnosticLevel = { ok: 0, warn: 1, error: 2, stale: 3 } as const;

/** One status of a DiagnosticArray. */
export function toStatus(
  level: keyof typeof diagnosticLevel,
  name: string,
  message: string,
  values: Readonly<Record<string, string | number | bigint>>,
): DiagnosticStatus {
  return {
    level: diagnosticLevel[level],
    name,
    message,
    hardware_id: '',
    values: Object.entries(values).map(([key, value]) => ({ key, value: String(value) })),
  };
}

export function toDiagnosticArray(
  stampNs: bigint,
  status: readonly DiagnosticStatus[],
): rclnodejs.diagnostic_msgs.msg.DiagnosticArray {
  return { header: { stamp: nsToStamp(stampNs), frame_id: '' }, status: [...status] };
}
