import { f64 } from '../core/array-access.js';
import { brakingTimeS, isStill, type JointMotion, type MotionLimit } from './command-limiter.js';
import { VelocityChange } from './velocity-change.js';

/** One point of a trajectory_msgs/JointTrajectory. */
export interface TrajectoryPoint {
  readonly timeFromStartNs: bigint;
  /** `[J]`, rad or m. */
  readonly positions: Float64Array;
  /** `[J]`, rad/s or m/s. */
  readonly velocities: Float64Array;
}

/** Default of the maximum number of points of a braking ramp. */
const MAX_RAMP_POINTS = 64;

/** A ramp that ends less than this share of a tick after a tick has ended with it. */
const ROUNDING = 1e-10;

const braking = new VelocityChange();

/** The point of the ramp at a time after its beginning; the last one is exactly at rest. */
function pointAt(
  next: JointMotion,
  timeS: number,
  timeFromStartNs: bigint,
  limits: readonly MotionLimit[],
): TrajectoryPoint {
  const positions = new Float64Array(limits.length);
  const velocities = new Float64Array(limits.length);
  for (const [joint, limit] of limits.entries()) {
    const q = f64(next.position, joint);
    braking.plan(f64(next.velocity, joint), f64(next.acceleration, joint), 0, limit).at(timeS);
    const isInside = q >= limit.lower && q <= limit.upper;
    const moved = q + braking.displacement;
    // Rounding cannot move a joint past its limit.
    positions[joint] = isInside ? Math.min(Math.max(moved, limit.lower), limit.upper) : moved;
    velocities[joint] = braking.velocity;
  }
  return { timeFromStartNs, positions, velocities };
}

/**
 * The trajectory of one command: the next desired state, one command period from now, and from there a braking ramp to rest. Each joint brakes
 * on its own, as fast as its limits of acceleration and jerk allow. Times increase strictly and the last velocities are exactly 0, so a controller
 * that receives nothing more comes to rest inside the limits.
 *
 * @param next desired state at the end of the command period; not changed
 * @param commandPeriodNs above 0
 * @param maxPoints of the ramp, without its beginning. A longer ramp keeps every n-th tick, and its last
 * @returns at least one point, in new arrays
 */
export function brakingTrajectory(
  next: JointMotion,
  commandPeriodNs: bigint,
  limits: readonly MotionLimit[],
  maxPoints = MAX_RAMP_POINTS,
): TrajectoryPoint[] {
  const dtS = Number(commandPeriodNs) / 1e9;
  const ticks = isStill(next) ? 0 : Math.max(1, Math.ceil(brakingTimeS(next, limits) / dtS - ROUNDING));
  const stride = Math.max(1, Math.ceil(ticks / maxPoints));
  const points = [pointAt(next, 0, commandPeriodNs, limits)];
  for (let tick = stride; tick < ticks; tick += stride)
    points.push(pointAt(next, tick * dtS, BigInt(tick + 1) * commandPeriodNs, limits));
  if (ticks > 0) points.push(pointAt(next, (ticks + 1) * dtS, BigInt(ticks + 1) * commandPeriodNs, limits));
  return points;
}
