import { at } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { JointReading } from '../core/types.js';
import { nearestName } from '../core/names.js';

/** The fields of sensor_msgs/JointState that are used. */
export interface JointStateMessage {
  readonly name: readonly string[];
  readonly position: ArrayLike<number>;
  /** Empty where the driver does not measure velocities. */
  readonly velocity: ArrayLike<number>;
}

/** Time in which each joint has to be received, where joints are published in separate messages. */
const PARTS_TIMEOUT_NS = 1_000_000_000n;

/** The newest state of one joint, rad or m, rad/s or m/s. */
interface JointPart {
  readonly stampNs: bigint;
  readonly position: number;
  /** NaN where it is not measured. */
  readonly velocity: number;
}

/**
 * Assembles readings of the model's joints from joint states, which may have any subset of them: an arm and its gripper, or two arms, often
 * publish separately on one topic. Joints are found by name; their order and other joints do not matter.
 *
 * There is one reading for each round of parts, with the stamp of its oldest part. The slowest part therefore sets the rate of readings, and
 * a part that falls silent ends them.
 */
export class JointStateReader {
  readonly #jointNames: readonly string[];
  /** `[J]`; null: not received yet. */
  #parts: (JointPart | null)[];
  /** Parts of the last reading. */
  #last: readonly JointPart[] | null = null;
  /** Stamp of the newest message with each name, for errors. */
  readonly #receivedNs = new Map<string, bigint>();
  /** Stamp of the first message. */
  #firstNs: bigint | null = null;

  constructor(jointNames: readonly string[]) {
    this.#jointNames = jointNames;
    this.#parts = jointNames.map(() => null);
  }

  /**
   * Takes the joints of a message that are newer than the ones kept. Values of joints that the model does not act on are ignored.
   *
   * @returns a reading when a round of parts is complete; null while parts are missing, and for a message without joints of the model
   * @throws JepaMpcError `joint-states.wrong-size` (arrays of different lengths), `joint-states.not-finite`; nothing of that message is then
   *   kept
   */
  read(message: JointStateMessage, stampNs: bigint): JointReading | null {
    const { name: names, position: positions, velocity: velocities } = message;
    this.#note(names, stampNs);
    const places = this.#jointNames.map((joint) => names.indexOf(joint));
    if (places.every((place) => place < 0)) return null;
    assertSize('position', positions.length, names.length);
    if (velocities.length > 0) assertSize('velocity', velocities.length, names.length);

    this.#parts = this.#parts.map((kept, joint) => {
      const place = at(places, joint);
      if (place < 0) return kept;
      const name = at(this.#jointNames, joint);
      const position = finite(name, 'position', at(positions, place));
      const measured = velocities.length === 0 ? NaN : at(velocities, place);
      const velocity = Number.isNaN(measured) ? NaN : finite(name, 'velocity', measured);
      return kept === null || stampNs > kept.stampNs ? { stampNs, position, velocity } : kept;
    });
    return this.#completeRound();
  }

  /** Joints of the model that no message has named, or none with a stamp of `sinceNs` or later. */
  missing(sinceNs?: bigint): readonly string[] {
    return this.#jointNames.filter((_, joint) => {
      const part = at(this.#parts, joint);
      return part === null || (sinceNs !== undefined && part.stampNs < sinceNs);
    });
  }

  /**
   * For use after messages that complete no reading.
   *
   * @param stampNs of the newest of them
   * @throws JepaMpcError `joint-states.unknown-joint` when a joint of the model has been missing for a second
   */
  assertAllReceived(stampNs: bigint): void {
    const sinceNs = stampNs - PARTS_TIMEOUT_NS;
    if (this.#firstNs !== null && this.#firstNs <= sinceNs && this.missing(sinceNs).length > 0)
      throw this.missingError(sinceNs);
  }

  /** `joint-states.unknown-joint`, which names the joints that are {@link missing}. */
  missingError(sinceNs?: bigint): JepaMpcError {
    const missing = this.missing(sinceNs);
    const [first = ''] = missing;
    const received = [...this.#receivedNs].flatMap(([name, stampNs]) =>
      sinceNs === undefined || stampNs >= sinceNs ? [name] : [],
    );
    const otherNames = received.filter((name) => !this.#jointNames.includes(name));
    const nearest = nearestName(first, otherNames);
    return new JepaMpcError('joint-states.unknown-joint', {
      subject: 'joint_states',
      found: received.length === 0 ? 'no joints' : `joints ${received.join(', ')}`,
      expected: missing.length === 1 ? `a joint '${first}'` : `joints ${missing.join(', ')}`,
      remedy:
        nearest === null
          ? 'Publish these joints on this topic too, or remap joint_states to the robot of this model.'
          : `The nearest name to '${first}' is '${nearest}': rename the joint, or remap joint_states to the robot of this model.`,
    });
  }

  /** Forgets everything, for a clock that starts again. Otherwise messages with stamps before those kept would be ignored. */
  reset(): void {
    this.#parts = this.#jointNames.map(() => null);
    this.#last = null;
    this.#receivedNs.clear();
    this.#firstNs = null;
  }

  #note(names: readonly string[], stampNs: bigint): void {
    this.#firstNs ??= stampNs;
    for (const name of names) {
      const receivedNs = this.#receivedNs.get(name);
      if (receivedNs === undefined || receivedNs < stampNs) this.#receivedNs.set(name, stampNs);
    }
  }

  /**
   * A round is complete when every joint is newer than in the last reading. The first round may begin anywhere, however: if it began with the
   * second half of a round, each reading would stay a round late. So a round whose parts are closer together also counts, once its oldest part
   * is newer. This moves the beginning to where the parts belong together.
   */
  #completeRound(): JointReading | null {
    const parts = this.#parts.filter((part) => part !== null);
    if (parts.length < this.#jointNames.length) return null;
    const last = this.#last;
    if (last !== null) {
      const isRenewed = parts.every(({ stampNs }, joint) => stampNs > at(last, joint).stampNs);
      const isCloser = oldest(parts) > oldest(last) && spread(parts) < spread(last);
      if (!isRenewed && !isCloser) return null;
    }
    this.#last = parts;
    return {
      stampNs: oldest(parts),
      position: Float64Array.from(parts, ({ position }) => position),
      velocity: Float64Array.from(parts, ({ velocity }) => velocity),
    };
  }
}

/** Stamp of the oldest of at least one part. */
function oldest(parts: readonly JointPart[]): bigint {
  return parts.reduce((min, { stampNs }) => (stampNs < min ? stampNs : min), at(parts, 0).stampNs);
}

/** Time between the oldest and the newest part, ns. */
function spread(parts: readonly JointPart[]): bigint {
  const newest = parts.reduce((max, { stampNs }) => (stampNs > max ? stampNs : max), oldest(parts));
  return newest - oldest(parts);
}

function assertSize(field: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new JepaMpcError('joint-states.wrong-size', {
    subject: `joint_states, ${field}`,
    found: `${String(found)} values`,
    expected: `${String(expected)}, one for each name`,
    remedy: 'Correct the publisher of joint_states.',
  });
}

function finite(joint: string, field: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new JepaMpcError('joint-states.not-finite', {
    subject: `joint_states, ${field} of joint '${joint}'`,
    found: String(value),
    expected: 'a finite number',
    remedy: 'Check the encoder and the driver of this joint.',
  });
}
