import { END_EFFECTOR_AXES, type ActionSpec } from '../core/model-spec.js';
import type { JointLimit } from '../core/types.js';
import type { ActionSemantics } from './action-semantics.js';
import { dampedLeastSquares } from './damped-least-squares.js';
import { outsideDeadBand } from './dead-band.js';
import { ForwardKinematics } from './forward-kinematics.js';
import { rotationFromRpy, rotationVector } from './rotation.js';
import type { Urdf } from './urdf.js';

/** Axes of a twist: the rows of the Jacobian. */
const TWIST = 6;

/** Rad or m: near a singular pose the joints give up this much of the way rather than race. */
const DAMPING = 0.003;

/**
 * Ways and turns of a link as velocities of the joints, by damped least squares on its Jacobian (Wampler 1986; Nakamura and Hanafusa 1986).
 * Axes that an action does not name are left to the joints; a named one that is frozen at 0 is kept. Where a joint would be faster than its
 * limit all are slowed down alike, so that the direction stays. What is left of the way is made up for by the next plan.
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
  /** Rows of the twist that are asked for. */
  readonly #rows: readonly number[];
  /** Index of the gripper's joint, -1 without one, and its way for a share of 1. */
  readonly #gripper: number;
  readonly #gripperWay: number;
  /** `[6]`, in the frame of the root link. */
  readonly #twist = new Float64Array(TWIST);
  /** `[6, J]` */
  readonly #jacobian: Float64Array;
  readonly #asked = new Float64Array(3);

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
    this.#rows = END_EFFECTOR_AXES.slice(0, TWIST).flatMap((axis, row) =>
      names.includes(axis) ? [row] : [],
    );
    this.#gripper = gripper === null ? -1 : joints.indexOf(gripper.joint);
    this.#gripperWay = gripper === null ? 0 : gripper.one - gripper.zero;
    this.#jacobian = new Float64Array(TWIST * joints.length);
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
      return outsideDeadBand(actions[index * this.size + place] ?? 0, this.#deadBand[place] ?? 0);
    };
    const { rotation } = this.#base.pose(position);
    const turn = rotationVector(rotationFromRpy([entry('roll'), entry('pitch'), entry('yaw')]));
    this.#asked.set([entry('x'), entry('y'), entry('z')]);
    this.#turnInto(rotation, this.#asked, 0);
    this.#turnInto(rotation, turn, 3);
    this.#link.jacobian(position, this.#jacobian);
    dampedLeastSquares(this.#jacobian, this.#rows, this.#twist, DAMPING, out);
    if (this.#gripper >= 0) out[this.#gripper] = (entry('gripper') * this.#gripperWay) / this.#periodS;
    this.#slowDown(out);
  }

  followed(value: number): number {
    return value;
  }

  atRest(): number {
    return 0;
  }

  /** Three numbers of the twist: a way or a turn in the base's frame, as a velocity in the root's. */
  #turnInto(rotation: Float64Array, vector: Float64Array, first: number): void {
    const [x = 0, y = 0, z = 0] = vector;
    for (let row = 0; row < 3; row++) {
      const turned =
        (rotation[3 * row] ?? 0) * x + (rotation[3 * row + 1] ?? 0) * y + (rotation[3 * row + 2] ?? 0) * z;
      this.#twist[first + row] = turned / this.#periodS;
    }
  }

  #slowDown(velocity: Float64Array): void {
    let share = 1;
    for (const [joint, limit] of this.#limits.entries()) {
      const asked = Math.abs(velocity[joint] ?? 0);
      if (joint !== this.#gripper && asked > limit.velocity) share = Math.min(share, limit.velocity / asked);
    }
    for (const joint of velocity.keys()) {
      if (joint !== this.#gripper) velocity[joint] = (velocity[joint] ?? 0) * share;
    }
  }
}
