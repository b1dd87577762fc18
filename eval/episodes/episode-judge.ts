import { distanceM, type FingertipOf } from './episode-sampler.js';
import type { Success, TrueState } from './tasks/task.js';

/** Time limit of an episode, simulated time, unless an option sets another. */
export const DEFAULT_EPISODE_S = 6;

/** State of an episode after a reading. `timeS` is simulated time since its start. */
export interface Verdict {
  readonly ended: boolean;
  readonly success: boolean;
  readonly distanceM: number;
  readonly timeS: number;
}

/** What an episode is judged by. */
export interface JudgedEpisode {
  readonly task: Pick<Success, 'isReached'>;
  readonly goalRad: readonly number[];
  readonly fingertipOf: FingertipOf;
  readonly startNs: bigint;
  /** Time limit [s], above 0. */
  readonly limitS: number;
}

/** Judges one episode by the true state of the robot, never by the planner's estimate. */
export class EpisodeJudge {
  readonly #episode: JudgedEpisode;
  readonly #goalTip: readonly number[];
  #verdict: Verdict = { ended: false, success: false, distanceM: Number.POSITIVE_INFINITY, timeS: 0 };

  constructor(episode: JudgedEpisode) {
    this.#episode = episode;
    this.#goalTip = episode.fingertipOf(episode.goalRad);
  }

  /** The verdict after the newest reading; final once `ended`. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Processes a reading. Ignores readings from before the start and after the end. */
  observe(state: TrueState): Verdict {
    const { task, goalRad, fingertipOf, startNs, limitS } = this.#episode;
    if (this.#verdict.ended || state.stampNs < startNs) return this.#verdict;
    const timeS = Number(state.stampNs - startNs) / 1e9;
    const tipDistanceM = distanceM(fingertipOf(state.positionRad), this.#goalTip);
    const success = timeS <= limitS && task.isReached({ state, goalRad, tipDistanceM });
    const ended = success || timeS >= limitS;
    this.#verdict = { ended, success, distanceM: tipDistanceM, timeS: Math.min(timeS, limitS) };
    return this.#verdict;
  }
}
