import type { CommandStream } from '../safety/command-stream.js';
import type { SettledPose } from '../timeline/reading-log.js';
import type { Timeline } from '../timeline/timeline.js';

/** Outcome of a request to take the measured pose as the desired one. */
export type ResetOutcome =
  | { readonly state: 'anchored'; readonly position: Float64Array }
  /** The robot comes to rest first; then its pose is taken. */
  | { readonly state: 'braking' }
  | { readonly state: 'refused'; readonly reason: string }
  /** Joints are outside their limits, in words. */
  | { readonly state: 'outside'; readonly found: string };

/**
 * Takes the measured pose as the desired one. That needs a robot at rest and readings that agree; until then the request stays pending. A robot that
 * follows plans from there on has to be inside its limits, too: plans are no slow way back.
 */
export class Anchoring {
  readonly #timeline: { readonly readings: Pick<Timeline['readings'], 'settledPose' | 'newest'> };
  readonly #stream: Pick<CommandStream, 'isAtRest'>;
  readonly #begin: (position: Float64Array, nowNs: bigint) => void;
  readonly #outside: (position: Float64Array) => string | null;
  readonly #contradiction: () => string | null;
  #pending: { waitsFor: string | null } | null = null;

  /**
   * @param begin starts the command stream at this pose `[J]`, rad or m
   * @param outside the joints that are outside their limits, in words; null if none is
   * @param contradiction the publishers of joint states that contradict each other, in words; null if none do
   */
  constructor(
    timeline: { readonly readings: Pick<Timeline['readings'], 'settledPose' | 'newest'> },
    stream: Pick<CommandStream, 'isAtRest'>,
    begin: (position: Float64Array, nowNs: bigint) => void,
    outside: (position: Float64Array) => string | null = () => null,
    contradiction: () => string | null = () => null,
  ) {
    this.#timeline = timeline;
    this.#stream = stream;
    this.#begin = begin;
    this.#outside = outside;
    this.#contradiction = contradiction;
  }

  /** Whether the pose is still to be taken. */
  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** Why a pending request has to wait, beyond the robot coming to rest; null otherwise. */
  get waitsFor(): string | null {
    return this.#pending?.waitsFor ?? null;
  }

  /** Why the measured pose cannot be taken now: readings that are missing or do not agree. Null if it can. */
  get disagreement(): string | null {
    const settled = this.#settledPose;
    return 'disagreement' in settled ? settled.found : null;
  }

  /** Takes the pose now if that is possible, else with the first tick by which it is. */
  request(isActive: boolean, nowNs: bigint): void {
    if (this.reset(isActive, nowNs).state !== 'anchored')
      this.#pending = { waitsFor: this.disagreement ?? this.#strays };
  }

  /**
   * Takes the pose now, or after a moving robot has come to rest. Nothing changes for a robot whose readings contradict each other.
   *
   * @param isActive whether the robot is commanded: one outside its limits is refused then
   */
  reset(isActive: boolean, nowNs: bigint): ResetOutcome {
    const contradiction = this.#contradiction();
    if (contradiction !== null) return { state: 'refused', reason: contradiction };
    const settled = this.#settledPose;
    const isSeenMoving = 'disagreement' in settled && settled.disagreement === 'moving';
    const strays = isActive && ('position' in settled || isSeenMoving) ? this.#strays : null;
    if (strays !== null) return { state: 'outside', found: strays };
    const isMoving = !this.#stream.isAtRest || isSeenMoving;
    if (isActive && isMoving) {
      this.#pending ??= { waitsFor: null };
      return { state: 'braking' };
    }
    if ('disagreement' in settled) return { state: 'refused', reason: settled.found };
    this.#take(settled.position, nowNs);
    return { state: 'anchored', position: settled.position };
  }

  /** Serves a pending request if it can be served by now. @param isBlind whether the newest reading is too old */
  takeIfDue(isBlind: boolean, nowNs: bigint): void {
    if (this.#pending === null || !this.#stream.isAtRest || isBlind) return;
    const settled = this.#settledPose;
    const blocker = 'disagreement' in settled ? settled.found : this.#outside(settled.position);
    if ('position' in settled && blocker === null) this.#take(settled.position, nowNs);
    else this.#pending.waitsFor = blocker;
  }

  /** The pose that the readings agree on, which says nothing while publishers contradict each other: none of them is read then. */
  get #settledPose(): SettledPose {
    const found = this.#contradiction();
    return found === null ? this.#timeline.readings.settledPose() : { disagreement: 'contradiction', found };
  }

  /** The joints that were last measured outside their limits, in words; null if none was. */
  get #strays(): string | null {
    const { newest } = this.#timeline.readings;
    return newest === null ? null : this.#outside(newest.position);
  }

  #take(position: Float64Array, nowNs: bigint): void {
    this.#pending = null;
    this.#begin(position, nowNs);
  }
}
