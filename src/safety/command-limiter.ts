import { assertLength, at, f64 } from '../core/array-access.js';
import type { JointLimit } from '../core/types.js';

/** A commanded state: positions [rad or m] and velocities [rad/s or m/s], `[J]` each. */
export interface JointMotion {
  readonly position: Float64Array;
  readonly velocity: Float64Array;
}

/** Whether no joint moves. */
export function isStill({ velocity }: Pick<JointMotion, 'velocity'>): boolean {
  return velocity.every((value) => value === 0);
}

/** The fields of a joint limit that the limiter needs. */
export type MotionLimit = Pick<JointLimit, 'lower' | 'upper' | 'velocity' | 'acceleration'>;

/** Position differences below this [rad or m] are rounding errors. */
const ROUNDING = 1e-12;

/**
 * The maximum velocity at the end of this tick from which the joint can still stop before its limit, if it brakes from the next tick on.
 *
 * Velocities change linearly within a tick, so a tick from v0 to v1 covers `(v0 + v1) dt/2`. Braking reduces the velocity by `h = a dt` every
 * tick, and by the rest (`r < h`) in the last. From `v1 = n h + r`, the part of this tick that depends on v1 and the whole braking cover
 * `h dt n(n+1)/2 + r dt (n+1)`. This is piecewise linear in v1, and is inverted here exactly.
 *
 * @param distance from the joint to its limit, rad or m; negative outside of it
 * @param v0 present velocity, positive towards the limit
 * @returns a velocity towards the limit; negative when the joint has to reverse within this tick. Outside the limit: at most 0, unless the
 *   joint is back inside at the end of the tick.
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
  // Only reached when this tick is longer than the last: braking in longer ticks covers up to a dt²/8 more than assumed before. The joint then
  // reverses within the tick, with the deceleration that stops it at the limit.
  return v0 - (v0 * v0 * dtS) / (2 * distance);
}

/**
 * The velocity of one joint at the end of a tick: as near to the target as the limits allow.
 *
 * In order of precedence: `|v1 - v0| <= a dt`, always; the velocity limit; the position limits (see `stoppableVelocity`); the target. A target
 * that is not finite counts as 0. A joint that starts outside its position limits brakes, and moves only inwards.
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
  // The velocity limit again: reversing within a tick may need more.
  const permitted = Math.min(Math.max(stoppable, -limit.velocity), limit.velocity);
  const slew = limit.acceleration * dtS;
  // Adding 0 turns -0 into 0, so that a joint at rest has no sign.
  return Math.min(Math.max(permitted, velocity - slew), velocity + slew) + 0;
}

/** The velocity of one joint after a tick of braking: `a dt` nearer to 0, and exactly 0 at the end. */
function brakedVelocity(velocity: number, dtS: number, limit: MotionLimit): number {
  const slew = limit.acceleration * dtS;
  return Math.abs(velocity) <= slew ? 0 : velocity - Math.sign(velocity) * slew;
}

/** Position after a tick in which the velocity changes linearly from v0 to v1. Rounding cannot move a joint past its limit. */
function advancedPosition(position: number, v0: number, v1: number, dtS: number, limit: MotionLimit): number {
  const next = position + ((v0 + v1) * dtS) / 2;
  const startedInside = position >= limit.lower && position <= limit.upper;
  return startedInside ? Math.min(Math.max(next, limit.lower), limit.upper) : next;
}

/**
 * Advances the commanded state in place by one tick towards the target velocities.
 *
 * Starting at rest inside the limits, for any targets: no position limit is crossed, the velocity limit holds, and the velocity changes by at
 * most `a dt`. With ticks of equal length this also holds between ticks. With ticks of different lengths it holds at every tick; in between, a
 * joint may pass its limit by at most `a dt²/32`, if its velocity limit is below `a dt`.
 *
 * @param target velocities `[J]`, rad/s or m/s; one that is not finite counts as 0
 * @param dtS length of the tick, s, above 0
 * @throws RangeError when the lengths differ
 */
export function advanceMotion(
  motion: JointMotion,
  target: ArrayLike<number>,
  dtS: number,
  limits: readonly MotionLimit[],
): void {
  assertLength('target velocities', target, limits.length);
  for (const [joint, limit] of limits.entries()) {
    const q = f64(motion.position, joint);
    const v0 = f64(motion.velocity, joint);
    const v1 = limitedVelocity(q, v0, at(target, joint), dtS, limit);
    motion.velocity[joint] = v1;
    motion.position[joint] = advancedPosition(q, v0, v1, dtS, limit);
  }
}

/** Advances the commanded state in place by one tick of braking. @param dtS length of the tick, s @returns whether every joint is at rest now */
export function brakeMotion(motion: JointMotion, dtS: number, limits: readonly MotionLimit[]): boolean {
  let atRest = true;
  for (const [joint, limit] of limits.entries()) {
    const v0 = f64(motion.velocity, joint);
    const v1 = brakedVelocity(v0, dtS, limit);
    motion.velocity[joint] = v1;
    motion.position[joint] = advancedPosition(f64(motion.position, joint), v0, v1, dtS, limit);
    if (v1 !== 0) atRest = false;
  }
  return atRest;
}
