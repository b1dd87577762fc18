import { at, f64, i64 } from '../core/array-access.js';
import { displacement } from '../core/joint-positions.js';
import { PLAUSIBLE_SPEED_FACTOR, type ReadingJoint } from './reading-log.js';

/** How far two publishers may be wrong about the time of a state, ns. */
const STAMP_ERROR_NS = 25_000_000n;

/** States of two publishers are compared if their stamps are at most this far apart, ns. */
const COMPARED_NS = 500_000_000n;

/** A contradiction is over when no message has been contradicted for this long, ns: longer than a slow publisher takes between two messages. */
const OVER_NS = 2_000_000_000n;

/** Contradicted messages that make a contradiction: a single message is never believed. */
const CONTRADICTED_MESSAGES = 2;

/** Publishers that are remembered; the one that has been silent longest is forgotten. */
const MAX_PUBLISHERS = 16;

/** What two publishers say of one joint. */
export interface Contradiction {
  readonly joint: string;
  /** The publisher whose message contradicted, and the one that had said something else. */
  readonly publishers: readonly [string, string];
  /** What they say, rad or m. */
  readonly positions: readonly [number, number];
}

/** The newest states of one publisher. */
interface Said {
  newestNs: bigint;
  /** `[J]`; where `known` is 0, the joint has none. */
  readonly known: Uint8Array;
  readonly stampsNs: BigInt64Array;
  readonly positions: Float64Array;
}

/**
 * Notices publishers of joint states that contradict each other: their positions of one joint are further apart than its velocity limit allows in
 * the time between. Publishers that agree, or that publish different joints, are as good as one.
 */
export class PublisherConflict {
  readonly #joints: readonly ReadingJoint[];
  readonly #publishers = new Map<string, Said>();
  #found: Contradiction | null = null;
  #messages = 0;
  /** Stamp of the last contradicted message. */
  #lastNs = 0n;

  constructor(joints: readonly ReadingJoint[]) {
    this.#joints = joints;
  }

  /**
   * Compares a message with what the other publishers say, and remembers it.
   *
   * @param publisher tells publishers apart
   * @param places `[J]`: for each joint, its index in the message; below 0: the message does not have it
   * @param positions of the message, rad or m, finite at these places
   * @returns whether another publisher contradicts it: neither of the two can be believed then
   */
  isContradicted(
    publisher: string,
    stampNs: bigint,
    places: ArrayLike<number>,
    positions: ArrayLike<number>,
  ): boolean {
    const isContradicted = this.#compare(publisher, stampNs, places, positions);
    this.#remember(publisher, stampNs, places, positions);
    return isContradicted;
  }

  /** The contradiction that lasts at a time; null when there is none. */
  at(nowNs: bigint): Contradiction | null {
    return this.#messages >= CONTRADICTED_MESSAGES && nowNs - this.#lastNs <= OVER_NS ? this.#found : null;
  }

  /** Forgets everything. */
  clear(): void {
    this.#publishers.clear();
    this.#messages = 0;
    this.#found = null;
  }

  #compare(
    publisher: string,
    stampNs: bigint,
    places: ArrayLike<number>,
    positions: ArrayLike<number>,
  ): boolean {
    for (const [other, said] of this.#publishers) {
      if (other === publisher) continue;
      for (let joint = 0; joint < this.#joints.length; joint++) {
        const place = at(places, joint);
        if (place < 0 || said.known[joint] === 0) continue;
        const position = at(positions, place);
        const otherPosition = f64(said.positions, joint);
        if (this.#agree(joint, stampNs - i64(said.stampsNs, joint), otherPosition, position)) continue;
        this.#noteContradiction(stampNs, {
          joint: at(this.#joints, joint).name,
          publishers: [publisher, other],
          positions: [position, otherPosition],
        });
        return true;
      }
    }
    return false;
  }

  #agree(joint: number, laterNs: bigint, from: number, to: number): boolean {
    const apartNs = laterNs < 0n ? -laterNs : laterNs;
    if (apartNs > COMPARED_NS) return true;
    const { wraps, restTolerance, velocity } = at(this.#joints, joint);
    const timeS = Number(apartNs + STAMP_ERROR_NS) / 1e9;
    return (
      Math.abs(displacement(from, to, wraps)) <= PLAUSIBLE_SPEED_FACTOR * velocity * timeS + restTolerance
    );
  }

  #noteContradiction(stampNs: bigint, found: Contradiction): void {
    if (this.#messages === 0 || stampNs - this.#lastNs > OVER_NS) {
      this.#messages = 0;
      this.#found = found;
      this.#lastNs = stampNs;
    }
    this.#messages += 1;
    if (stampNs > this.#lastNs) this.#lastNs = stampNs;
  }

  #remember(
    publisher: string,
    stampNs: bigint,
    places: ArrayLike<number>,
    positions: ArrayLike<number>,
  ): void {
    const said = this.#publishers.get(publisher) ?? this.#begin(publisher, stampNs);
    if (stampNs > said.newestNs) said.newestNs = stampNs;
    for (let joint = 0; joint < this.#joints.length; joint++) {
      const place = at(places, joint);
      if (place < 0 || stampNs < i64(said.stampsNs, joint)) continue;
      said.known[joint] = 1;
      said.stampsNs[joint] = stampNs;
      said.positions[joint] = at(positions, place);
    }
  }

  #begin(publisher: string, stampNs: bigint): Said {
    if (this.#publishers.size === MAX_PUBLISHERS) this.#forgetSilent();
    const joints = this.#joints.length;
    const said = {
      newestNs: stampNs,
      known: new Uint8Array(joints),
      stampsNs: new BigInt64Array(joints),
      positions: new Float64Array(joints),
    };
    this.#publishers.set(publisher, said);
    return said;
  }

  #forgetSilent(): void {
    let silent: string | null = null;
    let oldestNs: bigint | null = null;
    for (const [publisher, { newestNs }] of this.#publishers) {
      if (oldestNs !== null && newestNs >= oldestNs) continue;
      silent = publisher;
      oldestNs = newestNs;
    }
    if (silent !== null) this.#publishers.delete(silent);
  }
}
