import type { FrameSet, JointPositions } from '../core/model-info.js';
import { f64 } from '../core/array-access.js';
import { secondsToNs } from '../core/time.js';
import { withJoints } from '../robot/goal-joints.js';
import type { Proprioception } from '../robot/proprioception.js';
import type { Timeline } from '../timeline/timeline.js';

/** What a goal needs of the loop that captures it. */
interface Captor {
  readonly timeline: Pick<Timeline, 'frames' | 'readings' | 'positionAt'>;
  /** In the order of readings. */
  readonly joints: readonly string[];
  /** Age at which a reading no longer says where the robot is, s. */
  readonly freshS: number;
  readonly proprioception?: Proprioception | undefined;
}

/**
 * The newest frame as a goal: its images, and the joint positions at its stamp if a reading is near enough to know them. A goal is at rest,
 * however the robot moved when it was captured.
 *
 * @returns null when there is no frame
 */
export function capturedGoal({ timeline, joints, freshS, proprioception }: Captor): FrameSet | null {
  const frame = timeline.frames.newest;
  if (frame === null) return null;
  const { stampNs, frames } = frame;
  const distanceNs = timeline.readings.distanceTo(stampNs);
  if (distanceNs === null || distanceNs > secondsToNs(freshS)) return { stampNs, frames };
  return withJoints(
    { stampNs, frames },
    positionsByName(joints, timeline.positionAt(stampNs)),
    proprioception,
  );
}

function positionsByName(joints: readonly string[], position: Float64Array): JointPositions {
  return Object.fromEntries(joints.map((joint, index) => [joint, f64(position, index)]));
}
