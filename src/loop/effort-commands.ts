import { f64 } from '../core/array-access.js';
import type { JointLimit, JointReading } from '../core/types.js';
import type { Command } from '../safety/command.js';
import type { EffortLaw } from '../safety/effort-law.js';
import type { Timeline } from '../timeline/timeline.js';

/** A joint slower than this fraction of its velocity limit counts as at rest. */
const REST_FRACTION = 0.01;

/** Adds efforts to commands where efforts are commanded. */
export class EffortCommands {
  readonly #law: EffortLaw;
  readonly #limits: readonly JointLimit[];
  readonly #timeline: Pick<Timeline, 'velocityAt'>;

  constructor(law: EffortLaw, limits: readonly JointLimit[], timeline: Pick<Timeline, 'velocityAt'>) {
    this.#law = law;
    this.#limits = limits;
    this.#timeline = timeline;
  }

  /** The command with the efforts towards it; none if there is no reading that can be relied on. */
  add(command: Command, reading: JointReading | null): Command {
    const { positions: position, velocities: velocity } = command;
    const efforts = reading === null ? this.#law.none() : this.#law.towards({ position, velocity }, reading);
    return { ...command, efforts };
  }

  /** Whether the robot itself has come to rest, as far as it is measured: with efforts it lags behind its commands. */
  hasComeToRest(reading: JointReading | null): boolean {
    if (!this.#law.needsVelocity || reading === null) return true;
    const speed = this.#timeline.velocityAt(reading.stampNs);
    return this.#limits.every(
      ({ velocity }, joint) => Math.abs(f64(speed, joint)) <= velocity * REST_FRACTION,
    );
  }
}
