import { f64 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { JointPositions } from '../core/model-info.js';
import type { ProprioceptionField } from '../core/model-spec.js';
import { fieldSize } from '../core/model-spec.js';
import { ForwardKinematics, type LinkPose } from './forward-kinematics.js';
import { rpyFromRotation } from './rotation.js';
import type { Urdf } from './urdf.js';

/** Computes one field from joint positions and velocities `[J]` and writes it to `out`. */
type FieldWriter = (position: Float64Array, velocity: Float64Array, out: Float64Array) => void;

/** The proprioceptive input of a model, computed from the joint state. */
export class Proprioception {
  /** P */
  readonly size: number;
  readonly #joints: readonly string[];
  readonly #writers: readonly {
    readonly write: FieldWriter;
    readonly start: number;
    readonly size: number;
  }[];

  /**
   * @param joints order of the positions and velocities that are passed later
   * @throws JepaMpcError `urdf.invalid` (no such link), `urdf.unknown-joint` (a joint of a field is not among `joints`)
   */
  constructor(fields: readonly ProprioceptionField[], joints: readonly string[], urdf: Urdf) {
    let start = 0;
    this.#joints = joints;
    this.#writers = fields.map((field) => {
      const size = fieldSize(field);
      const placed = { write: writerOf(field, joints, urdf), start, size };
      start += size;
      return placed;
    });
    this.size = start;
  }

  /**
   * @param position `[J]`, rad or m
   * @param velocity `[J]`, rad/s or m/s
   * @returns raw values `[P]`
   */
  read(position: Float64Array, velocity: Float64Array): Float64Array {
    const values = new Float64Array(this.size);
    for (const { write, start, size } of this.#writers)
      write(position, velocity, values.subarray(start, start + size));
    return values;
  }

  /** Of a robot at rest: raw values `[P]`. Null if a joint is not among the positions. */
  atRest(positions: JointPositions): Float64Array | null {
    if (this.absentFrom(positions).length > 0) return null;
    const position = Float64Array.from(this.#joints, (joint) => positions[joint] ?? NaN);
    return this.read(position, new Float64Array(position.length));
  }

  /** Joints of the robot that have no finite position there. */
  absentFrom(positions: JointPositions): readonly string[] {
    return this.#joints.filter((joint) => !Number.isFinite(positions[joint]));
  }
}

function writerOf(field: ProprioceptionField, joints: readonly string[], urdf: Urdf): FieldWriter {
  switch (field.kind) {
    case 'joint_position': {
      const joint = indexOf(field.joint, joints);
      return (position, _velocity, out) => (out[0] = f64(position, joint));
    }
    case 'joint_velocity': {
      const joint = indexOf(field.joint, joints);
      return (_position, velocity, out) => (out[0] = f64(velocity, joint));
    }
    case 'fraction': {
      const joint = indexOf(field.joint, joints);
      const { zero, one } = field;
      return (position, _velocity, out) => (out[0] = (f64(position, joint) - zero) / (one - zero));
    }
    case 'pose': {
      const link = new ForwardKinematics(urdf, field.link, joints);
      const base = new ForwardKinematics(urdf, field.base, joints);
      return (position, _velocity, out) => {
        writePose(link.pose(position), base.pose(position), out);
      };
    }
  }
}

function indexOf(joint: string, joints: readonly string[]): number {
  const index = joints.indexOf(joint);
  if (index >= 0) return index;
  throw new JepaMpcError('urdf.unknown-joint', {
    subject: `proprioception of joint '${joint}'`,
    found: `joints ${joints.join(', ')}`,
    expected: `a joint '${joint}'`,
    remedy: 'Let the model act on this joint, or leave it out of its proprioception.',
  });
}

/** Writes `base⁻¹ link` as x, y, z and extrinsic xyz Euler angles. @param out `[6]` */
function writePose(link: LinkPose, base: LinkPose, out: Float64Array): void {
  const inBase = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    let offset = 0;
    for (let k = 0; k < 3; k++) {
      const entry = f64(base.rotation, 3 * k + row);
      offset += entry * (f64(link.position, k) - f64(base.position, k));
      for (let column = 0; column < 3; column++)
        inBase[3 * row + column] = f64(inBase, 3 * row + column) + entry * f64(link.rotation, 3 * k + column);
    }
    out[row] = offset;
  }
  out.set(rpyFromRotation(inBase), 3);
}
