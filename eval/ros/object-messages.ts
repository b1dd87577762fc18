import type rclnodejs from 'rclnodejs';
import type { Vector3 } from '../../src/robot/urdf-xml.js';
import { stampToNs, type RosTime } from '../../src/ros/topics/stamp.js';
import type { ObjectPose } from '../episodes/objects/object-move.js';

/** Where free objects are at one time, by their names: their middles in the frame of the robot's root link, m. */
export interface ObjectsReading {
  readonly stampNs: bigint;
  readonly positions: ReadonlyMap<string, Vector3>;
}

/** The fields of sensor_msgs/MultiDOFJointState that are used here. */
export interface MultiDofJointStateLike {
  readonly header: { readonly stamp: RosTime };
  readonly joint_names: readonly string[];
  readonly transforms: readonly {
    readonly translation: { readonly x: number; readonly y: number; readonly z: number };
  }[];
}

/** The message of a simulator's `~/true_object_poses`. */
export function toObjectsReading(message: MultiDofJointStateLike): ObjectsReading {
  const positions = message.joint_names.flatMap((name, index): [string, Vector3][] => {
    const at = message.transforms[index]?.translation;
    return at === undefined ? [] : [[name, [at.x, at.y, at.z]]];
  });
  return { stampNs: stampToNs(message.header.stamp), positions: new Map(positions) };
}

/** A message for a simulator's `~/set_objects` that places one object. */
export function toSetObjects(
  name: string,
  { xyz: [x, y, z], rpy }: ObjectPose,
): rclnodejs.sensor_msgs.msg.MultiDOFJointState {
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
    joint_names: [name],
    transforms: [{ translation: { x, y, z }, rotation: quaternionOf(rpy) }],
    twist: [],
    wrench: [],
  };
}

/** The unit quaternion of fixed-axis roll, pitch, yaw [rad]. */
function quaternionOf([roll, pitch, yaw]: Vector3): { x: number; y: number; z: number; w: number } {
  const [cr, sr] = [Math.cos(roll / 2), Math.sin(roll / 2)];
  const [cp, sp] = [Math.cos(pitch / 2), Math.sin(pitch / 2)];
  const [cy, sy] = [Math.cos(yaw / 2), Math.sin(yaw / 2)];
  return {
    x: sr * cp * cy - cr * sp * sy,
    y: cr * sp * cy + sr * cp * sy,
    z: cr * cp * sy - sr * sp * cy,
    w: cr * cp * cy + sr * sp * sy,
  };
}
