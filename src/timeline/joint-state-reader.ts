import { at, i32 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import { nearestName } from '../core/names.js';
import type { JointReading } from '../core/types.js';
import { JointMerge } from './joint-merge.js';
import { PublisherConflict, type Contradiction } from './publisher-conflict.js';
import type { ReadingJoint } from './reading-log.js';

/** The fields of sensor_msgs/JointState that are used. */
export interface JointStateMessage {
  readonly name: readonly string[];
  readonly position: ArrayLike<number>;
  /** Empty where the driver does not measure velocities. */
  readonly velocity: ArrayLike<number>;
}

/** Time in which each joint has to be received while messages come, ns. */
const OVERDUE_NS = 1_000_000_000n;

/** Names that are remembered for errors; the oldest are forgotten. Without a limit, a publisher of ever new names would fill the memory. */
const MAX_NAMES = 256;

/** What is known of the joints before there is a robot description. */
export function joinedByNameAlone(names: readonly string[]): readonly ReadingJoint[] {
  return names.map((name) => ({ name, wraps: false, restTolerance: 0, velocity: Infinity }));
}

/**
 * Assembles readings of the model's joints from joint states, which may have any subset of them: an arm and its gripper, or two arms, often
 * publish separately on one topic. Joints are found by name; their order and other joints do not matter.
 *
 * A reading is as old as the joint that is furthest behind ({@link JointMerge}). The slowest part therefore bounds the age of readings, and a part
 * that falls silent ends them. So do publishers that contradict each other ({@link PublisherConflict}).
 */
export class JointStateReader {
  readonly #joints: readonly ReadingJoint[];
  readonly #merge: JointMerge;
  readonly #conflict: PublisherConflict;
  /** For each joint, its index in the message that is being read; below 0: it is not in there. */
  readonly #places: Int32Array;
  /** Stamp of the newest message with each name, for errors. */
  readonly #receivedNs = new Map<string, bigint>();
  /** Stamp of the first message. */
  #firstNs: bigint | null = null;

  constructor(joints: readonly ReadingJoint[]) {
    this.#joints = joints;
    this.#merge = new JointMerge(joints.map(({ wraps }) => wraps));
    this.#conflict = new PublisherConflict(joints);
    this.#places = new Int32Array(joints.length);
  }

  /**
   * Takes the joints of a message. Values of joints that the model does not act on are ignored.
   *
   * @param publisher tells publishers apart; without it none contradicts another
   * @returns a reading when the message completes one; null while parts are missing, for a message without joints of the model, and for one that
   *   another publisher contradicts
   * @throws JepaMpcError `joint-states.wrong-size` (arrays of different lengths), `joint-states.not-finite`; nothing of that message is then
   *   kept
   */
  read(message: JointStateMessage, stampNs: bigint, publisher?: string): JointReading | null {
    const { name: names, position: positions, velocity: velocities } = message;
    this.#note(names, stampNs);
    if (!this.#findJoints(names)) return null;
    assertSize('position', positions.length, names.length);
    if (velocities.length > 0) assertSize('velocity', velocities.length, names.length);
    for (let joint = 0; joint < this.#joints.length; joint++) {
      const place = i32(this.#places, joint);
      if (place < 0) continue;
      const { name } = at(this.#joints, joint);
      assertFinite(name, 'position', at(positions, place));
      // NaN is what drivers send that do not measure velocities.
      if (velocities.length > 0 && !Number.isNaN(at(velocities, place)))
        assertFinite(name, 'velocity', at(velocities, place));
    }
    if (publisher !== undefined && this.#conflict.isContradicted(publisher, stampNs, this.#places, positions))
      return null;
    for (let joint = 0; joint < this.#joints.length; joint++) {
      const place = i32(this.#places, joint);
      if (place < 0) continue;
      const velocity = velocities.length === 0 ? NaN : at(velocities, place);
      this.#merge.add(joint, stampNs, at(positions, place), velocity);
    }
    return this.#merge.take();
  }

  /** Two publishers that contradict each other at a time; null when none do. */
  contradiction(nowNs: bigint): Contradiction | null {
    return this.#conflict.at(nowNs);
  }

  /** Joints of the model that no message has named, or none with a stamp of `sinceNs` or later. */
  missing(sinceNs?: bigint): readonly string[] {
    return this.#joints.flatMap(({ name }, joint) => {
      const newestNs = this.#merge.newestNs(joint);
      return newestNs === null || (sinceNs !== undefined && newestNs < sinceNs) ? [name] : [];
    });
  }

  /** Age of the newest state of each joint, ms; NaN where there is none. */
  agesMs(nowNs: bigint): readonly (readonly [string, number])[] {
    return this.#joints.map(({ name }, joint) => {
      const newestNs = this.#merge.newestNs(joint);
      return [name, newestNs === null ? NaN : Number(nowNs - newestNs) / 1e6];
    });
  }

  /**
   * Why no reading comes although messages do: `joint-states.unknown-joint`, when a joint of the model has been missing for a second, others not;
   * else null.
   * For use after a message that completes no reading.
   */
  overdue(nowNs: bigint): JepaMpcError | null {
    const sinceNs = nowNs - OVERDUE_NS;
    if (this.#firstNs === null || this.#firstNs > sinceNs) return null;
    const missing = this.missing(sinceNs);
    // All of them late is silence, and not a joint that the publisher leaves out.
    const areAllLate = missing.length === this.#joints.length && this.missing().length === 0;
    return missing.length === 0 || areAllLate ? null : this.missingError(sinceNs, nowNs);
  }

  /** `joint-states.unknown-joint`, which names the joints that are {@link missing}, and how old they are at `nowNs`. */
  missingError(sinceNs?: bigint, nowNs?: bigint): JepaMpcError {
    const missing = this.missing(sinceNs);
    const [first = ''] = missing;
    const received = [...this.#receivedNs].flatMap(([name, stampNs]) =>
      sinceNs === undefined || stampNs >= sinceNs ? [name] : [],
    );
    const otherNames = received.filter((name) => !this.#joints.some((joint) => joint.name === name));
    const nearest = nearestName(first, otherNames);
    const ages = nowNs === undefined ? [] : this.agesMs(nowNs);
    const old = ages.flatMap(([name, ageMs]) =>
      missing.includes(name) && !Number.isNaN(ageMs) ? [`${name} ${(ageMs / 1000).toFixed(2)} s ago`] : [],
    );
    const found = received.length === 0 ? 'no joints' : `joints ${received.join(', ')}`;
    return new JepaMpcError('joint-states.unknown-joint', {
      subject: 'joint_states',
      found: [found, ...old].join('; last '),
      expected: missing.length === 1 ? `a joint '${first}'` : `joints ${missing.join(', ')}`,
      remedy:
        nearest === null
          ? 'Publish these joints on this topic too, or remap joint_states to the robot of this model.'
          : `The nearest name to '${first}' is '${nearest}': rename the joint, or remap joint_states to the robot of this model.`,
    });
  }

  /** Forgets everything, for a clock that starts again. Otherwise messages with stamps before those kept would be ignored. */
  reset(): void {
    this.#merge.clear();
    this.#conflict.clear();
    this.#receivedNs.clear();
    this.#firstNs = null;
  }

  /** Finds the joints in a message. @returns whether there is one */
  #findJoints(names: readonly string[]): boolean {
    let isAny = false;
    for (let joint = 0; joint < this.#joints.length; joint++) {
      const place = names.indexOf(at(this.#joints, joint).name);
      this.#places[joint] = place;
      isAny ||= place >= 0;
    }
    return isAny;
  }

  #note(names: readonly string[], stampNs: bigint): void {
    this.#firstNs ??= stampNs;
    for (const name of names) {
      const receivedNs = this.#receivedNs.get(name);
      if (receivedNs !== undefined && receivedNs >= stampNs) continue;
      // Deleted first, so that the names are in the order of their stamps.
      this.#receivedNs.delete(name);
      this.#receivedNs.set(name, stampNs);
    }
    for (const name of this.#receivedNs.keys()) {
      if (this.#receivedNs.size <= MAX_NAMES) break;
      this.#receivedNs.delete(name);
    }
  }
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

function assertFinite(joint: string, field: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new JepaMpcError('joint-states.not-finite', {
    subject: `joint_states, ${field} of joint '${joint}'`,
    found: String(value),
    expected: 'a finite number',
    remedy: 'Check the encoder and the driver of this joint.',
  });
}
