import type { JointStateMessage } from './wire.js';

/** The newest measurement and command of each joint, from messages that may have some of the joints only, in any order. */
export class JointStream {
  readonly #measured = new Map<string, { readonly position: number; readonly velocity: number }>();
  readonly #commanded = new Map<string, number>();
  #stampNs = 0n;

  onState({ stampNs, names, positions, velocities }: JointStateMessage): void {
    if (stampNs > this.#stampNs) this.#stampNs = stampNs;
    names.forEach((name, index) => {
      this.#measured.set(name, {
        position: positions[index] ?? NaN,
        velocity: velocities[index] ?? NaN,
      });
    });
  }

  /** @param values in the order of the names */
  onCommand(names: readonly string[], values: ArrayLike<number>): void {
    names.forEach((name, index) => {
      this.#commanded.set(name, values[index] ?? NaN);
    });
  }

  /** Of the newest measurement. */
  get stampNs(): bigint {
    return this.#stampNs;
  }

  /** @returns `[3, J]`: position, velocity, command; NaN where not known */
  rows(joints: readonly string[]): Float32Array {
    return Float32Array.from([
      ...joints.map((joint) => this.#measured.get(joint)?.position ?? NaN),
      ...joints.map((joint) => this.#measured.get(joint)?.velocity ?? NaN),
      ...joints.map((joint) => this.#commanded.get(joint) ?? NaN),
    ]);
  }
}
