import { assertLength, at, f64 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import { rotationAboutAxis } from './forward-kinematics.js';
import { multiplyRotations, translate } from './rigid-transform.js';
import { rotationFromRpy } from './rotation.js';
import { drivenBy, type Urdf } from './urdf.js';
import type { UrdfJoint } from './urdf-joint.js';
import type { Vector3 } from './urdf-xml.js';

/** The joint above a link. */
interface PlacedJoint {
  readonly motion: 'turns' | 'slides' | 'fixed';
  /** Index of the parent link; it is smaller than that of the link. */
  readonly parent: number;
  /** Index in the joint positions; -1: the joint is held, or fixed. */
  readonly position: number;
  /** Index among the held joints, where `position` is -1. */
  readonly held: number;
  /** The joint is at `multiplier * (that position) + offset`. */
  readonly multiplier: number;
  readonly offset: number;
  readonly translation: Vector3;
  readonly rotation: Float64Array;
  readonly axis: Vector3;
}

/** A joint that the positions move: what a Jacobian needs of it. */
export interface MovingJoint {
  /** Index of the link below it. */
  readonly link: number;
  /** Index in the joint positions: of the joint itself, or of the one that it mimics. */
  readonly position: number;
  readonly multiplier: number;
  readonly slides: boolean;
  /** Unit vector in the frame of that link. */
  readonly axis: Vector3;
}

/**
 * The poses of all links in the frame of the root link, computed in one pass. Joints without a position are held at 0, or where
 * {@link LinkPoses.hold} puts them. Floating and planar joints stay at their origin: see {@link LinkPoses.isPlaced}.
 */
export class LinkPoses {
  /** Root first; every link comes after its parent `[L]`. */
  readonly links: readonly string[];
  /** `[L, 3]`, m: overwritten by each update. */
  readonly positions: Float64Array;
  /** Row-major 3x3 matrices `[L, 9]`: overwritten by each update. */
  readonly rotations: Float64Array;
  readonly #jointCount: number;
  /** Of every link but the root `[L - 1]`. */
  readonly #joints: readonly PlacedJoint[];
  readonly #heldNames: readonly string[];
  readonly #heldPositions: Float64Array;
  readonly #isPlaced: readonly boolean[];
  readonly #jointRotation = new Float64Array(9);
  readonly #frame = new Float64Array(9);

  /**
   * @param jointNames order of the positions that are passed later
   * @throws JepaMpcError `urdf.unknown-joint`; `urdf.invalid` for joints that mimic each other
   */
  constructor(urdf: Urdf, jointNames: readonly string[]) {
    for (const name of jointNames) {
      if (urdf.joints.some((joint) => joint.name === name && joint.type !== 'fixed')) continue;
      throw new JepaMpcError('urdf.unknown-joint', {
        subject: `joint '${name}'`,
        found: `joints ${urdf.joints.map((joint) => joint.name).join(', ')}`,
        expected: 'a movable joint of the robot description',
        remedy: 'Name a joint of this robot.',
      });
    }
    const ordered = jointsFromRoot(urdf);
    this.links = [urdf.rootLink, ...ordered.map(({ child }) => child)];
    this.#jointCount = jointNames.length;
    const drivers = ordered.map((joint) => drivenBy(urdf, joint));
    const movable = drivers.filter((_, index) => motionOf(at(ordered, index)) !== 'fixed');
    this.#heldNames = [
      ...new Set(movable.map(({ joint }) => joint).filter((joint) => !jointNames.includes(joint))),
    ];
    this.#heldPositions = new Float64Array(this.#heldNames.length);
    this.#joints = ordered.map((joint, index) => {
      const { joint: driver, multiplier, offset } = at(drivers, index);
      return {
        motion: motionOf(joint),
        parent: this.links.indexOf(joint.parent),
        position: joint.type === 'fixed' ? -1 : jointNames.indexOf(driver),
        held: this.#heldNames.indexOf(driver),
        multiplier,
        offset,
        translation: joint.origin.xyz,
        rotation: rotationFromRpy(joint.origin.rpy),
        axis: joint.axis,
      };
    });
    const placed = [true];
    for (const [index, { parent }] of this.#joints.entries())
      placed.push(at(placed, parent) && !isFree(at(ordered, index)));
    this.#isPlaced = placed;
    this.positions = new Float64Array(3 * this.links.length);
    this.rotations = new Float64Array(9 * this.links.length);
    this.rotations[0] = this.rotations[4] = this.rotations[8] = 1;
  }

  /** Whether the pose of a link follows from joint positions: not below a floating or planar joint. */
  isPlaced(link: number): boolean {
    return at(this.#isPlaced, link);
  }

  /** The joint above a link, if the joint positions move it; null for a held or fixed one, and for the root. */
  movingJoint(link: number): MovingJoint | null {
    const joint = this.#joints[link - 1];
    if (joint === undefined || joint.motion === 'fixed' || joint.position < 0) return null;
    const { position, multiplier, motion, axis } = joint;
    return { link, position, multiplier, slides: motion === 'slides', axis };
  }

  /** Index of the parent of a link; -1 for the root. */
  parentOf(link: number): number {
    return this.#joints[link - 1]?.parent ?? -1;
  }

  /** Sets the position of a joint that is not among the joint positions, rad or m, from the next update on. Others are ignored. */
  hold(joint: string, position: number): void {
    const index = this.#heldNames.indexOf(joint);
    if (index >= 0) this.#heldPositions[index] = position;
  }

  /**
   * Computes {@link LinkPoses.positions} and {@link LinkPoses.rotations}.
   *
   * @param jointPositions `[J]`, rad or m
   * @throws RangeError for another number of positions
   */
  update(jointPositions: ArrayLike<number>): void {
    assertLength('joint positions', jointPositions, this.#jointCount);
    const { positions, rotations } = this;
    for (let index = 0; index < this.#joints.length; index++) {
      const joint = at(this.#joints, index);
      const link = index + 1;
      translate(positions, link, positions, joint.parent, rotations, 9 * joint.parent, joint.translation, 1);
      if (joint.motion === 'fixed') {
        multiplyRotations(rotations, 9 * joint.parent, joint.rotation, rotations, 9 * link);
        continue;
      }
      const driver =
        joint.position < 0 ? f64(this.#heldPositions, joint.held) : at(jointPositions, joint.position);
      const position = joint.multiplier * driver + joint.offset;
      if (joint.motion === 'slides') {
        multiplyRotations(rotations, 9 * joint.parent, joint.rotation, rotations, 9 * link);
        translate(positions, link, positions, link, rotations, 9 * link, joint.axis, position);
      } else {
        rotationAboutAxis(joint.axis, position, this.#jointRotation);
        multiplyRotations(rotations, 9 * joint.parent, joint.rotation, this.#frame, 0);
        multiplyRotations(this.#frame, 0, this.#jointRotation, rotations, 9 * link);
      }
    }
  }
}

function isFree({ type }: UrdfJoint): boolean {
  return type === 'floating' || type === 'planar';
}

function motionOf(joint: UrdfJoint): PlacedJoint['motion'] {
  if (joint.type === 'fixed' || isFree(joint)) return 'fixed';
  return joint.type === 'prismatic' ? 'slides' : 'turns';
}

/** The joints of the tree, each after the one above its parent. */
function jointsFromRoot({ joints, rootLink }: Urdf): UrdfJoint[] {
  const ordered: UrdfJoint[] = [];
  const reached = [rootLink];
  for (const link of reached) {
    const below = joints.filter(({ parent }) => parent === link);
    ordered.push(...below);
    reached.push(...below.map(({ child }) => child));
  }
  return ordered;
}
