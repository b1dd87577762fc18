import { Ring } from './ring.js';

/** Commands kept: 20 s at 50 Hz, more than the oldest frame that is planned from. */
const CAPACITY = 1024;

/** What was commanded in one command period. */
export interface SentCommand {
  /** Time of the tick: the period begins then. */
  readonly stampNs: bigint;
  /** Desired positions `[J]` at the end of the period, rad or m. */
  readonly position: Float64Array;
  /** Desired velocities `[J]` at the end of the period, rad/s or m/s. */
  readonly velocity: Float64Array;
  /** Raw action `[A]` that was in force, as far as the joints can follow it; rest where nothing was. */
  readonly action: Float64Array;
}

/** What was really sent, by the time of its tick. It is the memory that plans from old frames and readings with old stamps are held against. */
export class SentLog {
  readonly #joints: number;
  readonly #actionSize: number;
  readonly #periodNs: bigint;
  readonly #ring = new Ring(CAPACITY);
  readonly #stampsNs = new BigInt64Array(CAPACITY);
  /** `[CAPACITY, J]`, when each period begins and when it ends. */
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
    return this.#ring.length === 0 ? null : this.#stampAt(0);
  }

  /**
   * @param command what goes out with a tick; ticks come in order of time
   * @param start desired positions `[J]` when the period begins, rad or m
   */
  note(command: SentCommand, start: Float64Array): void {
    const row = this.#ring.push();
    this.#stampsNs[row] = command.stampNs;
    this.#starts.set(start, row * this.#joints);
    this.#positions.set(command.position, row * this.#joints);
    this.#velocities.set(command.velocity, row * this.#joints);
    this.#actions.set(command.action, row * this.#actionSize);
  }

  /** Forgets all: the desired state begins elsewhere. */
  clear(): void {
    this.#ring.clear();
  }

  /** Whether it knows what was desired at a time. */
  covers(timeNs: bigint): boolean {
    return this.#ring.length > 0 && this.#stampAt(this.#ring.length - 1) <= timeNs;
  }

  /**
   * The desired positions `[J]`, rad or m, at a time that it covers; after the newest period those at its end. Within a period in a straight
   * line, which is off by `a dt² / 8` at most.
   */
  desiredAt(timeNs: bigint, out: Float64Array): Float64Array {
    const row = this.#ring.row(this.#ageAt(timeNs));
    const share = Number(timeNs - (this.#stampsNs[row] ?? 0n)) / Number(this.#periodNs);
    for (let joint = 0; joint < this.#joints; joint++) {
      const start = this.#starts[row * this.#joints + joint] ?? NaN;
      const end = this.#positions[row * this.#joints + joint] ?? NaN;
      out[joint] = start + (end - start) * Math.min(share, 1);
    }
    return out;
  }

  /** An entry of the raw action in force at a time that it covers; null in a gap between ticks, in which nothing was sent. */
  actionAt(timeNs: bigint, entry: number): number | null {
    const row = this.#ring.row(this.#ageAt(timeNs));
    if (timeNs - (this.#stampsNs[row] ?? 0n) >= 2n * this.#periodNs) return null;
    return this.#actions[row * this.#actionSize + entry] ?? null;
  }

  /** Whether nothing but rest was commanded from a time on: each period since, and the one under way then, ends with velocity 0. */
  restsSince(timeNs: bigint): boolean {
    for (let age = 0; age < this.#ring.length; age++) {
      const row = this.#ring.row(age);
      for (let joint = 0; joint < this.#joints; joint++)
        if (this.#velocities[row * this.#joints + joint] !== 0) return false;
      if ((this.#stampsNs[row] ?? 0n) <= timeNs) return true;
    }
    return true;
  }

  /** Age of the newest command at or before a time. */
  #ageAt(timeNs: bigint): number {
    const last = this.#ring.length - 1;
    for (let age = 0; age < last; age++) if (this.#stampAt(age) <= timeNs) return age;
    return last;
  }

  #stampAt(age: number): bigint {
    return this.#stampsNs[this.#ring.row(age)] ?? 0n;
  }
}
