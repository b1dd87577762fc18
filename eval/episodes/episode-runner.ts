import type { DemoClient } from '../ros/demo-client.js';
import { timeoutError } from '../ros/demo-arrivals.js';
import type { EpisodeFrames } from '../demo/contact-sheet.js';
import { EpisodeJudge, type Verdict } from './episode-judge.js';
import type { EpisodeObserver } from './episode-observer.js';
import type { EpisodeTask } from './episode-sampler.js';
import { driveLockstep, LOCKSTEP_PERIOD_NS } from './lockstep-driver.js';
import { ANSWER_TIMEOUT_MS, placeRobot } from './place-robot.js';
import type { DemoRobot } from './robot.js';

/** For everything that belongs to one period in lockstep, a plan on a slow machine included. */
const PERIOD_TIMEOUT_MS = 60_000;
/** How much longer an episode may take by the wall clock: a simulator that cannot keep up is slower. */
const WALL_CLOCK_FACTOR = 10;

/** How one episode went, and what it looked like. */
export interface EpisodeOutcome {
  readonly success: boolean;
  readonly finalDistanceM: number;
  readonly timeS: number;
  /** Why the planner node held the robot when the time was up; empty when it did not, and for an episode that succeeded. */
  readonly holdReason: string;
  readonly frames: EpisodeFrames;
}

/** Who acts: the planner as it is, or one of the baselines, through the same node. */
export type Contender = 'planner' | 'random' | 'doNothing' | 'squaredLatentDistance';

export interface EpisodeSetting {
  readonly client: DemoClient;
  readonly observer: EpisodeObserver;
  readonly robot: DemoRobot;
  readonly contender: Contender;
  readonly lockstep: boolean;
  /** Time limit of the episode, simulated time. */
  readonly limitS: number;
  readonly onVerdict: (verdict: Verdict) => void;
}

/**
 * Runs one episode: puts the robot at the start, shows the goal, lets the planner begin anew, and waits for success or the time limit.
 *
 * @throws JepaMpcError demo.timeout, or whatever the client was told to fail with
 */
export async function runEpisode(setting: EpisodeSetting, task: EpisodeTask): Promise<EpisodeOutcome> {
  const { client, observer, robot, contender, lockstep, limitS } = setting;
  // In real time paused until the episode begins, so that the first command that counts is one from rest.
  const paused = contender === 'doNothing';
  await client.pause(paused || !lockstep, ANSWER_TIMEOUT_MS);
  await client.changeState('deactivate', ANSWER_TIMEOUT_MS);
  await showGoal(client, task.goalRad);
  await placeRobot(client, robot, task.startRad, lockstep);

  const startNs = lockstep ? client.heard.clockNs + LOCKSTEP_PERIOD_NS : (client.heard.joints?.stampNs ?? 0n);
  const judge = new EpisodeJudge(task.goalRad, robot.fingertipOf, startNs, limitS);
  observer.begin({ judge, startNs, measured: contender === 'planner', onVerdict: setting.onVerdict });
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
          client.setState(task.startRad);
        },
        ended,
      });
    }
  } finally {
    observer.end();
  }

  const { success, distanceM, timeS } = judge.verdict;
  const { goalImage, image } = client.heard;
  const start = observer.firstFrame;
  if (start === null || image === null || goalImage === null) {
    throw timeoutError(`a camera image of the simulator during the episode`, limitS * 1000);
  }
  return {
    success,
    finalDistanceM: distanceM,
    timeS,
    holdReason: success || paused ? '' : client.heard.holdReason,
    frames: { start, goal: goalImage, end: image, success },
  };
}

/** Gives the simulator a goal pose and waits for the goal image of it. */
async function showGoal(client: DemoClient, goalRad: readonly number[]): Promise<void> {
  const { goalImages } = client.heard;
  client.setGoal(goalRad);
  const shown = (): boolean => client.heard.goalImages > goalImages;
  await client.until(shown, 'goal image of the simulator', ANSWER_TIMEOUT_MS);
}
