import { at, f32, f64 } from '../core/array-access.js';
import type { ActionSpec } from '../core/model-spec.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from '../core/ports.js';

/** The fields of an action that the joint kinds use. */
type JointAction = Pick<ActionSpec, 'joints' | 'periodMs' | 'deadBand'>;

/** One entry of a raw action: 0 where its magnitude is inside the dead band. */
export function outsideDeadBand(value: number, band: number): number {
  return Math.abs(value) < band ? 0 : value;
}

/** Actions are joint velocities, held for a period. */
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
        out[joint] = outsideDeadBand(f32(actions, index * size + joint), at(deadBand, joint));
    },
    followed(value, joint) {
      const limit = at(limits, joint).velocity;
      return Math.min(Math.max(value, -limit), limit);
    },
    atRest: () => 0,
  };
}

/** Actions are joint displacements, made at constant velocity over the period. What the limits cut off is left to the next plan. */
export function jointDelta({ joints, periodMs, deadBand }: JointAction): ActionSemantics {
  const size = joints.length;
  const periodS = periodMs / 1000;
  return {
    size,
    blend: 'mean',
    targetVelocity(actions, index, _position, _remainingS, out) {
      for (let joint = 0; joint < size; joint++)
        out[joint] = outsideDeadBand(f32(actions, index * size + joint), at(deadBand, joint)) / periodS;
    },
    followed: (value) => value,
    atRest: () => 0,
  };
}

/** Minimum time in which a position is to be reached, as a share of the period. Without it, the velocity would have no bound near its end. */
const MIN_SHARE = 0.2;

/** Actions are joint positions to be reached at the end of the period. */
export function jointPosition({ joints, periodMs }: JointAction): ActionSemantics {
  const size = joints.length;
  const minS = (periodMs / 1000) * MIN_SHARE;
  return {
    size,
    blend: 'last',
    targetVelocity(actions, index, position, remainingS, out) {
      for (let joint = 0; joint < size; joint++) {
        const displacement = f32(actions, index * size + joint) - f64(position, joint);
        out[joint] = displacement / Math.max(remainingS, minS);
      }
    },
    restingPoint(actions, index, position, out) {
      const last = actions.length / size - 1;
      for (let joint = 0; joint < size; joint++) {
        const goal = f32(actions, index * size + joint);
        const next = index < last ? f32(actions, (index + 1) * size + joint) : goal;
        const leadsOn = (next - goal) * (goal - f64(position, joint)) > 0;
        out[joint] = leadsOn ? next : goal;
      }
    },
    followed: (value) => value,
    atRest: (position, joint) => f64(position, joint),
  };
}
