/** How a goal is going; all but `underway` are final. */
export type GoalState = 'underway' | 'reached' | 'timed_out' | 'unreachable';

/** When a goal counts as what. Distances are in the unit of the objective. */
export interface GoalCriteria {
  /** Reached at this distance or below, at least 0 ... */
  readonly tolerance: number;
  /** ... kept for this long, at least 0: a robot that passes through its goal has not reached it. */
  readonly settleNs: bigint;
  /** Given up after this long; 0: never. */
  readonly timeoutNs: bigint;
  /** Unreachable when the distance has not fallen for this long; 0: never. */
  readonly stallNs: bigint;
}

/** A distance has fallen when it is below the least so far by this share of that: noise makes new minima too. */
const LEAST_PROGRESS = 0.02;

/**
 * Follows the distance to one goal from plan to plan and says when it is reached, out of time, or not to be reached. The least distance
 * counts, so a robot that has to move away first is given the whole of `stallNs` to do so.
 */
export class GoalProgress {
  readonly startNs: bigint;
  readonly criteria: GoalCriteria;
  #state: GoalState = 'underway';
  #distance = NaN;
  #least = Infinity;
  #leastSinceNs: bigint;
  #withinSinceNs: bigint | null = null;
  #lastNs: bigint;

  constructor(startNs: bigint, criteria: GoalCriteria) {
    this.startNs = startNs;
    this.criteria = criteria;
    this.#leastSinceNs = startNs;
    this.#lastNs = startNs;
  }

  get state(): GoalState {
    return this.#state;
  }

  /** The last distance, NaN before the first. */
  get distance(): number {
    return this.#distance;
  }

  /** From the start to the end, or to the last look. */
  get elapsedNs(): bigint {
    return this.#lastNs - this.startNs;
  }

  /** Takes note of the distance that a frame of `nowNs` has; one that is no finite number says nothing. */
  note(nowNs: bigint, distance: number): GoalState {
    if (this.#state !== 'underway') return this.#state;
    if (Number.isFinite(distance)) {
      this.#distance = distance;
      if (distance < this.#least * (1 - LEAST_PROGRESS)) {
        this.#least = distance;
        this.#leastSinceNs = nowNs;
      }
      if (distance > this.criteria.tolerance) this.#withinSinceNs = null;
      else this.#withinSinceNs ??= nowNs;
    }
    return this.look(nowNs);
  }

  /** What the passing of time alone comes to. A clock that was set back changes nothing. */
  look(nowNs: bigint): GoalState {
    if (this.#state !== 'underway' || nowNs < this.#lastNs) return this.#state;
    this.#lastNs = nowNs;
    const { settleNs, timeoutNs, stallNs } = this.criteria;
    const isPast = (sinceNs: bigint, limitNs: bigint): boolean => limitNs > 0n && nowNs - sinceNs >= limitNs;
    if (this.#withinSinceNs !== null) {
      if (nowNs - this.#withinSinceNs >= settleNs) this.#state = 'reached';
    } else if (isPast(this.#leastSinceNs, stallNs)) {
      this.#state = 'unreachable';
    }
    if (this.#state === 'underway' && isPast(this.startNs, timeoutNs)) this.#state = 'timed_out';
    return this.#state;
  }
}
