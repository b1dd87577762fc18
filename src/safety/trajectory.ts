import { f64 } from '../core/array-access.js';
import { brakeMotion, isStill, type JointMotion, type MotionLimit } from './command-limiter.js';

/** One point of a trajectory_msgs/JointTrajectory. */
export interface TrajectoryPoint {
  readonly timeFromStartNs: bigint;
  /** `[J]`, rad or m. */
  readonly positions: Float64Array;
  /** `[J]`, rad/s or m/s. */
  readonly velocities: Float64Array;
}

/** Maximum number of points of a braking ramp. A longer ramp keeps every n-th tick, and its last. */
const MAX_RAMP_POINTS = 64;

function pointAt(timeFromStartNs: bigint, motion: JointMotion): TrajectoryPoint {
  return { timeFromStartNs, positions: motion.position.slice(), velocities: motion.velocity.slice() };
}

function brakingTicks(motion: JointMotion, dtS: number, limits: readonly MotionLimit[]): number {
  let ticks = 0;
  for (const [joint, limit] of limits.entries()) {
    const speed = Math.abs(f64(motion.velocity, joint));
    ticks = Math.max(ticks, Math.ceil(speed / (limit.acceleration * dtS)));
  }
  return ticks;
}

/**
 * The trajectory of one command: the next desired state, one command period from now, and from there a braking ramp to rest. Each joint brakes
 * on its own, at its acceleration limit. Times increase strictly and the last velocities are exactly 0, so a controller that receives nothing
 * more comes to rest inside the limits.
 *
 * @param next desired state at the end of the command period; not changed
 * @param commandPeriodNs above 0
 * @returns at least one point, in new arrays
 */
export function brakingTrajectory(
  next: JointMotion,
  commandPeriodNs: bigint,
  limits: readonly MotionLimit[],
): TrajectoryPoint[] {
  const dtS = Number(commandPeriodNs) / 1e9;
  const stride = Math.max(1, Math.ceil(brakingTicks(next, dtS, limits) / MAX_RAMP_POINTS));
  const motion = { position: next.position.slice(), velocity: next.velocity.slice() };
  const points = [pointAt(commandPeriodNs, motion)];
  let atRest = isStill(motion);
  for (let tick = 1; !atRest; tick++) {
    atRest = brakeMotion(motion, dtS, limits);
    if (atRest || tick % stride === 0) points.push(pointAt(BigInt(tick + 1) * commandPeriodNs, motion));
  }
  return points;
}
