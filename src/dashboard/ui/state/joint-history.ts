import type { NumbersFrame } from '../../binary-frame.js';
import { History } from './history.js';

/** A minute of joint states at 60 Hz. */
const KEPT = 3600;

/** Positions and commands of the joints over time. */
export class JointHistory {
  #history = new History(0, 1);
  #joints = 0;

  /** Begins anew for a robot with this many joints. */
  start(joints: number): void {
    if (joints === this.#joints) return;
    this.#joints = joints;
    this.#history = new History(2 * joints, KEPT);
  }

  /** @param frame channel `joints`: `[3, joints]` measured position, measured velocity, command */
  push(timeS: number, { shape, numbers }: NumbersFrame): void {
    const joints = shape[1] ?? 0;
    if (joints === 0 || numbers.length < 3 * joints) return;
    this.start(joints);
    const row = new Float64Array(2 * joints);
    row.set(numbers.subarray(0, joints));
    row.set(numbers.subarray(2 * joints, 3 * joints), joints);
    this.#history.push(timeS, row);
  }

  get joints(): number {
    return this.#joints;
  }

  times(sinceS: number): Float64Array {
    return this.#history.times(sinceS);
  }

  position(joint: number, sinceS: number): Float64Array {
    return this.#history.column(joint, sinceS);
  }

  command(joint: number, sinceS: number): Float64Array {
    return this.#history.column(this.#joints + joint, sinceS);
  }

  newestPosition(joint: number): number {
    return this.#history.newest(joint);
  }

  newestCommand(joint: number): number {
    return this.#history.newest(this.#joints + joint);
  }

  get newestS(): number {
    return this.#history.newestS;
  }
}
