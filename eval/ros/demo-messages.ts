import type { JointReading } from '../../src/core/types.js';
import { stampToNs, type RosTime } from '../../src/ros/topics/stamp.js';

/** The fields of sensor_msgs/JointState that are used here. */
export interface JointStateLike {
  readonly header: { readonly stamp: RosTime };
  readonly name: readonly string[];
  readonly position: ArrayLike<number>;
  readonly velocity: ArrayLike<number>;
}

/** A JointState in the order of `joints`; null if one of them is missing. A missing velocity counts as 0. */
export function toJointReading(message: JointStateLike, joints: readonly string[]): JointReading | null {
  const order = joints.map((joint) => message.name.indexOf(joint));
  if (order.includes(-1)) return null;
  return {
    stampNs: stampToNs(message.header.stamp),
    position: Float64Array.from(order, (index) => message.position[index] ?? Number.NaN),
    velocity: Float64Array.from(order, (index) => message.velocity[index] ?? 0),
  };
}

/** One point of a command, in the requested joint order; NaN for values that the message lacks. */
export interface CommandPoint {
  readonly position: readonly number[];
  readonly velocity: readonly number[];
  /** From the start of the trajectory to this point. */
  readonly timeFromStartS: number;
}

/** The fields of trajectory_msgs/JointTrajectory that are used here. */
export interface JointTrajectoryLike {
  readonly joint_names: readonly string[];
  readonly points: readonly {
    readonly positions: ArrayLike<number>;
    readonly velocities: ArrayLike<number>;
    readonly time_from_start: RosTime;
  }[];
}

/** All points of a trajectory in the order of `joints`; NaN for position and velocity of a missing joint. */
export function toCommandPoints(message: JointTrajectoryLike, joints: readonly string[]): CommandPoint[] {
  const order = joints.map((joint) => message.joint_names.indexOf(joint));
  return message.points.map((point) => ({
    position: order.map((index) => point.positions[index] ?? Number.NaN),
    velocity: order.map((index) => point.velocities[index] ?? Number.NaN),
    timeFromStartS: Number(stampToNs(point.time_from_start)) / 1e9,
  }));
}

/** The fields of diagnostic_msgs/DiagnosticArray that are used here. */
export interface DiagnosticArrayLike {
  readonly status: readonly {
    readonly name: string;
    readonly values: readonly { readonly key: string; readonly value: string }[];
  }[];
}

/** The entries of the status named `planner`; null if there is none. */
export function toPlannerStatistics(message: DiagnosticArrayLike): ReadonlyMap<string, string> | null {
  const status = message.status.find(({ name }) => name === 'planner');
  return status === undefined ? null : new Map(status.values.map(({ key, value }) => [key, value]));
}

/** The fields of diagnostic_msgs/DiagnosticArray with the status of a node's parts. */
export interface PartsLike {
  readonly status: readonly { readonly name: string; readonly level: number; readonly message: string }[];
}

const DIAGNOSTIC_ERROR = 2;

/** Why this node holds the robot, empty if it does not; null for a message from another node. */
export function toHoldReason({ status }: PartsLike, node: string): string | null {
  const motion = status.find(({ name }) => name === `${node}: motion`);
  if (motion === undefined) return null;
  return motion.level === DIAGNOSTIC_ERROR ? motion.message : '';
}

/** State that the planner node reports with a reset. */
export interface ResetReport {
  /** Measured joint positions that it took as its desired ones, by joint. */
  readonly positions: ReadonlyMap<string, number>;
  /** Stamp of its goal image; 0 for none. */
  readonly goalStampNs: bigint;
  readonly nowNs: bigint;
}

/** Parses the response of the planner's `~/reset`: `anchored at a=0.1 b=-2; goal 17; now 42`. Null for anything else. */
export function toResetReport(message: string): ResetReport | null {
  const match = /^anchored at (.*); goal (\d+); now (\d+)$/.exec(message);
  if (match === null) return null;
  const [, pose = '', goal = '', now = ''] = match;
  const positions = new Map(
    pose.split(' ').map((entry): [string, number] => {
      const [joint = '', position] = entry.split('=');
      return [joint, Number(position)];
    }),
  );
  return { positions, goalStampNs: BigInt(goal), nowNs: BigInt(now) };
}
