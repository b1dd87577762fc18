import { JepaMpcError } from '../../core/errors.js';
import { PLANNER_NODE, type DemoClient } from '../../ros/demo-client.js';
import type { ResetReport } from '../../ros/demo-messages.js';
import { timeoutError } from '../../ros/demo-arrivals.js';
import type { EpisodeFrames } from './contact-sheet.js';
import { EpisodeJudge, type Verdict } from './episode-judge.js';
import type { EpisodeObserver } from './episode-observer.js';
import type { EpisodeTask } from './episode-sampler.js';
import { driveLockstep, idleInLockstep, LOCKSTEP_PERIOD_NS } from './lockstep-driver.js';
import type { DemoRobot } from './robot.js';
import { SETTLE_PERIODS } from './stage.js';

/** For one message or service answer. */
const ANSWER_TIMEOUT_MS = 10_000;
/** For everything that belongs to one period in lockstep, a plan on a slow machine included. */
const PERIOD_TIMEOUT_MS = 60_000;
/** How much longer an episode may take by the wall clock: a simulator that cannot keep up is slower. */
const WALL_CLOCK_FACTOR = 10;
/** How near the pose asked for the robot is after a teleport. */
const PLACED_WITHIN_RAD = 0.02;
/** Where messages still are on their way, it takes a few, and joint states have to agree for a while. */
const PLACE_ATTEMPTS = 50;
const PLACE_RETRY_MS = 100;

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
 * Puts the robot at the start of the episode, while the planner node is not active and nothing pulls it away, and activates the node there.
 * Messages may be on their way, so the node is asked what it knows, before and after: the pose that joint states agree on, the goal and the
 * time. One that is activated by joint states from before would pull the robot back to where those were. One that still has messages of the
 * clock before it would answer each with a command, which in lockstep nobody could count.
 */
async function placeRobot(
  client: DemoClient,
  robot: DemoRobot,
  startRad: readonly number[],
  lockstep: boolean,
): Promise<void> {
  const isUpToDate = ({ positions, goalStampNs, nowNs }: ResetReport): boolean => {
    const standsThere = robot.joints.every(
      (joint, index) =>
        Math.abs((positions.get(joint) ?? Number.NaN) - (startRad[index] ?? Number.NaN)) <= PLACED_WITHIN_RAD,
    );
    const knowsGoal = goalStampNs === client.heard.goalImage?.stampNs;
    return standsThere && knowsGoal && (!lockstep || nowNs === client.heard.clockNs);
  };
  // What was sent before must have reached the simulator: it counts commands from the teleport on.
  await client.simulatorSettled(ANSWER_TIMEOUT_MS);
  await teleport(client, startRad);
  if (lockstep) await idleInLockstep(client, SETTLE_PERIODS, ANSWER_TIMEOUT_MS);
  let isActive = false;
  for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
    if (attempt > 0) await client.pass(PLACE_RETRY_MS);
    const report = await client.reset(ANSWER_TIMEOUT_MS);
    if (report !== null && isUpToDate(report)) {
      if (isActive) return;
      isActive = await client.changeState('activate', ANSWER_TIMEOUT_MS);
      const activated = isActive ? await client.reset(ANSWER_TIMEOUT_MS) : null;
      if (activated !== null && isUpToDate(activated)) return;
    }
    // Joint states that do not agree yet, or a refusal to be activated: time has to go on for either to change.
    if (lockstep && !isActive && (report === null || isUpToDate(report)))
      await idleInLockstep(client, SETTLE_PERIODS, ANSWER_TIMEOUT_MS);
  }
  throw new JepaMpcError('planner.not-ready', {
    subject: `${PLANNER_NODE} at the start of an episode`,
    found: `not active, or another pose, goal or time than the simulator's, after ${PLACE_ATTEMPTS} attempts`,
    expected: 'the pose that the robot was put at',
    remedy: 'Run again with --verbose: the node prints why it does not take part.',
  });
}

/** Teleports the robot and waits until it is there. */
async function teleport(client: DemoClient, startRad: readonly number[]): Promise<void> {
  const { heard } = client;
  const { clockNs } = heard;
  client.setState(startRad);
  const there = (): boolean =>
    heard.clockNs > clockNs &&
    heard.joints !== null &&
    heard.joints.stampNs > clockNs &&
    startRad.every(
      (rad, joint) => Math.abs(rad - (heard.joints?.position[joint] ?? Number.NaN)) <= PLACED_WITHIN_RAD,
    );
  await client.until(there, 'joint states of the simulator at the start of the episode', ANSWER_TIMEOUT_MS);
}
