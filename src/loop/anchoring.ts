import type { CommandStream } from '../safety/command-stream.js';
import type { Timeline } from '../timeline/timeline.js';

/** Outcome of a request to take the measured pose as the desired one. */
export type ResetOutcome =
  | { readonly state: 'anchored'; readonly position: Float64Array }
  /** The robot comes to rest first; then its pose is taken. */
  | { readonly state: 'braking' }
  | { readonly state: 'refused'; readonly reason: string };

/**
 * Takes the measured pose as the desired one. That needs a robot at rest and readings that agree; until then the request stays pending.
 */
export class Anchoring {
  readonly #timeline: Pick<Timeline, 'readings'>;
  readonly #stream: Pick<CommandStream, 'isAtRest'>;
  readonly #begin: (position: Float64Array, nowNs: bigint) => void;
  #pending: { waitsFor: string | null } | null = null;

  /** @param begin starts the command stream at this pose `[J]`, rad or m */
  constructor(
    timeline: Pick<Timeline, 'readings'>,
    stream: Pick<CommandStream, 'isAtRest'>,
    begin: (position: Float64Array, nowNs: bigint) => void,
  ) {
    this.#timeline = timeline;
    this.#stream = stream;
    this.#begin = begin;
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
    const settled = this.#timeline.readings.settledPose();
    return 'disagreement' in settled ? settled.found : null;
  }

  /** Takes the pose now if that is possible, else with the first tick by which it is. */
  request(isActive: boolean, nowNs: bigint): void {
    if (this.reset(isActive, nowNs).state !== 'anchored') this.#pending = { waitsFor: this.disagreement };
  }

  /** Takes the pose now, or after a moving robot has come to rest. Nothing changes for a robot whose readings contradict each other. */
  reset(isActive: boolean, nowNs: bigint): ResetOutcome {
    const settled = this.#timeline.readings.settledPose();
    const isMoving =
      !this.#stream.isAtRest || ('disagreement' in settled && settled.disagreement === 'moving');
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
    const settled = this.#timeline.readings.settledPose();
    if ('disagreement' in settled) this.#pending.waitsFor = settled.found;
    else this.#take(settled.position, nowNs);
  }

  #take(position: Float64Array, nowNs: bigint): void {
    this.#pending = null;
    this.#begin(position, nowNs);
  }
}
