import { double, dynamic, type ValuesOf } from '../core/parameter.js';

export const goalParameters = {
  'goal.tolerance': dynamic(
    double({ min: 0, max: 1e6, default: 0.3 }),
    'unit of the distance',
    'A goal is reached at this distance (goal_distance in ~/statistics) or below; a learned temporal distance counts predictor steps to go.',
  ),
  'goal.settle_s': dynamic(
    double({ min: 0, max: 60, default: 0.5 }),
    's',
    'How long the distance has to stay there: a robot that passes through has not reached its goal.',
  ),
  'goal.timeout_s': dynamic(
    double({ min: 0, max: 86400, default: 0 }),
    's',
    'A goal that is not reached after this long is reported as timed out; 0: never.',
  ),
  'goal.stall_s': dynamic(
    double({ min: 0, max: 3600, default: 0 }),
    's',
    'A goal is reported as unreachable when its distance has not fallen for this long; 0: never.',
  ),
  'goal.subgoal_s': dynamic(
    double({ min: 0, max: 86400, default: 0 }),
    's',
    'For a goal of the action that is a sequence of names: how long each but the last is pursued at most before the next one follows; 0: until it is reached.',
  ),
};

export type GoalValues = ValuesOf<typeof goalParameters>;

/** How a goal is going; all but `underway` are final. */
export type GoalState = 'underway' | 'reached' | 'timed_out' | 'unreachable';

/** When a goal counts as what. Distances are in the unit of the objective. */
export interface GoalCriteria {
  /** Reached at this distance or below, at least 0 ... */
  readonly tolerance: number;
  /** ... seen at both ends of this long and never outside in between, at least 0: a robot that passes through its goal has not reached it. */
  readonly settleNs: bigint;
  /** Given up after this long; 0: never. */
  readonly timeoutNs: bigint;
  /** Unreachable when the distance has not fallen for this long; 0: never. */
  readonly stallNs: bigint;
}

/** A distance has fallen when it is below the least so far by this share of that: noise makes new minima too. */
const LEAST_PROGRESS = 0.02;

/** The distance to a goal, as one frame shows it. */
export interface GoalSample {
  /** When the frame was taken. */
  readonly stampNs: bigint;
  /** When the distance became known, on the clock of {@link GoalProgress.look}. */
  readonly nowNs: bigint;
  /** At least 0; one that is no finite number says nothing. */
  readonly distance: number;
}

/**
 * Follows the distance to one goal from plan to plan and says when it is reached, out of time, or not to be reached. The least distance
 * counts, so a robot that has to move away first is given the whole of `stallNs` to do so.
 *
 * Frames come late, and each by another delay, so whether the robot has settled is judged by the samples alone, on their own stamps: what
 * nobody has seen is not known to hold. Time-out and stall are judged on the clock, which goes on when no sample comes.
 */
export class GoalProgress {
  readonly startNs: bigint;
  readonly criteria: GoalCriteria;
  #state: GoalState = 'underway';
  #distance = NaN;
  #least = Infinity;
  /** On the clock. */
  #leastSinceNs: bigint;
  /** Stamp of the first sample inside the tolerance since the last one outside. */
  #withinSinceNs: bigint | null = null;
  #lastStampNs: bigint | null = null;
  /** Latest time seen on the clock. */
  #lastNs: bigint;

  /** @param startNs on the clock of {@link look} */
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

  /** From the start to the end, or to the last look; on the clock. */
  get elapsedNs(): bigint {
    return this.#lastNs - this.startNs;
  }

  /** Takes note of a distance. A sample that is no newer than the last one says nothing. */
  note({ stampNs, nowNs, distance }: GoalSample): GoalState {
    if (this.#state !== 'underway') return this.#state;
    if (nowNs > this.#lastNs) this.#lastNs = nowNs;
    const isNewer = this.#lastStampNs === null || stampNs > this.#lastStampNs;
    if (isNewer && Number.isFinite(distance)) {
      this.#lastStampNs = stampNs;
      this.#distance = distance;
      if (distance < this.#least * (1 - LEAST_PROGRESS)) {
        this.#least = distance;
        this.#leastSinceNs = this.#lastNs;
      }
      if (this.#hasSettled(stampNs, distance)) this.#state = 'reached';
    }
    return this.look(nowNs);
  }

  /** What the passing of time alone comes to; it never makes a goal reached. A clock that was set back changes nothing. */
  look(nowNs: bigint): GoalState {
    if (this.#state !== 'underway' || nowNs < this.#lastNs) return this.#state;
    this.#lastNs = nowNs;
    const { timeoutNs, stallNs } = this.criteria;
    const isPast = (sinceNs: bigint, limitNs: bigint): boolean => limitNs > 0n && nowNs - sinceNs >= limitNs;
    // Inside the tolerance the distance need not fall any more.
    if (this.#withinSinceNs === null && isPast(this.#leastSinceNs, stallNs)) this.#state = 'unreachable';
    else if (isPast(this.startNs, timeoutNs)) this.#state = 'timed_out';
    return this.#state;
  }

  #hasSettled(stampNs: bigint, distance: number): boolean {
    if (distance > this.criteria.tolerance) {
      this.#withinSinceNs = null;
      return false;
    }
    this.#withinSinceNs ??= stampNs;
    return stampNs - this.#withinSinceNs >= this.criteria.settleNs;
  }
}
