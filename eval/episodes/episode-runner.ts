import type { ImageFrame } from '../../src/core/types.js';
import type { DemoClient } from '../ros/demo-client.js';
import { timeoutError } from '../ros/demo-arrivals.js';
import { EpisodeJudge, type Verdict } from './episode-judge.js';
import type { EpisodeObserver } from './episode-observer.js';
import type { EpisodeTask } from './episode-sampler.js';
import { driveLockstep, LOCKSTEP_PERIOD_NS } from './lockstep-driver.js';
import { ANSWER_TIMEOUT_MS } from './place-robot.js';
import { prepareEpisode } from './prepare-episode.js';
import type { DemoRobot } from './robot.js';
import type { Success } from './tasks/task.js';

/** Allowed for everything in one period of lockstep, including a plan on a slow machine. */
const PERIOD_TIMEOUT_MS = 60_000;
/** An episode may take this many times its limit on the wall clock, since a simulator may run slower than real time. */
const WALL_CLOCK_FACTOR = 10;

/** Images of an episode: the camera at its start and its end, and the goal. */
export interface EpisodeFrames {
  readonly start: ImageFrame;
  readonly goal: ImageFrame;
  readonly end: ImageFrame;
  readonly success: boolean;
  /** The camera's images in between, where the episode was recorded. */
  readonly recorded: readonly ImageFrame[];
}

/** Result of one episode. */
export interface EpisodeOutcome {
  readonly success: boolean;
  readonly finalDistanceM: number;
  readonly timeS: number;
  /** Why the planner node held the robot when the time was up; empty if it did not hold it, and after success. */
  readonly holdReason: string;
  /** Why the goal went out of reach before the time limit; empty where it did not. */
  readonly failure: string;
  readonly frames: EpisodeFrames;
}

/** What chooses the actions: the planner, or one of the baselines, all through the same node. */
export type Policy = 'planner' | 'inverseDynamics' | 'random' | 'doNothing' | 'squaredLatentDistance';

export interface EpisodeSetting {
  readonly client: DemoClient;
  readonly observer: EpisodeObserver;
  readonly robot: DemoRobot;
  readonly task: Success;
  readonly policy: Policy;
  readonly lockstep: boolean;
  /** Whether the node captures the goal itself, see `needsCapture`. */
  readonly capturesGoal: boolean;
  /** Time limit of the episode, simulated time. */
  readonly limitS: number;
  /** Whether to keep the camera's images for {@link EpisodeFrames.recorded}. */
  readonly recorded: boolean;
  readonly onVerdict: (verdict: Verdict) => void;
}

/**
 * Runs one episode: sets the goal, places the robot at the start, resets the planner, and waits for success or the time limit.
 *
 * @throws JepaMpcError demo.timeout, or the reason given to `DemoClient.fail`
 */
export async function runEpisode(setting: EpisodeSetting, episode: EpisodeTask): Promise<EpisodeOutcome> {
  const { client, observer, robot, policy, lockstep, limitS } = setting;
  // In real time the planner stays paused until the episode begins, so that the first audited command starts from rest.
  const paused = policy === 'doNothing';
  await client.pause(paused || !lockstep, ANSWER_TIMEOUT_MS);
  await client.changeState('deactivate', ANSWER_TIMEOUT_MS);
  await prepareEpisode(client, robot, episode, setting);

  const startNs = lockstep
    ? client.received.clockNs + LOCKSTEP_PERIOD_NS
    : (client.received.joints?.stampNs ?? 0n);
  const judge = new EpisodeJudge({
    task: setting.task,
    drawn: episode,
    fingertipOf: robot.fingertipOf,
    startNs,
    limitS,
  });
  observer.begin({
    judge,
    startNs,
    measured: policy === 'planner',
    recorded: setting.recorded,
    onVerdict: setting.onVerdict,
  });
  const ended = (): boolean => judge.verdict.ended;
  try {
    if (!lockstep) {
      await client.pause(paused, ANSWER_TIMEOUT_MS);
      await client.until(
        ended,
        `end of the episode (${limitS} s of simulated time)`,
        WALL_CLOCK_FACTOR * limitS * 1000,
      );
    } else {
      await driveLockstep(client, {
        planning: !paused,
        timeoutMs: PERIOD_TIMEOUT_MS,
        teleport: () => {
          client.setState(episode.startRad);
        },
        ended,
      });
    }
  } finally {
    observer.end();
  }

  const { success, distanceM, timeS, failure } = judge.verdict;
  const isHoldReported = !success && !paused;
  // Simulated time stands still, so the next report is of the end; the last one may be from before it.
  if (isHoldReported && lockstep) await nextHoldReport(client);
  const { goalImage, image } = client.received;
  const start = observer.firstFrame;
  if (start === null || image === null || goalImage === null) {
    throw timeoutError('a camera image of the simulator during the episode', limitS * 1000);
  }
  return {
    success,
    finalDistanceM: distanceM,
    timeS,
    holdReason: isHoldReported ? client.received.holdReason : '',
    failure,
    frames: { start, goal: goalImage, end: image, success, recorded: observer.recording },
  };
}

/** Waits for the next report of why the planner node holds the robot. */
async function nextHoldReport(client: DemoClient): Promise<void> {
  const { holdReports } = client.received;
  const reported = (): boolean => client.received.holdReports > holdReports;
  await client.until(reported, '/diagnostics of the planner node', ANSWER_TIMEOUT_MS);
}
