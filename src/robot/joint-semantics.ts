import type { ActionSpec } from '../core/model-spec.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from './action-semantics.js';
import { outsideDeadBand } from './dead-band.js';

/** What of an action the meaning of the joint kinds depends on. */
type JointAction = Pick<ActionSpec, 'joints' | 'periodMs' | 'deadBand'>;

/** Velocities that are held. */
export function jointVelocity(
  { joints, deadBand }: JointAction,
  limits: readonly JointLimit[],
): ActionSemantics {
  const size = joints.length;
  return {
    size,
    blend: 'mean',
    targetVelocity(actions, index, _position, _remainingS, out) {
      for (let joint = 0; joint < size; joint++)
        out[joint] = outsideDeadBand(actions[index * size + joint] ?? 0, deadBand[joint] ?? 0);
    },
    followed(value, joint) {
      const limit = limits[joint]?.velocity ?? Infinity;
      return Math.min(Math.max(value, -limit), limit);
    },
    atRest: () => 0,
  };
}

/** The way is gone at one speed over the period. What the limits leave of it is made up for by the next plan. */
export function jointDelta({ joints, periodMs, deadBand }: JointAction): ActionSemantics {
  const size = joints.length;
  const periodS = periodMs / 1000;
  return {
    size,
    blend: 'mean',
    targetVelocity(actions, index, _position, _remainingS, out) {
      for (let joint = 0; joint < size; joint++)
        out[joint] = outsideDeadBand(actions[index * size + joint] ?? 0, deadBand[joint] ?? 0) / periodS;
    },
    followed: (value) => value,
    atRest: () => 0,
  };
}

/** Least time that a position is aimed at within, as a share of the period: what is late would ask for any speed else. */
const LEAST_SHARE = 0.2;

/** Positions to be at when the period ends. */
export function jointPosition({ joints, periodMs }: JointAction): ActionSemantics {
  const size = joints.length;
  const leastS = (periodMs / 1000) * LEAST_SHARE;
  return {
    size,
    blend: 'last',
    targetVelocity(actions, index, position, remainingS, out) {
      for (let joint = 0; joint < size; joint++) {
        const way = (actions[index * size + joint] ?? NaN) - (position[joint] ?? NaN);
        out[joint] = way / Math.max(remainingS, leastS);
      }
    },
    followed: (value) => value,
    atRest: (position, joint) => position[joint] ?? NaN,
  };
}
