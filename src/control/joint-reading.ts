import { JepaMpcError } from '../core/errors.js';
import type { JointReading } from '../core/types.js';
import { nearestName } from '../core/nearest-name.js';

/** The fields of sensor_msgs/JointState that are read. */
export interface JointStateMessage {
  readonly name: readonly string[];
  readonly position: ArrayLike<number>;
  /** Empty where the driver does not know velocities. */
  readonly velocity: ArrayLike<number>;
}

/** A reading, and whether its velocities were measured. */
export interface JointStateReading {
  readonly reading: JointReading;
  /**
   * False when the message carries no velocity, or NaN (what ros2_control's broadcaster sends without a velocity interface), for any of
   * the joints. The unknown ones then read 0: good for anchoring a robot known to be at rest, and for nothing else.
   */
  readonly velocityKnown: boolean;
}

/** Picks the model's joints out of joint states, by name: the order in the message and further joints in it do not matter. */
export class JointStateReader {
  readonly #jointNames: readonly string[];

  constructor(jointNames: readonly string[]) {
    this.#jointNames = jointNames;
  }

  /**
   * @throws JepaMpcError `joint-states.wrong-size` (arrays of different lengths), `joint-states.unknown-joint` (a joint is missing),
   * `joint-states.not-finite`. Values of joints that the model does not act on are not looked at.
   */
  read(message: JointStateMessage, stampNs: bigint): JointStateReading {
    const { name: names, position: positions, velocity: velocities } = message;
    this.#assertSize('position', positions.length, names.length);
    if (velocities.length > 0) this.#assertSize('velocity', velocities.length, names.length);

    const position = new Float64Array(this.#jointNames.length);
    const velocity = new Float64Array(this.#jointNames.length);
    let velocityKnown = true;
    for (const [index, name] of this.#jointNames.entries()) {
      const source = names.indexOf(name);
      if (source < 0) throw this.#missing(name, names);
      position[index] = this.#finite(name, 'position', positions[source] ?? NaN);
      const measured = velocities[source] ?? NaN;
      if (Number.isNaN(measured)) velocityKnown = false;
      else velocity[index] = this.#finite(name, 'velocity', measured);
    }
    return { reading: { stampNs, position, velocity }, velocityKnown };
  }

  #assertSize(field: string, found: number, expected: number): void {
    if (found !== expected) {
      throw new JepaMpcError('joint-states.wrong-size', {
        subject: `joint_states, ${field}`,
        found: `${String(found)} values`,
        expected: `${String(expected)}, one for each name`,
        remedy: 'Correct the publisher of joint_states.',
      });
    }
  }

  #finite(joint: string, field: string, value: number): number {
    if (!Number.isFinite(value)) {
      throw new JepaMpcError('joint-states.not-finite', {
        subject: `joint_states, ${field} of joint '${joint}'`,
        found: String(value),
        expected: 'a finite number',
        remedy: 'Check the encoder and the driver of this joint.',
      });
    }
    return value;
  }

  #missing(joint: string, names: readonly string[]): JepaMpcError {
    const nearest = nearestName(joint, names);
    return new JepaMpcError('joint-states.unknown-joint', {
      subject: 'joint_states',
      found: names.length === 0 ? 'no joints' : `joints ${names.join(', ')}`,
      expected: `a joint '${joint}'`,
      remedy:
        nearest === null
          ? 'Correct the publisher of joint_states.'
          : `The nearest name is '${nearest}': rename the joint, or remap joint_states to the robot of this model.`,
    });
  }
}

/** Positions `[J]` at a time near that of the reading, rad or m: the joints are taken to have kept their velocities. */
export function positionAt({ stampNs, position, velocity }: JointReading, timeNs: bigint): Float64Array {
  const elapsedS = Number(timeNs - stampNs) / 1e9;
  return position.map((value, joint) => value + (velocity[joint] ?? 0) * elapsedS);
}
