import type { ObjectsReading } from '../ros/object-messages.js';
import { distanceM, type EpisodeTask, type FingertipOf } from './episode-sampler.js';
import { ObjectProgress } from './objects/object-progress.js';
import type { ObjectGoalReading, Success, TrueState } from './tasks/task.js';

/** State of an episode after a reading. `timeS` is simulated time since its start. */
export interface Verdict {
  readonly ended: boolean;
  readonly success: boolean;
  /** Of what the task moves: the tip, or an object. */
  readonly distanceM: number;
  readonly timeS: number;
  /** Why the goal went out of reach before the time limit; empty where it did not. */
  readonly failure: string;
}

/** What an episode is judged by. */
export interface JudgedEpisode {
  readonly task: Pick<Success, 'isReached' | 'distanceM' | 'failure'>;
  readonly drawn: Pick<EpisodeTask, 'goalRad' | 'object'>;
  readonly fingertipOf: FingertipOf;
  readonly startNs: bigint;
  /** Time limit [s], above 0. */
  readonly limitS: number;
}

/** Judges one episode by the true state of robot and object, never by the planner's estimate. */
export class EpisodeJudge {
  readonly #episode: JudgedEpisode;
  readonly #goalTip: readonly number[];
  readonly #object: ObjectProgress | null;
  #verdict: Verdict = {
    ended: false,
    success: false,
    distanceM: Number.POSITIVE_INFINITY,
    timeS: 0,
    failure: '',
  };

  constructor(episode: JudgedEpisode) {
    this.#episode = episode;
    const { goalRad, object } = episode.drawn;
    this.#goalTip = episode.fingertipOf(goalRad);
    this.#object = object === undefined ? null : new ObjectProgress(object);
  }

  /** Whether it judges an object, too, and so needs readings of the objects. */
  get needsObjects(): boolean {
    return this.#object !== null;
  }

  /** The verdict after the newest reading; final once `ended`. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /**
   * Processes a reading. Ignores readings from before the start and after the end.
   *
   * @param objects of the same time, if it {@link EpisodeJudge.needsObjects}; a reading without its object is ignored
   */
  observe(state: TrueState, objects: ObjectsReading | null = null): Verdict {
    const { task, fingertipOf, startNs, limitS, drawn } = this.#episode;
    if (this.#verdict.ended || state.stampNs < startNs) return this.#verdict;
    let object: ObjectGoalReading | null = null;
    if (this.#object !== null) {
      object = objects === null ? null : this.#object.observe(objects);
      if (object === null) return this.#verdict;
    }
    const timeS = Number(state.stampNs - startNs) / 1e9;
    const tipDistanceM = distanceM(fingertipOf(state.positionRad), this.#goalTip);
    const reading = { state, goalRad: drawn.goalRad, tipDistanceM, object };
    const success = timeS <= limitS && task.isReached(reading);
    const failure = task.failure?.(reading) ?? '';
    this.#verdict = {
      ended: success || timeS >= limitS || failure !== '',
      success,
      distanceM: task.distanceM?.(reading) ?? tipDistanceM,
      timeS: Math.min(timeS, limitS),
      failure,
    };
    return this.#verdict;
  }
}
