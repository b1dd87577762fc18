import { assertLength, at, f64 } from '../core/array-access.js';
import type { JointLimit } from '../core/types.js';
import { VelocityChange } from './velocity-change.js';

/** A commanded state: positions [rad or m], velocities [rad/s or m/s] and accelerations [rad/s² or m/s²], `[J]` each. */
export interface JointMotion {
  readonly position: Float64Array;
  readonly velocity: Float64Array;
  readonly acceleration: Float64Array;
}

/** A robot at rest at a pose. @param position `[J]`, rad or m, not copied */
export function restingAt(position: Float64Array): JointMotion {
  const { length } = position;
  return { position, velocity: new Float64Array(length), acceleration: new Float64Array(length) };
}

export function copyOf({ position, velocity, acceleration }: JointMotion): JointMotion {
  return { position: position.slice(), velocity: velocity.slice(), acceleration: acceleration.slice() };
}

/** Copies a state over another one of as many joints. */
export function copyTo(target: JointMotion, { position, velocity, acceleration }: JointMotion): void {
  target.position.set(position);
  target.velocity.set(velocity);
  target.acceleration.set(acceleration);
}

/** Whether no joint moves, or is about to. */
export function isStill({ velocity, acceleration }: Pick<JointMotion, 'velocity' | 'acceleration'>): boolean {
  return velocity.every((value) => value === 0) && acceleration.every((value) => value === 0);
}

/** The fields of a joint limit that the limiter needs. */
export type MotionLimit = Pick<JointLimit, 'lower' | 'upper' | 'velocity' | 'acceleration' | 'jerk'>;

/** Position differences below this [rad or m] are rounding errors. */
const ROUNDING = 1e-9;

/** Halvings in the search for the fastest velocity that is allowed: it is found to within a millionth of the wanted one. */
const HALVINGS = 20;

const change = new VelocityChange();

/** How far a joint goes while it brakes to rest from here, in both directions: at most 0 and at least 0. */
const extent = { behind: 0, ahead: 0 };

function measureBraking(velocity: number, acceleration: number, limit: MotionLimit): void {
  const end = change.plan(velocity, acceleration, 0, limit).at(change.durationS).displacement;
  const turn = change.turningPoint;
  extent.behind = Math.min(0, end, turn);
  extent.ahead = Math.max(0, end, turn);
}

/** The state of one joint after a tick. */
const next = { position: 0, velocity: 0, acceleration: 0 };

/** Sets {@link next} to the state after a tick towards a velocity. */
function step(
  position: number,
  velocity: number,
  acceleration: number,
  target: number,
  dtS: number,
  limit: MotionLimit,
): void {
  change.plan(velocity, acceleration, target, limit).at(dtS);
  next.position = position + change.displacement;
  next.velocity = change.velocity;
  next.acceleration = change.acceleration;
}

/** Whether the joint can brake to rest from {@link next} without leaving this range. */
function canBrakeWithin(lower: number, upper: number, limit: MotionLimit): boolean {
  measureBraking(next.velocity, next.acceleration, limit);
  return next.position + extent.behind >= lower && next.position + extent.ahead <= upper;
}

/**
 * Sets {@link next} to the state of one joint after a tick towards a target velocity, as near to the target as the limits allow.
 *
 * The acceleration and the jerk limit always hold. So does the velocity limit: the target lies within it, and no change overshoots its target.
 * The position limits hold because a tick is taken only if the joint can brake to rest inside them from its end. Braking is always possible:
 * braking from the end of a tick of braking is the rest of the same ramp. A joint outside its limits may brake, and move inwards.
 */
function advanceJoint(
  position: number,
  velocity: number,
  acceleration: number,
  target: number,
  dtS: number,
  limit: MotionLimit,
): void {
  // A joint outside its limits moves inwards only.
  const slowest = position < limit.lower ? 0 : -limit.velocity;
  const fastest = position > limit.upper ? 0 : limit.velocity;
  const wanted = Number.isFinite(target) ? Math.min(Math.max(target, slowest), fastest) : 0;
  measureBraking(velocity, acceleration, limit);
  // Where braking leads beyond a limit in any case, it may, and no further.
  const lowest = position + extent.behind;
  const highest = position + extent.ahead;
  const lower = lowest >= limit.lower - ROUNDING ? limit.lower : lowest;
  const upper = highest <= limit.upper + ROUNDING ? limit.upper : highest;
  step(position, velocity, acceleration, wanted, dtS, limit);
  if (wanted !== 0 && !canBrakeWithin(lower, upper, limit)) {
    let allowed = 0;
    let share = 1;
    for (let halving = 0; halving < HALVINGS; halving++) {
      share /= 2;
      step(position, velocity, acceleration, wanted * (allowed + share), dtS, limit);
      if (canBrakeWithin(lower, upper, limit)) allowed += share;
    }
    step(position, velocity, acceleration, wanted * allowed, dtS, limit);
  }
  // Rounding cannot move a joint past its limit.
  next.position = Math.min(Math.max(next.position, lower), upper);
}

/** Advances one joint of the commanded state in place. */
function advanceIn(
  motion: JointMotion,
  joint: number,
  target: number,
  dtS: number,
  limit: MotionLimit,
): void {
  const { position, velocity, acceleration } = motion;
  advanceJoint(f64(position, joint), f64(velocity, joint), f64(acceleration, joint), target, dtS, limit);
  motion.position[joint] = next.position;
  motion.velocity[joint] = next.velocity;
  motion.acceleration[joint] = next.acceleration;
}

/**
 * Advances the commanded state in place by one tick towards the target velocities.
 *
 * Starting at rest inside the limits, for any targets and ticks of any lengths: position, velocity, acceleration and jerk keep their limits at every
 * moment, within ticks too.
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
  for (const [joint, limit] of limits.entries()) advanceIn(motion, joint, at(target, joint), dtS, limit);
}

/** Advances the commanded state in place by one tick of braking. @param dtS length of the tick, s @returns whether every joint is at rest now */
export function brakeMotion(motion: JointMotion, dtS: number, limits: readonly MotionLimit[]): boolean {
  for (const [joint, limit] of limits.entries()) advanceIn(motion, joint, 0, dtS, limit);
  return isStill(motion);
}

/** Time that the slowest joint takes to brake to rest from here, s. */
export function brakingTimeS(
  { velocity, acceleration }: Pick<JointMotion, 'velocity' | 'acceleration'>,
  limits: readonly MotionLimit[],
): number {
  let longest = 0;
  for (const [joint, limit] of limits.entries()) {
    change.plan(f64(velocity, joint), f64(acceleration, joint), 0, limit);
    longest = Math.max(longest, change.durationS);
  }
  return longest;
}
