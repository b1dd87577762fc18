import type { CdrWriter } from '@foxglove/cdr';

import type { TrajectoryPoint } from '../../safety/trajectory.js';
import type { PlannedMotion } from '../../robot/action-motion.js';
import { cdrMessage, writeHeader, writeString, writeTime } from './cdr-writing.js';

const NONE = new Float64Array(0);

/** Points of a command as trajectory_msgs/JointTrajectory, serialised, with stamp 0 ("now"). */
export function jointTrajectory(
  points: readonly TrajectoryPoint[],
  joints: readonly string[],
  { hasVelocities }: { readonly hasVelocities: boolean },
): Buffer {
  return cdrMessage((writer) => {
    writeTrajectoryHead(writer, 0n, joints, points.length);
    for (const point of points) writePoint(writer, hasVelocities ? point : { ...point, velocities: NONE });
  });
}

/**
 * A plan as trajectory_msgs/JointTrajectory, serialised, for people to look at: the motion that it predicts, one point at the end of each
 * control period, with the stamp of the frame it was planned from.
 */
export function plannedTrajectory(
  frameStampNs: bigint,
  { positions, velocities, periodNs }: PlannedMotion,
  joints: readonly string[],
): Buffer {
  const periods = positions.length / joints.length;
  return cdrMessage((writer) => {
    writeTrajectoryHead(writer, frameStampNs, joints, periods);
    for (let period = 0; period < periods; period++) {
      const [start, end] = [period * joints.length, (period + 1) * joints.length];
      writePoint(writer, {
        positions: positions.subarray(start, end),
        velocities: velocities.subarray(start, end),
        timeFromStartNs: BigInt(period + 1) * periodNs,
      });
    }
  });
}

/**
 * Set-points as std_msgs/Float64MultiArray, serialised, for forward_command_controller: one number a joint. The message has no names; those
 * in the label of its one dimension are for people and recordings.
 */
export function setPoints(values: Float64Array, joints: readonly string[]): Buffer {
  return cdrMessage((writer) => {
    writer.sequenceLength(1);
    writeString(writer, joints.join(', '));
    writer.uint32(values.length).uint32(values.length);
    writer.uint32(0); // data_offset
    writer.float64Array(values, true);
  });
}

function writeTrajectoryHead(
  writer: CdrWriter,
  stampNs: bigint,
  joints: readonly string[],
  points: number,
): void {
  writeHeader(writer, stampNs, '');
  writer.sequenceLength(joints.length);
  for (const joint of joints) writeString(writer, joint);
  writer.sequenceLength(points);
}

/** trajectory_msgs/JointTrajectoryPoint, without accelerations and efforts */
function writePoint(writer: CdrWriter, { positions, velocities, timeFromStartNs }: TrajectoryPoint): void {
  writer.float64Array(positions, true).float64Array(velocities, true);
  writer.sequenceLength(0).sequenceLength(0);
  writeTime(writer, timeFromStartNs);
}
