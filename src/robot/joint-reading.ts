import { JepaMpcError } from '../core/errors.js';
import type { JointReading } from '../core/types.js';
import { nearestName } from '../core/nearest-name.js';

/** The fields of sensor_msgs/JointState that are read. */
export interface JointStateMessage {
  readonly name: readonly string[];
  readonly position: ArrayLike<number>;
  /** Empty where the driver does not measure velocities. */
  readonly velocity: ArrayLike<number>;
}

/** Joints that are published apart take a moment to be all there. */
const PATIENCE_WITH_PARTS_NS = 1_000_000_000n;

/** The newest state of one joint; rad or m, rad/s or m/s. */
interface JointPart {
  readonly stampNs: bigint;
  readonly position: number;
  /** NaN where it is not measured. */
  readonly velocity: number;
}

/**
 * Puts readings of the model's joints together from joint states that may bring any of them: an arm and its gripper, or two arms, often
 * publish apart on one topic. It finds joints by name; their order and further joints do not matter.
 *
 * There is one reading for each round of parts, stamped with its oldest part. The slowest part therefore sets the rate of readings, and
 * a part that falls silent ends them.
 */
export class JointStateReader {
  readonly #jointNames: readonly string[];
  /** `[J]`; null: not heard of yet. */
  #parts: (JointPart | null)[];
  /** Parts of the last reading. */
  #last: readonly JointPart[] | null = null;
  /** Stamp of the newest message with each name, for who asks what is missing. */
  readonly #heardNs = new Map<string, bigint>();
  /** Stamp of the first message. */
  #firstNs: bigint | null = null;

  constructor(jointNames: readonly string[]) {
    this.#jointNames = jointNames;
    this.#parts = jointNames.map(() => null);
  }

  /**
   * Keeps what is new in a message: for each joint, what is stamped later than what is kept.
   *
   * @returns a reading when a round of parts is complete; null while parts are missing, and for a message without joints of the model
   * @throws JepaMpcError `joint-states.wrong-size` (arrays of different lengths), `joint-states.not-finite`; nothing of that message is
   * kept. Values of joints that the model does not act on are not looked at.
   */
  read(message: JointStateMessage, stampNs: bigint): JointReading | null {
    const { name: names, position: positions, velocity: velocities } = message;
    this.#note(names, stampNs);
    const places = this.#jointNames.map((joint) => names.indexOf(joint));
    if (places.every((place) => place < 0)) return null;
    assertSize('position', positions.length, names.length);
    if (velocities.length > 0) assertSize('velocity', velocities.length, names.length);

    this.#parts = this.#parts.map((kept, joint) => {
      const place = places[joint] ?? -1;
      if (place < 0) return kept;
      const name = this.#jointNames[joint] ?? '';
      const position = finite(name, 'position', positions[place] ?? NaN);
      const measured = velocities[place] ?? NaN;
      const velocity = Number.isNaN(measured) ? NaN : finite(name, 'velocity', measured);
      return kept === null || stampNs > kept.stampNs ? { stampNs, position, velocity } : kept;
    });
    return this.#completeRound();
  }

  /** Joints of the model that no message has named yet, or none stamped at `sinceNs` or later. */
  missing(sinceNs?: bigint): readonly string[] {
    return this.#jointNames.filter((_, joint) => {
      const part = this.#parts[joint] ?? null;
      return part === null || (sinceNs !== undefined && part.stampNs < sinceNs);
    });
  }

  /**
   * For messages that complete no reading.
   *
   * @param stampNs of the newest of them
   * @throws JepaMpcError `joint-states.unknown-joint` when a joint of the model has been missing for a second
   */
  assertAllHeard(stampNs: bigint): void {
    const sinceNs = stampNs - PATIENCE_WITH_PARTS_NS;
    if (this.#firstNs !== null && this.#firstNs <= sinceNs && this.missing(sinceNs).length > 0)
      throw this.missingError(sinceNs);
  }

  /** `joint-states.unknown-joint`, for whoever finds that joints are {@link missing}. */
  missingError(sinceNs?: bigint): JepaMpcError {
    const missing = this.missing(sinceNs);
    const [first = ''] = missing;
    const heard = [...this.#heardNs].flatMap(([name, stampNs]) =>
      sinceNs === undefined || stampNs >= sinceNs ? [name] : [],
    );
    const strangers = heard.filter((name) => !this.#jointNames.includes(name));
    const nearest = nearestName(first, strangers);
    return new JepaMpcError('joint-states.unknown-joint', {
      subject: 'joint_states',
      found: heard.length === 0 ? 'no joints' : `joints ${heard.join(', ')}`,
      expected: missing.length === 1 ? `a joint '${first}'` : `joints ${missing.join(', ')}`,
      remedy:
        nearest === null
          ? 'Publish these joints on this topic too, or remap joint_states to the robot of this model.'
          : `The nearest name to '${first}' is '${nearest}': rename the joint, or remap joint_states to the robot of this model.`,
    });
  }

  /** Forgets everything, for a clock that starts again: what is stamped before what is kept would be ignored. */
  reset(): void {
    this.#parts = this.#jointNames.map(() => null);
    this.#last = null;
    this.#heardNs.clear();
    this.#firstNs = null;
  }

  #note(names: readonly string[], stampNs: bigint): void {
    this.#firstNs ??= stampNs;
    for (const name of names) {
      const heardNs = this.#heardNs.get(name);
      if (heardNs === undefined || heardNs < stampNs) this.#heardNs.set(name, stampNs);
    }
  }

  /**
   * A round is complete when every joint is newer than in the last reading. It may begin anywhere, though: with the second half of a
   * round first, each reading would be a round late for ever. So one whose parts are closer together also counts once its oldest part is
   * newer, which moves the beginning to where the parts belong together.
   */
  #completeRound(): JointReading | null {
    const parts = this.#parts.filter((part) => part !== null);
    if (parts.length < this.#jointNames.length) return null;
    const last = this.#last;
    if (last !== null) {
      const isRenewed = parts.every(({ stampNs }, joint) => stampNs > (last[joint]?.stampNs ?? stampNs));
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

function oldest(parts: readonly JointPart[]): bigint {
  return parts.reduce((least, { stampNs }) => (stampNs < least ? stampNs : least), parts[0]?.stampNs ?? 0n);
}

/** Between the oldest and the newest part, ns. */
function spread(parts: readonly JointPart[]): bigint {
  const newest = parts.reduce((most, { stampNs }) => (stampNs > most ? stampNs : most), oldest(parts));
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
