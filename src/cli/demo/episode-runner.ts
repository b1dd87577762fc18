import { JepaMpcError } from '../../core/errors.js';
import { PLANNER_NODE, type DemoClient } from '../../ros/demo-client.js';
import { timeoutError } from '../../ros/demo-arrivals.js';
import type { EpisodeFrames } from './contact-sheet.js';
import { EpisodeJudge, type Verdict } from './episode-judge.js';
import type { EpisodeObserver } from './episode-observer.js';
import type { EpisodeTask } from './episode-sampler.js';
import { driveLockstep, LOCKSTEP_PERIOD_NS } from './lockstep-driver.js';
import type { DemoRobot } from './robot.js';

/** For one message or service answer. */
const ANSWER_TIMEOUT_MS = 10_000;
/** For everything that belongs to one period in lockstep, a plan on a slow machine included. */
const PERIOD_TIMEOUT_MS = 60_000;
/** How much longer an episode may take by the wall clock: a simulator that cannot keep up is slower. */
const WALL_CLOCK_FACTOR = 10;
/** How near the pose asked for the robot is after a teleport. */
const PLACED_WITHIN_RAD = 0.02;
/** Each is a service call; where messages still are on their way, it takes a few. */
const PLACE_ATTEMPTS = 50;

/** How one episode went, and what it looked like. */
export interface EpisodeOutcome {
  readonly success: boolean;
  readonly finalDistanceM: number;
  readonly timeS: number;
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
  await showGoal(client, task.goalRad);
  await placeRobot(client, robot, task.startRad, lockstep);
  // Once more in lockstep, with a planner that stands there already: a plan that comes before the tick that ends a hold is dropped, and
  // whether it does would depend on how fast things are. This way no hold is left when the episode begins.
  if (lockstep) await placeRobot(client, robot, task.startRad, true);

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

/**
 * Puts the robot at the start of the episode and lets the planner begin anew there.
 *
 * Until it is reset the planner still holds the old pose, and what it sends pulls the robot away from the new one. So it is reset until it
 * says that it stands where the robot was put and knows the goal. In real time the robot is put there again each time, each time with
 * less of a jump. In lockstep the robot has not moved; the episode begins with one more teleport, to drop what was sent before the reset.
 */
async function placeRobot(
  client: DemoClient,
  robot: DemoRobot,
  startRad: readonly number[],
  lockstep: boolean,
): Promise<void> {
  for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
    if (attempt === 0 || !lockstep) await teleport(client, startRad, lockstep);
    const { positions, goalStampNs, nowNs } = await client.reset(ANSWER_TIMEOUT_MS);
    const standsThere = robot.joints.every(
      (joint, index) =>
        Math.abs((positions.get(joint) ?? Number.NaN) - (startRad[index] ?? Number.NaN)) <= PLACED_WITHIN_RAD,
    );
    const knowsGoal = goalStampNs === client.heard.goalImage?.stampNs;
    const knowsTime = !lockstep || nowNs === client.heard.clockNs;
    if (!standsThere || !knowsGoal || !knowsTime) continue;
    // The simulator counts commands from the next teleport on: those from before must have reached it.
    if (lockstep) await client.simulatorSettled(ANSWER_TIMEOUT_MS);
    return;
  }
  throw new JepaMpcError('planner.not-ready', {
    subject: `${PLANNER_NODE} at the start of an episode`,
    found: `another pose, goal or time than the simulator's after ${PLACE_ATTEMPTS} resets`,
    expected: 'the pose that the robot was put at',
    remedy: 'Run again with --verbose: the node prints why it does not take part.',
  });
}

/** Teleports the robot and waits for everything that this brings about. */
async function teleport(client: DemoClient, startRad: readonly number[], lockstep: boolean): Promise<void> {
  const { heard } = client;
  const { clockNs, commands } = heard;
  client.setState(startRad);
  const there = (): boolean =>
    heard.joints !== null &&
    heard.joints.stampNs > clockNs &&
    startRad.every(
      (rad, joint) => Math.abs(rad - (heard.joints?.position[joint] ?? Number.NaN)) <= PLACED_WITHIN_RAD,
    );
  // In lockstep the planner answers the clock of the teleport like any other, and that command must not be taken for a later one.
  const answered = (): boolean => heard.clockNs > clockNs && heard.commands > commands;
  await client.until(
    () => there() && (!lockstep || answered()),
    `joint states of the simulator at the start of the episode${lockstep ? ' and a command' : ''}`,
    ANSWER_TIMEOUT_MS,
  );
}
