import type { ProprioceptionField } from '../core/model-spec.js';
import { fieldSize } from '../core/model-spec.js';
import { ForwardKinematics } from './forward-kinematics.js';
import { rpyFromRotation } from './rotation.js';
import type { Urdf } from './urdf.js';

/** Writes the numbers of one field from joint positions and velocities `[J]`. */
type FieldWriter = (position: Float64Array, velocity: Float64Array, out: Float64Array) => void;

/** What a model is told of the robot besides images, from where its joints are. */
export class Proprioception {
  /** P */
  readonly size: number;
  readonly #writers: readonly {
    readonly write: FieldWriter;
    readonly start: number;
    readonly size: number;
  }[];

  /**
   * @param joints in the order of the positions and velocities given later; the fields' joints must be among them
   * @throws JepaMpcError `urdf.invalid` (no such link), `urdf.unknown-joint` (a joint on the way to it is not acted on)
   */
  constructor(fields: readonly ProprioceptionField[], joints: readonly string[], urdf: Urdf) {
    let start = 0;
    this.#writers = fields.map((field) => {
      const size = fieldSize(field);
      const placed = { write: writerOf(field, joints, urdf), start, size };
      start += size;
      return placed;
    });
    this.size = start;
  }

  /** @returns raw numbers `[P]` */
  read(position: Float64Array, velocity: Float64Array): Float64Array {
    const values = new Float64Array(this.size);
    for (const { write, start, size } of this.#writers)
      write(position, velocity, values.subarray(start, start + size));
    return values;
  }
}

function writerOf(field: ProprioceptionField, joints: readonly string[], urdf: Urdf): FieldWriter {
  switch (field.kind) {
    case 'joint_position': {
      const joint = joints.indexOf(field.joint);
      return (position, _velocity, out) => (out[0] = position[joint] ?? NaN);
    }
    case 'joint_velocity': {
      const joint = joints.indexOf(field.joint);
      return (_position, velocity, out) => (out[0] = velocity[joint] ?? NaN);
    }
    case 'fraction': {
      const joint = joints.indexOf(field.joint);
      const { zero, one } = field;
      return (position, _velocity, out) => (out[0] = ((position[joint] ?? NaN) - zero) / (one - zero));
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

type Pose = ReturnType<ForwardKinematics['pose']>;

/** `base⁻¹ link` as x, y, z and extrinsic xyz Euler angles. */
function writePose(link: Pose, base: Pose, out: Float64Array): void {
  const inBase = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    let way = 0;
    for (let k = 0; k < 3; k++) {
      const turned = base.rotation[3 * k + row] ?? 0;
      way += turned * ((link.position[k] ?? NaN) - (base.position[k] ?? NaN));
      for (let column = 0; column < 3; column++)
        inBase[3 * row + column] =
          (inBase[3 * row + column] ?? 0) + turned * (link.rotation[3 * k + column] ?? NaN);
    }
    out[row] = way;
  }
  out.set(rpyFromRotation(inBase), 3);
}
