import { distanceM, type FingertipOf } from './episode-sampler.js';

/** Success: the fingertip is this close to its goal position, */
const GOAL_RADIUS_M = 0.05;
/** while every joint is slower than this (passing through the goal does not count), */
const REST_SPEED_RAD_S = 0.1;
/** within this much simulated time, unless an option sets another limit. */
export const DEFAULT_EPISODE_S = 6;

/** A reading of the true joint states, in URDF joint order. */
export interface TrueState {
  readonly stampNs: bigint;
  readonly positionRad: readonly number[];
  readonly velocityRadS: readonly number[];
}

/** State of an episode after a reading. `timeS` is simulated time since its start. */
export interface Verdict {
  readonly ended: boolean;
  readonly success: boolean;
  readonly distanceM: number;
  readonly timeS: number;
}

/** Judges one episode by the true state of the robot, never by the planner's estimate. */
export class EpisodeJudge {
  readonly #goalTip: readonly number[];
  readonly #fingertipOf: FingertipOf;
  readonly #startNs: bigint;
  readonly #limitS: number;
  #verdict: Verdict = { ended: false, success: false, distanceM: Number.POSITIVE_INFINITY, timeS: 0 };

  /** @param limitS time limit of the episode [s], above 0 */
  constructor(goalRad: readonly number[], fingertipOf: FingertipOf, startNs: bigint, limitS: number) {
    this.#goalTip = fingertipOf(goalRad);
    this.#fingertipOf = fingertipOf;
    this.#startNs = startNs;
    this.#limitS = limitS;
  }

  /** The verdict after the newest reading; final once `ended`. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Processes a reading. Ignores readings from before the start and after the end. */
  observe(state: TrueState): Verdict {
    if (this.#verdict.ended || state.stampNs < this.#startNs) return this.#verdict;
    const timeS = Number(state.stampNs - this.#startNs) / 1e9;
    const distance = distanceM(this.#fingertipOf(state.positionRad), this.#goalTip);
    const resting = state.velocityRadS.every((speed) => Math.abs(speed) < REST_SPEED_RAD_S);
    const success = distance <= GOAL_RADIUS_M && resting && timeS <= this.#limitS;
    const ended = success || timeS >= this.#limitS;
    this.#verdict = { ended, success, distanceM: distance, timeS: Math.min(timeS, this.#limitS) };
    return this.#verdict;
  }
}
