import { at, f32, f64 } from '../core/array-access.js';
import { END_EFFECTOR_AXES, type ActionSpec } from '../core/model-spec.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from '../core/ports.js';
import { dampedLeastSquares } from './damped-least-squares.js';
import { ForwardKinematics } from './forward-kinematics.js';
import { outsideDeadBand } from './joint-semantics.js';
import { rotated, rotationFromRpy, rotationVector } from './rotation.js';
import type { Urdf } from './urdf.js';

/** Components of a twist: the rows of the Jacobian. */
const TWIST_SIZE = 6;

/** Damping, rad or m. Near a singular pose, the joints fall short by this much instead of moving at high speed. */
const DAMPING = 0.003;

/**
 * Converts displacements and rotations of a link to joint velocities, by damped least squares on its Jacobian (Wampler 1986; Nakamura and
 * Hanafusa 1986). Axes that an action does not name are free; a named axis that is frozen at 0 is held. If a joint would exceed its velocity
 * limit, all joints slow down by the same factor, so the direction stays. What is missing of the displacement is left to the next plan.
 */
export class EndEffectorSemantics implements ActionSemantics {
  readonly size: number;
  readonly blend = 'mean';
  readonly #names: ActionSpec['names'];
  readonly #deadBand: readonly number[];
  readonly #periodS: number;
  readonly #limits: readonly JointLimit[];
  readonly #link: ForwardKinematics;
  readonly #base: ForwardKinematics;
  /** Rows of the twist that the action names. */
  readonly #rows: readonly number[];
  /** Index of the gripper's joint; -1 without a gripper. */
  readonly #gripper: number;
  /** Travel of the gripper's joint for an entry of 1, rad or m. */
  readonly #gripperTravel: number;
  /** `[6]`, in the frame of the root link. */
  readonly #twist = new Float64Array(TWIST_SIZE);
  /** `[6, J]` */
  readonly #jacobian: Float64Array;

  /** @throws JepaMpcError `urdf.invalid`, `urdf.unknown-joint` */
  constructor(action: ActionSpec, limits: readonly JointLimit[], urdf: Urdf) {
    const { names, deadBand, periodMs, endEffector, gripper, joints } = action;
    this.size = names.length;
    this.#names = names;
    this.#deadBand = deadBand;
    this.#periodS = periodMs / 1000;
    this.#limits = limits;
    this.#link = new ForwardKinematics(urdf, endEffector?.link ?? urdf.rootLink, joints);
    this.#base = new ForwardKinematics(urdf, endEffector?.base ?? urdf.rootLink, joints);
    this.#rows = END_EFFECTOR_AXES.slice(0, TWIST_SIZE).flatMap((axis, row) =>
      names.includes(axis) ? [row] : [],
    );
    this.#gripper = gripper === null ? -1 : joints.indexOf(gripper.joint);
    this.#gripperTravel = gripper === null ? 0 : gripper.one - gripper.zero;
    this.#jacobian = new Float64Array(TWIST_SIZE * joints.length);
  }

  targetVelocity(
    actions: Float32Array,
    index: number,
    position: Float64Array,
    _remainingS: number,
    out: Float64Array,
  ): void {
    const entry = (axis: (typeof END_EFFECTOR_AXES)[number]): number => {
      const place = this.#names.indexOf(axis);
      if (place < 0) return 0;
      return outsideDeadBand(f32(actions, index * this.size + place), at(this.#deadBand, place));
    };
    const { rotation } = this.#base.pose(position);
    const rotationAction = rotationVector(rotationFromRpy([entry('roll'), entry('pitch'), entry('yaw')]));
    this.#setVelocity(rotation, Float64Array.of(entry('x'), entry('y'), entry('z')), 0);
    this.#setVelocity(rotation, rotationAction, 3);
    this.#link.jacobian(position, this.#jacobian);
    dampedLeastSquares(this.#jacobian, this.#rows, this.#twist, DAMPING, out);
    if (this.#gripper >= 0) out[this.#gripper] = (entry('gripper') * this.#gripperTravel) / this.#periodS;
    this.#slowDown(out);
  }

  followed(value: number): number {
    return value;
  }

  atRest(): number {
    return 0;
  }

  /** Sets three components of the twist: a displacement or rotation in the base's frame, as a velocity in the root's frame. */
  #setVelocity(baseRotation: Float64Array, vector: Float64Array, first: number): void {
    const inRoot = rotated(baseRotation, vector);
    for (const [row, value] of inRoot.entries()) this.#twist[first + row] = value / this.#periodS;
  }

  #slowDown(velocity: Float64Array): void {
    let scale = 1;
    for (const [joint, limit] of this.#limits.entries()) {
      const speed = Math.abs(f64(velocity, joint));
      if (joint !== this.#gripper && speed > limit.velocity) scale = Math.min(scale, limit.velocity / speed);
    }
    for (const joint of velocity.keys()) {
      if (joint !== this.#gripper) velocity[joint] = f64(velocity, joint) * scale;
    }
  }
}
