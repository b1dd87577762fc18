import type { FrameSet } from '../core/model-info.js';
import { secondsToNs } from '../core/time.js';
import type { GoalCriteria } from './goal-progress.js';
import type { GoalEnding, GoalPursuit } from './goal-pursuit.js';
import type { Goals } from './goals.js';

/** How often a pursuit is checked besides with each plan. */
const CHECK_PERIOD_MS = 100;

/** A goal without a stamp. */
export interface UnstampedGoal {
  readonly goal: FrameSet;
  /** For people. */
  readonly origin: string;
}

/** At least one. */
export type GoalList = readonly [UnstampedGoal, ...UnstampedGoal[]];

export interface GoalSequenceOptions {
  readonly goals: Pick<Goals, 'newRequest' | 'setUnstamped' | 'giveUp' | 'blocker'>;
  readonly clock: { readonly nowNs: bigint };
  /** s; 0: no limit. */
  readonly parameters: () => { readonly 'goal.timeout_s': number; readonly 'goal.subgoal_s': number };
}

/**
 * Pursues goals one after the other for one client. A goal that is not reached ends the sequence, except that each but the last is left after
 * `goal.subgoal_s`. All share one timeout. The robot brakes to rest when the sequence ends without its last goal reached.
 */
export class GoalSequence {
  readonly #options: GoalSequenceOptions;
  readonly #request: number;
  #pursuit: GoalPursuit | null = null;
  #cancelReason: string | null = null;

  /** At the moment at which the client asks for it: its goals may take time to read. */
  constructor(options: GoalSequenceOptions) {
    this.#options = options;
    this.#request = options.goals.newRequest();
  }

  /** The goal that is pursued now, or was last; null before the first. */
  get pursuit(): GoalPursuit | null {
    return this.#pursuit;
  }

  /** Gives up. Before {@link pursue} is called, it keeps the sequence from replacing the goal in force. */
  cancel(reason: string): void {
    this.#cancelReason = reason;
    if (this.#pursuit !== null) this.#options.goals.giveUp(this.#pursuit, 'canceled', reason);
  }

  /** Gives the present goal up because the node shuts down. */
  stop(reason: string): void {
    if (this.#pursuit !== null) this.#options.goals.giveUp(this.#pursuit, 'stopped', reason);
  }

  /**
   * Pursues all goals; call it once. The time of the ending is that of the whole sequence.
   *
   * @param criteria overrides the parameters `goal.*`; the timeout is that of the whole sequence
   */
  pursue(goals: GoalList, criteria: Partial<GoalCriteria>): Promise<GoalEnding> {
    const { blocker } = this.#options.goals;
    if (this.#cancelReason !== null) return Promise.resolve(notPursued('canceled', this.#cancelReason));
    if (blocker !== null) return Promise.resolve(notPursued('stopped', blocker));
    const timeoutNs = criteria.timeoutNs ?? secondsToNs(this.#options.parameters()['goal.timeout_s']);
    return this.#pursueFrom(goals, { ...criteria, timeoutNs }, this.#options.clock.nowNs);
  }

  async #pursueFrom(
    [{ goal, origin }, ...rest]: GoalList,
    criteria: Partial<GoalCriteria> & Pick<GoalCriteria, 'timeoutNs'>,
    startNs: bigint,
  ): Promise<GoalEnding> {
    const { goals, clock } = this.#options;
    const { timeoutNs } = criteria;
    const usedNs = clock.nowNs - startNs;
    // At least 1 ns: 0 would be no timeout at all.
    const leftNs = timeoutNs === 0n ? 0n : max(timeoutNs - usedNs, 1n);
    const pursuit = goals.setUnstamped(goal, origin, { ...criteria, timeoutNs: leftNs }, this.#request);
    this.#pursuit = pursuit;
    const [next, ...others] = rest;
    const ending = await this.#watch(pursuit, next === undefined);
    if (next !== undefined && (ending === null || ending.outcome === 'reached'))
      return this.#pursueFrom([next, ...others], criteria, startNs);
    const last = ending ?? (await pursuit.ended);
    if (last.outcome !== 'reached') goals.giveUp(pursuit, last.outcome, last.reason);
    return { ...last, elapsedNs: usedNs + last.elapsedNs };
  }

  /**
   * The ending of a pursuit, which is stopped when the robot may not move.
   *
   * @returns null for a goal that is not the last and has had its time
   */
  async #watch(pursuit: GoalPursuit, isLast: boolean): Promise<GoalEnding | null> {
    const { goals, parameters } = this.#options;
    let check: NodeJS.Timeout | undefined;
    const timeUp = new Promise<null>((resolve) => {
      check = setInterval(() => {
        const { blocker } = goals;
        if (blocker !== null) goals.giveUp(pursuit, 'stopped', blocker);
        const limitNs = secondsToNs(parameters()['goal.subgoal_s']);
        if (!isLast && limitNs > 0n && pursuit.elapsedNs >= limitNs) resolve(null);
      }, CHECK_PERIOD_MS);
    });
    const ending = await Promise.race([pursuit.ended, timeUp]);
    clearInterval(check);
    return ending;
  }
}

function notPursued(outcome: 'canceled' | 'stopped', reason: string): GoalEnding {
  return { outcome, reason, distance: NaN, elapsedNs: 0n };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
