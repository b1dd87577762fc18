import { assertLength, f64 } from '../core/array-access.js';
import { StampedRing } from './ring.js';

/** Commands kept: 20 s at 50 Hz, longer ago than the oldest frame that is planned from. */
const CAPACITY = 1024;

/** What was commanded in one command period. */
export interface SentCommand {
  /** Time of the tick: the period begins then. */
  readonly stampNs: bigint;
  /** Desired positions `[J]` at the end of the period, rad or m. */
  readonly position: Float64Array;
  /** Desired velocities `[J]` at the end of the period, rad/s or m/s. */
  readonly velocity: Float64Array;
  /** Raw action `[A]` in force, limited to what the joints can follow; rest where there was none. */
  readonly action: Float64Array;
}

/** The commands that were sent, by the time of their ticks. Plans from old frames and readings with old stamps are compared with it. */
export class SentLog {
  readonly #joints: number;
  readonly #actionSize: number;
  readonly #periodNs: bigint;
  readonly #ring = new StampedRing(CAPACITY);
  /** `[CAPACITY, J]`: positions at the start of each period; positions and velocities at its end. */
  readonly #starts: Float64Array;
  readonly #positions: Float64Array;
  readonly #velocities: Float64Array;
  /** `[CAPACITY, A]` */
  readonly #actions: Float64Array;

  constructor(joints: number, actionSize: number, commandPeriodNs: bigint) {
    this.#joints = joints;
    this.#actionSize = actionSize;
    this.#periodNs = commandPeriodNs;
    this.#starts = new Float64Array(CAPACITY * joints);
    this.#positions = new Float64Array(CAPACITY * joints);
    this.#velocities = new Float64Array(CAPACITY * joints);
    this.#actions = new Float64Array(CAPACITY * actionSize);
  }

  /** Time of the newest tick; null when nothing was sent. */
  get lastNs(): bigint | null {
    return this.#ring.length === 0 ? null : this.#ring.stampAt(0);
  }

  /**
   * Copies a command into the log.
   *
   * @param command of a tick; ticks come in order of time
   * @param start desired positions `[J]` at the start of the period, rad or m
   * @throws RangeError when an array has another length
   */
  note(command: SentCommand, start: Float64Array): void {
    assertLength('start positions', start, this.#joints);
    assertLength('sent positions', command.position, this.#joints);
    assertLength('sent velocities', command.velocity, this.#joints);
    assertLength('sent action', command.action, this.#actionSize);
    const row = this.#ring.pushAt(command.stampNs);
    this.#starts.set(start, row * this.#joints);
    this.#positions.set(command.position, row * this.#joints);
    this.#velocities.set(command.velocity, row * this.#joints);
    this.#actions.set(command.action, row * this.#actionSize);
  }

  /** Forgets all commands, for a desired state that begins elsewhere. */
  clear(): void {
    this.#ring.clear();
  }

  /** Whether it knows the desired state at a time. */
  covers(timeNs: bigint): boolean {
    return this.#ring.length > 0 && this.#ring.stampAt(this.#ring.length - 1) <= timeNs;
  }

  /**
   * The desired positions at a time that it covers; after the newest period, those at its end. Within a period they are interpolated linearly,
   * with an error of at most `a dt² / 8`.
   *
   * @param out `[J]`, rad or m, written and returned
   * @throws RangeError when nothing was sent
   */
  desiredAt(timeNs: bigint, out: Float64Array): Float64Array {
    const age = this.#ring.ageAt(timeNs);
    const row = this.#ring.row(age);
    const share = Number(timeNs - this.#ring.stampAt(age)) / Number(this.#periodNs);
    for (let joint = 0; joint < this.#joints; joint++) {
      const start = f64(this.#starts, row * this.#joints + joint);
      const end = f64(this.#positions, row * this.#joints + joint);
      out[joint] = start + (end - start) * Math.min(share, 1);
    }
    return out;
  }

  /** An entry of the raw action in force at a time that it covers; null in a gap between ticks, in which nothing was sent. @param entry 0 to A - 1 */
  actionAt(timeNs: bigint, entry: number): number | null {
    const age = this.#ring.ageAt(timeNs);
    const row = this.#ring.row(age);
    if (timeNs - this.#ring.stampAt(age) >= 2n * this.#periodNs) return null;
    return f64(this.#actions, row * this.#actionSize + entry);
  }

  /** Whether only rest was commanded from a time on: the period at that time and every later one end with velocity 0. */
  restsSince(timeNs: bigint): boolean {
    for (let age = 0; age < this.#ring.length; age++) {
      const row = this.#ring.row(age);
      for (let joint = 0; joint < this.#joints; joint++)
        if (this.#velocities[row * this.#joints + joint] !== 0) return false;
      if (this.#ring.stampAt(age) <= timeNs) return true;
    }
    return true;
  }
}
