import { JepaMpcError } from '../core/errors.js';
import { rotationFromRpy } from './rotation.js';
import { drivenBy, type Urdf } from './urdf.js';
import type { UrdfJoint } from './urdf-joint.js';
import type { Vector3 } from './urdf-xml.js';

/** Where a link is in the root link's frame: position [m] and rotation matrix (row-major 3x3). */
export interface LinkPose {
  readonly position: Float64Array;
  readonly rotation: Float64Array;
}

/** One joint of the chain, its origin as a rotation matrix (row-major 3x3) so that no trigonometry of the description is repeated. */
interface ChainJoint {
  readonly moves: 'turns' | 'slides' | 'not';
  /** Index into the joint positions of the joint itself, or of the one that it mimics; 0 and unused for fixed joints. */
  readonly positionIndex: number;
  /** The joint is at `multiplier * (that position) + offset`. */
  readonly multiplier: number;
  readonly offset: number;
  readonly originRotation: Float64Array;
  readonly originTranslation: Vector3;
  readonly axis: Vector3;
}

/** Rodrigues' formula for a unit axis, into `out` (row-major 3x3). */
function rotationAboutAxis([x, y, z]: Vector3, angleRad: number, out: Float64Array): void {
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
  const [r0 = 0, r1 = 0, r2 = 0, r3 = 0, r4 = 0, r5 = 0, r6 = 0, r7 = 0, r8 = 0] = right;
  for (let row = 0; row < 9; row += 3) {
    const a = target[row] ?? 0;
    const b = target[row + 1] ?? 0;
    const c = target[row + 2] ?? 0;
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
    const turned =
      (rotation[3 * row] ?? 0) * x + (rotation[3 * row + 1] ?? 0) * y + (rotation[3 * row + 2] ?? 0) * z;
    position[row] = (position[row] ?? 0) + scale * turned;
  }
}

/** Joints from the root to the link, root first. */
function chainTo(urdf: Urdf, link: string): UrdfJoint[] {
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
      subject: `joint '${joint.name}' on the way to link '${link}'`,
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
          ? `joint '${joint.name}' on the way to link '${link}'`
          : `joint '${driver}', which joint '${joint.name}' on the way to link '${link}' mimics`,
      found: `no position for it among ${jointNames.join(', ')}`,
      expected: 'the positions of all movable joints of the chain',
      remedy: 'Name the joint too, or make it fixed in the description.',
    });
  }
  return {
    moves: joint.type === 'fixed' ? 'not' : joint.type === 'prismatic' ? 'slides' : 'turns',
    positionIndex: Math.max(positionIndex, 0),
    multiplier,
    offset,
    originRotation: rotationFromRpy(joint.origin.rpy),
    originTranslation: joint.origin.xyz,
    axis: joint.axis,
  };
}

/** The pose of one link as a function of the joint positions: the chain of joints from the root, compiled once. */
export class ForwardKinematics {
  readonly #chain: readonly ChainJoint[];
  readonly #jointCount: number;
  readonly #turn = new Float64Array(9);
  readonly #rotation = new Float64Array(9);

  /**
   * @param jointNames order of the positions given later; movable joints of the chain, or those that they mimic, must be among them.
   * @throws JepaMpcError `urdf.invalid` (no such link), `urdf.unknown-joint` (chain joint without a position).
   */
  constructor(urdf: Urdf, link: string, jointNames: readonly string[]) {
    this.#chain = chainTo(urdf, link).map((joint) => compileJoint(urdf, joint, jointNames, link));
    this.#jointCount = jointNames.length;
  }

  /** Position of the link's origin in the root frame [m], into `out` (3 numbers) where given: then nothing is allocated. */
  position(jointPositions: ArrayLike<number>, out: Float64Array = new Float64Array(3)): Float64Array {
    this.#compose(jointPositions, out, this.#rotation);
    return out;
  }

  /** Position and rotation of the link in the root frame. */
  pose(jointPositions: ArrayLike<number>): LinkPose {
    const pose = { position: new Float64Array(3), rotation: new Float64Array(9) };
    this.#compose(jointPositions, pose.position, pose.rotation);
    return pose;
  }

  /**
   * The Jacobian of the link's origin in the root frame, `[6, J]` into `out`: rows x, y, z [m/s] and turns about x, y, z [rad/s] for a velocity
   * of 1 of each joint.
   */
  jacobian(jointPositions: ArrayLike<number>, out: Float64Array): void {
    out.fill(0);
    const tip = new Float64Array(3);
    this.#compose(jointPositions, tip, this.#rotation);
    this.#compose(jointPositions, new Float64Array(3), this.#rotation, (joint, origin, rotation) => {
      const axis = new Float64Array(3);
      translateInPlace(axis, rotation, joint.axis, 1);
      const [x = 0, y = 0, z = 0] = axis;
      const arm = tip.map((value, i) => value - (origin[i] ?? 0));
      const [ax = 0, ay = 0, az = 0] = arm;
      const column =
        joint.moves === 'slides'
          ? [x, y, z, 0, 0, 0]
          : [y * az - z * ay, z * ax - x * az, x * ay - y * ax, x, y, z];
      for (const [row, value] of column.entries()) {
        const place = row * this.#jointCount + joint.positionIndex;
        out[place] = (out[place] ?? 0) + joint.multiplier * value;
      }
    });
  }

  /** @param onJoint shown each joint that moves, with the frame that it moves in */
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
      if (joint.moves === 'not') continue;
      onJoint?.(joint, position, rotation);
      const jointPosition = joint.multiplier * (jointPositions[joint.positionIndex] ?? NaN) + joint.offset;
      if (joint.moves === 'slides') {
        translateInPlace(position, rotation, joint.axis, jointPosition);
      } else {
        rotationAboutAxis(joint.axis, jointPosition, this.#turn);
        multiplyInPlace(rotation, this.#turn);
      }
    }
  }
}
