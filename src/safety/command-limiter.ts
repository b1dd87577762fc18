import type { JointLimit } from '../core/types.js';

/** The state that is commanded: positions [rad or m] and velocities [rad/s or m/s], one for each joint. */
export interface JointMotion {
  readonly position: Float64Array;
  readonly velocity: Float64Array;
}

/** Of one joint: what the limiter needs of `JointLimit`. */
export type MotionLimit = Pick<JointLimit, 'lower' | 'upper' | 'velocity' | 'acceleration'>;

/** Shortfalls of position below this [rad or m] are rounding, not motion. */
const ROUNDING = 1e-12;

/**
 * The largest velocity at the end of this tick from which the joint can still stop before its limit, braking from the next tick on.
 *
 * Velocities change linearly within a tick, so a tick from v0 to v1 covers `(v0 + v1) dt/2`. Braking takes `h = a dt` off every tick, and
 * what is left (`r < h`) in the last. From `v1 = n h + r` this tick's share of v1 and the whole braking cover
 * `h dt n(n+1)/2 + r dt (n+1)`: piecewise linear in v1, and inverted here exactly.
 *
 * @param distance from the joint to its limit, negative outside of it.
 * @param v0 present velocity, positive towards the limit.
 * @returns a velocity towards the limit; negative when the joint has to turn back within this tick. Outside the limit: at most 0, unless
 * the joint is back inside at the end of the tick.
 */
function stoppableVelocity(distance: number, v0: number, acceleration: number, dtS: number): number {
  if (distance === Infinity) return Infinity;
  const room = distance - (v0 * dtS) / 2;
  if (room >= 0) {
    const tickDistance = acceleration * dtS * dtS;
    const fullTicks = Math.floor((Math.sqrt(1 + (8 * room) / tickDistance) - 1) / 2);
    const rest = room - (tickDistance * fullTicks * (fullTicks + 1)) / 2;
    return fullTicks * acceleration * dtS + rest / (dtS * (fullTicks + 1));
  }
  if (distance < 0 || room > -ROUNDING) return 0;
  // Only reached when this tick is longer than the last: braking in longer ticks covers up to a dt²/8 more than was foreseen. The joint
  // then turns back inside the tick, with the deceleration that stops it at the limit.
  return v0 - (v0 * v0 * dtS) / (2 * distance);
}

/**
 * One joint's velocity at the end of a tick: as near to the target as the limits allow.
 *
 * In order of precedence: `|v1 - v0| <= a dt`, always; the velocity limit; the position limits (see `stoppableVelocity`); the target. A
 * target that is not finite counts as 0. A joint that starts outside its position limits is braked, and moves only inwards.
 */
export function limitedVelocity(
  position: number,
  velocity: number,
  target: number,
  dtS: number,
  limit: MotionLimit,
): number {
  const wanted = Number.isFinite(target) ? Math.min(Math.max(target, -limit.velocity), limit.velocity) : 0;
  const up = stoppableVelocity(limit.upper - position, velocity, limit.acceleration, dtS);
  const down = stoppableVelocity(position - limit.lower, -velocity, limit.acceleration, dtS);
  const stoppable = Math.min(Math.max(wanted, -down), up);
  // Once more the velocity limit: turning back within a tick may ask for more.
  const permitted = Math.min(Math.max(stoppable, -limit.velocity), limit.velocity);
  const slew = limit.acceleration * dtS;
  // Adding 0 turns -0 into 0: nobody should read a sign off a joint at rest.
  return Math.min(Math.max(permitted, velocity - slew), velocity + slew) + 0;
}

/** One joint's velocity after a tick of braking: `a dt` nearer to 0, and exactly 0 at the end. */
function brakedVelocity(velocity: number, dtS: number, limit: MotionLimit): number {
  const slew = limit.acceleration * dtS;
  return Math.abs(velocity) <= slew ? 0 : velocity - Math.sign(velocity) * slew;
}

/** Position after a tick in which the velocity went linearly from v0 to v1. Rounding cannot carry a joint over its limit. */
function advancedPosition(position: number, v0: number, v1: number, dtS: number, limit: MotionLimit): number {
  const next = position + ((v0 + v1) * dtS) / 2;
  const startedInside = position >= limit.lower && position <= limit.upper;
  return startedInside ? Math.min(Math.max(next, limit.lower), limit.upper) : next;
}

/**
 * Advances the commanded state in place by one tick towards the target velocities.
 *
 * Starting at rest inside the limits, for any targets: no position limit is crossed, the velocity limit holds, and the velocity
 * changes by at most `a dt`. That includes the way between ticks for ticks of one length. Where lengths differ from tick to tick it is true
 * at every tick, and on the way between a joint may pass its limit by at most `a dt²/32`, where its velocity limit is below `a dt`.
 */
export function advanceMotion(
  motion: JointMotion,
  target: ArrayLike<number>,
  dtS: number,
  limits: readonly MotionLimit[],
): void {
  for (const [joint, limit] of limits.entries()) {
    const q = motion.position[joint] ?? NaN;
    const v0 = motion.velocity[joint] ?? NaN;
    const v1 = limitedVelocity(q, v0, target[joint] ?? 0, dtS, limit);
    motion.velocity[joint] = v1;
    motion.position[joint] = advancedPosition(q, v0, v1, dtS, limit);
  }
}

/** Advances the commanded state in place by one tick of braking; returns whether every joint is at rest now. */
export function brakeMotion(motion: JointMotion, dtS: number, limits: readonly MotionLimit[]): boolean {
  let atRest = true;
  for (const [joint, limit] of limits.entries()) {
    const v0 = motion.velocity[joint] ?? NaN;
    const v1 = brakedVelocity(v0, dtS, limit);
    motion.velocity[joint] = v1;
    motion.position[joint] = advancedPosition(motion.position[joint] ?? NaN, v0, v1, dtS, limit);
    if (v1 !== 0) atRest = false;
  }
  return atRest;
}
