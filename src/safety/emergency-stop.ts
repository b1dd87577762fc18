import { double, dynamic, type ValuesOf } from '../core/parameter.js';
import type { OperatorState } from './operator-state.js';

export const emergencyStopParameters = {
  'emergency_stop.timeout_s': dynamic(
    double({ min: 0, max: 60, default: 0 }),
    's',
    'How long each publisher of ~/emergency_stop may be silent: longer stops the robot as an emergency stop does, and activation is refused without messages. 0: no heartbeat is needed.',
  ),
};

export type EmergencyStopValues = ValuesOf<typeof emergencyStopParameters>;

/** How long a message counts as what its publisher says now, ms, unless the heartbeat may be silent for longer. */
const MESSAGE_MS = 1000;

/** Who sent a message. */
export interface StopSource {
  /** Tells publishers apart; null where the middleware does not say who sent it. */
  readonly id: string | null;
  /** For people: the name of the node. */
  readonly name: string;
}

/** What one publisher said last. */
interface Voice {
  readonly id: string | null;
  readonly name: string;
  readonly isStopped: boolean;
  readonly atMs: number;
}

/** Why the robot is stopped: the rung of the ladder, and what happened. */
type Latched = NonNullable<OperatorState['emergencyStop']>;

/**
 * The latched emergency stop. One `true` of any publisher or request stops; `false` is a heartbeat and clears nothing. Only `reset` clears, and
 * only when nobody says `true` any more. It has no timer and no clock: wall-clock time is passed in, ms.
 *
 * What a publisher said stays until it says something else. A `true` is forgotten once its publisher has ended; where nobody knows who sent it, or
 * whether it has ended, a while after it came. A publisher that falls silent counts as a lost heartbeat until a reset forgets it.
 */
export class EmergencyStop {
  readonly #values: () => EmergencyStopValues;
  readonly #isPublishing: (id: string) => boolean;
  /** By publisher; all that do not say who they are share one. */
  readonly #voices = new Map<string | null, Voice>();
  #latched: Latched | null = null;

  /**
   * @param values read at each use: the timeout may change while the node runs
   * @param isPublishing whether a publisher is still there, by its id; asked before a reset
   */
  constructor(values: () => EmergencyStopValues, isPublishing: (id: string) => boolean) {
    this.#values = values;
    this.#isPublishing = isPublishing;
  }

  /** Why the robot is stopped, until `reset`; null when it is not. */
  get latched(): Latched | null {
    return this.#latched;
  }

  /** A message on the topic. */
  onMessage(isStopped: boolean, { id, name }: StopSource, nowMs: number): void {
    this.#forgetOldReleases(nowMs);
    const before = this.#voices.get(id);
    // Two publishers may hide behind an unknown one: what one of them released, the other may still press.
    const isPressedByAnother = id === null && before?.isStopped === true && this.#isRecent(before, nowMs);
    if (isStopped || !isPressedByAnother) this.#voices.set(id, { id, name, isStopped, atMs: nowMs });
    if (isStopped) this.stop(`pressed by ${name}`);
  }

  /** Stops, latched. If it is stopped already, the first reason stays. @param reason for people: who or what */
  stop(reason: string): void {
    this.#latched ??= { id: 'emergency-stop', found: reason };
  }

  /** Stops if the heartbeat of a publisher has been lost. Call it in each period while the robot is commanded. */
  watch(nowMs: number): void {
    this.#forgetOldReleases(nowMs);
    const silence = this.silence(nowMs);
    if (silence !== null) this.#latched ??= { id: 'emergency-stop-silent', found: silence };
  }

  /** Why the required heartbeat is missing: nobody sends one, or a publisher has fallen silent. Null if it is there, or none is required. */
  silence(nowMs: number): string | null {
    if (this.#timeoutMs === 0) return null;
    if (this.#voices.size === 0) return 'no heartbeat received';
    const silent = [...this.#voices.values()].filter((voice) => this.#isSilent(voice, nowMs));
    return silent.length === 0 ? null : silent.map((voice) => silenceOf(voice, nowMs)).join(', ');
  }

  /** Why a reset is refused: somebody says `true`, or nobody sends the required heartbeat. Null if it is not. */
  refusal(nowMs: number): string | null {
    const voices = [...this.#voices.values()];
    const isPressed = (voice: Voice): boolean => voice.isStopped && this.#counts(voice, nowMs);
    if (voices.some(isPressed)) {
      const present = voices.filter((voice) => isPressed(voice) || this.#isRecent(voice, nowMs));
      return present.map(({ name, isStopped }) => `${name} says ${String(isStopped)}`).join(', ');
    }
    const isAlive = voices.some((voice) => !this.#isSilent(voice, nowMs));
    return isAlive ? null : this.silence(nowMs);
  }

  /** Clears the stop if `refusal` is null, and forgets the publishers that have fallen silent. @returns the refusal */
  reset(nowMs: number): string | null {
    const refusal = this.refusal(nowMs);
    if (refusal !== null) return refusal;
    this.#latched = null;
    for (const [id, voice] of this.#voices)
      if (voice.isStopped || this.#isSilent(voice, nowMs)) this.#voices.delete(id);
    return null;
  }

  /** 0: no heartbeat is required. */
  get #timeoutMs(): number {
    return this.#values()['emergency_stop.timeout_s'] * 1000;
  }

  #isSilent({ atMs }: Voice, nowMs: number): boolean {
    return this.#timeoutMs > 0 && nowMs - atMs > this.#timeoutMs;
  }

  #isRecent({ atMs }: Voice, nowMs: number): boolean {
    return nowMs - atMs <= Math.max(MESSAGE_MS, this.#timeoutMs);
  }

  /** Without a required heartbeat nobody has to go on: a timeout that is set later must not find old publishers silent. */
  #forgetOldReleases(nowMs: number): void {
    if (this.#timeoutMs > 0) return;
    for (const [id, voice] of this.#voices)
      if (!voice.isStopped && !this.#isRecent(voice, nowMs)) this.#voices.delete(id);
  }

  /** Whether a `true` still holds: a button may publish on change only. */
  #counts(voice: Voice, nowMs: number): boolean {
    return this.#isRecent(voice, nowMs) || (voice.id !== null && this.#isPublishing(voice.id));
  }
}

function silenceOf({ name, atMs }: Voice, nowMs: number): string {
  return `no heartbeat for ${((nowMs - atMs) / 1000).toFixed(2)} s from ${name}`;
}
