import { assertLength, at, f64 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import { rotationFromRpy } from './rotation.js';
import { drivenBy, type Urdf } from './urdf.js';
import type { UrdfJoint } from './urdf-joint.js';
import type { Vector3 } from './urdf-xml.js';

/** Pose of a link in the root link's frame: position [m] and rotation matrix (row-major 3x3). */
export interface LinkPose {
  readonly position: Float64Array;
  readonly rotation: Float64Array;
}

/** One joint of the chain. Its origin is a rotation matrix (row-major 3x3), so that the trigonometry of the description is done once. */
interface ChainJoint {
  readonly motion: 'revolute' | 'prismatic' | 'fixed';
  /** Index of the joint itself, or of the one that it mimics, in the joint positions; 0 and unused for fixed joints. */
  readonly positionIndex: number;
  /** The joint is at `multiplier * (that position) + offset`. */
  readonly multiplier: number;
  readonly offset: number;
  readonly originRotation: Float64Array;
  readonly originTranslation: Vector3;
  readonly axis: Vector3;
}

/** Rodrigues' formula for a unit axis, into `out` (row-major 3x3). */
export function rotationAboutAxis([x, y, z]: Vector3, angleRad: number, out: Float64Array): void {
  const c = Math.cos(angleRad);
  const s = Math.sin(angleRad);
  const t = 1 - c;
  out[0] = t * x * x + c;
  out[1] = t * x * y - s * z;
  out[2] = t * x * z + s * y;
  out[3] = t * x * y + s * z;
  out[4] = t * y * y + c;
  out[5] = t * y * z - s * x;
  out[6] = t * x * z - s * y;
  out[7] = t * y * z + s * x;
  out[8] = t * z * z + c;
}

/** `target = target * right` for row-major 3x3 matrices. */
function multiplyInPlace(target: Float64Array, right: Float64Array): void {
  const [r0, r1, r2] = [f64(right, 0), f64(right, 1), f64(right, 2)];
  const [r3, r4, r5] = [f64(right, 3), f64(right, 4), f64(right, 5)];
  const [r6, r7, r8] = [f64(right, 6), f64(right, 7), f64(right, 8)];
  for (let row = 0; row < 9; row += 3) {
    const a = f64(target, row);
    const b = f64(target, row + 1);
    const c = f64(target, row + 2);
    target[row] = a * r0 + b * r3 + c * r6;
    target[row + 1] = a * r1 + b * r4 + c * r7;
    target[row + 2] = a * r2 + b * r5 + c * r8;
  }
}

/** `position += rotation * scale * vector`. */
function translateInPlace(
  position: Float64Array,
  rotation: Float64Array,
  [x, y, z]: Vector3,
  scale: number,
): void {
  for (let row = 0; row < 3; row++) {
    const rotated =
      f64(rotation, 3 * row) * x + f64(rotation, 3 * row + 1) * y + f64(rotation, 3 * row + 2) * z;
    position[row] = f64(position, row) + scale * rotated;
  }
}

/** Joints from the root to the link, root first. */
export function chainTo(urdf: Urdf, link: string): UrdfJoint[] {
  if (!urdf.links.includes(link)) {
    throw new JepaMpcError('urdf.invalid', {
      subject: 'robot description',
      found: `links ${urdf.links.join(', ')}`,
      expected: `a link '${link}'`,
      remedy: 'Name a link of this robot.',
    });
  }
  const above = new Map(urdf.joints.map((joint) => [joint.child, joint]));
  const chain: UrdfJoint[] = [];
  for (let joint = above.get(link); joint !== undefined; joint = above.get(joint.parent))
    chain.unshift(joint);
  return chain;
}

function compileJoint(urdf: Urdf, joint: UrdfJoint, jointNames: readonly string[], link: string): ChainJoint {
  if (joint.type === 'floating' || joint.type === 'planar') {
    throw new JepaMpcError('urdf.invalid', {
      subject: `joint '${joint.name}' in the chain to link '${link}'`,
      found: `a ${joint.type} joint`,
      expected: 'revolute, prismatic, continuous or fixed joints',
      remedy: 'Choose a link that is reached through such joints.',
    });
  }
  const { joint: driver, multiplier, offset } = drivenBy(urdf, joint);
  const positionIndex = jointNames.indexOf(driver);
  if (joint.type !== 'fixed' && positionIndex < 0) {
    throw new JepaMpcError('urdf.unknown-joint', {
      subject:
        driver === joint.name
          ? `joint '${joint.name}' in the chain to link '${link}'`
          : `joint '${driver}', which joint '${joint.name}' in the chain to link '${link}' mimics`,
      found: `no position for it among ${jointNames.join(', ')}`,
      expected: 'the positions of all movable joints of the chain',
      remedy: 'Name the joint too, or make it fixed in the description.',
    });
  }
  return {
    motion: joint.type === 'fixed' ? 'fixed' : joint.type === 'prismatic' ? 'prismatic' : 'revolute',
    positionIndex: Math.max(positionIndex, 0),
    multiplier,
    offset,
    originRotation: rotationFromRpy(joint.origin.rpy),
    originTranslation: joint.origin.xyz,
    axis: joint.axis,
  };
}

/** The pose of one link as a function of the joint positions. The chain of joints from the root is compiled once. */
export class ForwardKinematics {
  readonly #chain: readonly ChainJoint[];
  readonly #jointCount: number;
  readonly #jointRotation = new Float64Array(9);
  readonly #rotation = new Float64Array(9);

  /**
   * @param jointNames order of the positions that are passed later; movable joints of the chain, or those that they mimic, must be among them
   * @throws JepaMpcError `urdf.invalid` (no such link), `urdf.unknown-joint` (a joint of the chain has no position)
   */
  constructor(urdf: Urdf, link: string, jointNames: readonly string[]) {
    this.#chain = chainTo(urdf, link).map((joint) => compileJoint(urdf, joint, jointNames, link));
    this.#jointCount = jointNames.length;
  }

  /**
   * Position of the link's origin in the root frame.
   *
   * @param jointPositions `[J]`, rad or m
   * @param out `[3]`, m, written and returned; a new array by default
   * @throws JepaMpcError `joint-states.wrong-size`
   */
  position(jointPositions: ArrayLike<number>, out: Float64Array = new Float64Array(3)): Float64Array {
    this.#compose(jointPositions, out, this.#rotation);
    return out;
  }

  /**
   * Pose of the link in the root frame, in new arrays.
   *
   * @param jointPositions `[J]`, rad or m
   * @throws JepaMpcError `joint-states.wrong-size`
   */
  pose(jointPositions: ArrayLike<number>): LinkPose {
    const pose = { position: new Float64Array(3), rotation: new Float64Array(9) };
    this.#compose(jointPositions, pose.position, pose.rotation);
    return pose;
  }

  /**
   * The Jacobian of the link's origin in the root frame: rows are the velocity along x, y, z [m/s] and the angular velocity about x, y, z
   * [rad/s] for a velocity of 1 of each joint.
   *
   * @param jointPositions `[J]`, rad or m
   * @param out `[6, J]`, written
   * @throws JepaMpcError `joint-states.wrong-size`; RangeError for another size of `out`
   */
  jacobian(jointPositions: ArrayLike<number>, out: Float64Array): void {
    assertLength('Jacobian', out, 6 * this.#jointCount);
    out.fill(0);
    const tip = new Float64Array(3);
    this.#compose(jointPositions, tip, this.#rotation);
    this.#compose(jointPositions, new Float64Array(3), this.#rotation, (joint, origin, rotation) => {
      const axis = new Float64Array(3);
      translateInPlace(axis, rotation, joint.axis, 1);
      const [x, y, z] = [f64(axis, 0), f64(axis, 1), f64(axis, 2)];
      const arm = tip.map((value, i) => value - f64(origin, i));
      const [ax, ay, az] = [f64(arm, 0), f64(arm, 1), f64(arm, 2)];
      const column =
        joint.motion === 'prismatic'
          ? [x, y, z, 0, 0, 0]
          : [y * az - z * ay, z * ax - x * az, x * ay - y * ax, x, y, z];
      for (const [row, value] of column.entries()) {
        const place = row * this.#jointCount + joint.positionIndex;
        out[place] = f64(out, place) + joint.multiplier * value;
      }
    });
  }

  /** @param onJoint called for each movable joint, with the frame in which it moves: views that the rest of the chain overwrites */
  #compose(
    jointPositions: ArrayLike<number>,
    position: Float64Array,
    rotation: Float64Array,
    onJoint?: (joint: ChainJoint, position: Float64Array, rotation: Float64Array) => void,
  ): void {
    if (jointPositions.length !== this.#jointCount) {
      throw new JepaMpcError('joint-states.wrong-size', {
        subject: 'joint positions for forward kinematics',
        found: String(jointPositions.length),
        expected: String(this.#jointCount),
        remedy: 'Give one position for each named joint.',
      });
    }
    position.fill(0);
    rotation.fill(0);
    rotation[0] = rotation[4] = rotation[8] = 1;
    for (const joint of this.#chain) {
      translateInPlace(position, rotation, joint.originTranslation, 1);
      multiplyInPlace(rotation, joint.originRotation);
      if (joint.motion === 'fixed') continue;
      onJoint?.(joint, position, rotation);
      const jointPosition = joint.multiplier * at(jointPositions, joint.positionIndex) + joint.offset;
      if (joint.motion === 'prismatic') {
        translateInPlace(position, rotation, joint.axis, jointPosition);
      } else {
        rotationAboutAxis(joint.axis, jointPosition, this.#jointRotation);
        multiplyInPlace(rotation, this.#jointRotation);
      }
    }
  }
}
