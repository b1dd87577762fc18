import type { FrameSet } from '../core/model-info.js';
import type { Logger } from '../core/types.js';

/** The goal in force, wherever it came from; kept for a session that starts later. */
export class Goals {
  readonly #log: Logger;
  readonly #onGoal: (goal: FrameSet) => void;
  #current: FrameSet | null = null;

  constructor(log: Logger, onGoal: (goal: FrameSet) => void) {
    this.#log = log;
    this.#onGoal = onGoal;
  }

  get current(): FrameSet | null {
    return this.#current;
  }

  set(goal: FrameSet): void {
    this.#current = goal;
    this.#onGoal(goal);
    this.#log.info(`new goal image, stamp ${String(goal.stampNs)} ns`);
  }
}
