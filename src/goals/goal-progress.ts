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

/** All but `underway` are final. */
export type GoalState = 'underway' | 'reached' | 'timed_out' | 'unreachable';

/** When a goal counts as reached, or is given up. Distances are in the unit of the objective. */
export interface GoalCriteria {
  /** Reached at this distance or below, ... */
  readonly tolerance: number;
  /** ... for this long: seen at both ends of it and never outside in between. A robot that passes through its goal has not reached it. */
  readonly settleNs: bigint;
  /** Given up after this long; 0: never. */
  readonly timeoutNs: bigint;
  /** Unreachable when the distance has not fallen for this long; 0: never. */
  readonly stallNs: bigint;
}

/** The distance has fallen if it is below the minimum so far by this share of it: noise gives new minima too. */
const MIN_PROGRESS = 0.02;

/** The distance to a goal, as one frame shows it. */
export interface GoalSample {
  /** When the frame was taken. */
  readonly stampNs: bigint;
  /** When the distance became known, on the clock of {@link GoalProgress.look}. */
  readonly nowNs: bigint;
  /** At least 0; one that is not finite is ignored. */
  readonly distance: number;
}

/**
 * Follows the distance to one goal from plan to plan, and decides whether the goal is reached, out of time, or unreachable. Stalling is judged by
 * the minimum distance, so a robot that has to move away first has the whole of `stallNs` to do so.
 *
 * Frames come late, each with a delay of its own. So whether the robot has settled is judged by the samples alone, on their own stamps: between
 * samples nothing is known. Timeout and stall are judged on the clock, which goes on when no sample comes.
 */
export class GoalProgress {
  readonly startNs: bigint;
  readonly criteria: GoalCriteria;
  #state: GoalState = 'underway';
  #distance = NaN;
  #min = Infinity;
  /** On the clock. */
  #minSinceNs: bigint;
  /** Stamp of the first sample inside the tolerance since the last one outside. */
  #withinSinceNs: bigint | null = null;
  #lastStampNs: bigint | null = null;
  /** Latest time seen on the clock. */
  #lastNs: bigint;

  /** @param startNs on the clock of {@link look} */
  constructor(startNs: bigint, criteria: GoalCriteria) {
    this.startNs = startNs;
    this.criteria = criteria;
    this.#minSinceNs = startNs;
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

  /** Takes a sample. One that is no newer than the last is ignored. */
  note({ stampNs, nowNs, distance }: GoalSample): GoalState {
    if (this.#state !== 'underway') return this.#state;
    if (nowNs > this.#lastNs) this.#lastNs = nowNs;
    const isNewer = this.#lastStampNs === null || stampNs > this.#lastStampNs;
    if (isNewer && Number.isFinite(distance)) {
      this.#lastStampNs = stampNs;
      this.#distance = distance;
      if (distance < this.#min * (1 - MIN_PROGRESS)) {
        this.#min = distance;
        this.#minSinceNs = this.#lastNs;
      }
      if (this.#hasSettled(stampNs, distance)) this.#state = 'reached';
    }
    return this.look(nowNs);
  }

  /** Judges the time that has passed; a goal is never reached by time alone. A clock that was set back changes nothing. */
  look(nowNs: bigint): GoalState {
    if (this.#state !== 'underway' || nowNs < this.#lastNs) return this.#state;
    this.#lastNs = nowNs;
    const { timeoutNs, stallNs } = this.criteria;
    const isPast = (sinceNs: bigint, limitNs: bigint): boolean => limitNs > 0n && nowNs - sinceNs >= limitNs;
    // Inside the tolerance the distance need not fall any more.
    if (this.#withinSinceNs === null && isPast(this.#minSinceNs, stallNs)) this.#state = 'unreachable';
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
