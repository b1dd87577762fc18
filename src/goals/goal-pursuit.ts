import { GoalProgress } from './goal-progress.js';
import type { GoalCriteria, GoalSample } from './goal-progress.js';
import type { FrameSet } from '../core/model-info.js';

/** How the pursuit of a goal ended. */
export type GoalOutcome = 'reached' | 'timed_out' | 'unreachable' | 'canceled' | 'preempted' | 'stopped';

export interface GoalEnding {
  readonly outcome: GoalOutcome;
  /** For a person. */
  readonly reason: string;
  /** Last known, in the unit of the objective; NaN if there was none. */
  readonly distance: number;
  readonly elapsedNs: bigint;
}

/** The pursuit of one goal, from when it was set to when it is reached or given up. */
export class GoalPursuit {
  readonly goal: FrameSet;
  /** Source of the goal, for people. */
  readonly origin: string;
  /** Resolves with the end; never rejects. */
  readonly ended: Promise<GoalEnding>;
  readonly #criteria: GoalCriteria;
  #progress: GoalProgress;
  #ending: GoalEnding | null = null;
  #resolve: (ending: GoalEnding) => void = () => undefined;

  constructor(goal: FrameSet, origin: string, nowNs: bigint, criteria: GoalCriteria) {
    this.goal = goal;
    this.origin = origin;
    this.#criteria = criteria;
    this.#progress = new GoalProgress(nowNs, criteria);
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Null while the goal is pursued. */
  get ending(): GoalEnding | null {
    return this.#ending;
  }

  get tolerance(): number {
    return this.#criteria.tolerance;
  }

  get distance(): number {
    return this.#progress.distance;
  }

  get elapsedNs(): bigint {
    return this.#progress.elapsedNs;
  }

  /** Time counts from now on: the robot could not move before. */
  restart(nowNs: bigint): void {
    if (this.#ending === null) this.#progress = new GoalProgress(nowNs, this.#criteria);
  }

  note(sample: GoalSample): void {
    this.#follow(this.#progress.note(sample));
  }

  look(nowNs: bigint): void {
    this.#follow(this.#progress.look(nowNs));
  }

  /** Ends it, unless it has ended. */
  end(outcome: GoalOutcome, reason: string): void {
    if (this.#ending !== null) return;
    this.#ending = { outcome, reason, distance: this.distance, elapsedNs: this.elapsedNs };
    this.#resolve(this.#ending);
  }

  #follow(state: GoalProgress['state']): void {
    const distance = `distance ${this.distance.toPrecision(3)}, tolerance ${String(this.tolerance)}`;
    const after = `after ${(Number(this.elapsedNs) / 1e9).toFixed(1)} s`;
    if (state === 'reached') this.end('reached', `within the tolerance ${after} (${distance})`);
    if (state === 'timed_out')
      this.end('timed_out', `not reached ${after} (${distance}): goal.timeout_s allows no more`);
    if (state === 'unreachable') {
      const stallS = Number(this.#criteria.stallNs) / 1e9;
      this.end('unreachable', `no nearer for ${String(stallS)} s (${distance}): goal.stall_s allows no more`);
    }
  }
}
