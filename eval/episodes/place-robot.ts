import { JepaMpcError } from '../../src/core/errors.js';
import { displacement } from '../../src/core/joint-positions.js';
import type { JointLimit } from '../../src/core/types.js';
import type { DemoClient } from '../ros/demo-client.js';
import type { ResetReport } from '../ros/demo-messages.js';
import { idleInLockstep, SETTLE_PERIODS } from './lockstep-driver.js';
import type { DemoRobot } from './robot.js';

/** Allowed for one message or one service response. */
export const ANSWER_TIMEOUT_MS = 10_000;
/** Tolerance of the pose after a teleport. */
const PLACED_WITHIN_RAD = 0.02;
/** Messages may still be in transit, and joint states have to agree for a while, so this may take several attempts. */
const PLACE_ATTEMPTS = 50;
const PLACE_RETRY_MS = 100;

/** The part of `DemoClient` that placing the robot needs. */
export type PlacingPort = Pick<
  DemoClient,
  'received' | 'setState' | 'step' | 'until' | 'pass' | 'reset' | 'changeState' | 'simulatorSettled'
>;

/** Where an episode begins, and the goal that the node knows by then. */
export interface EpisodeStart {
  readonly startRad: readonly number[];
  readonly goalNs: bigint;
}

/**
 * Teleports the robot to the start of the episode while the planner node is inactive, then activates the node there. Messages may still be
 * in transit, so this checks before and after the activation which pose, goal and time the node reports. A node activated with old joint
 * states would pull the robot back to its old pose. A node that still has old clock messages queued would send a command for each of them,
 * and lockstep could not count those.
 *
 * @throws JepaMpcError `planner.not-ready` if the node does not report them after many attempts, `demo.timeout`
 */
export async function placeRobot(
  client: PlacingPort,
  robot: Pick<DemoRobot, 'limits'>,
  { startRad, goalNs }: EpisodeStart,
  lockstep: boolean,
): Promise<void> {
  const { limits } = robot;
  const isUpToDate = ({ positions, goalStampNs, nowNs }: ResetReport): boolean => {
    const isAtStart = isPlaced(
      limits.map(({ name }) => positions.get(name) ?? Number.NaN),
      startRad,
      limits,
    );
    const knowsGoal = goalStampNs === goalNs;
    return isAtStart && knowsGoal && (!lockstep || nowNs === client.received.clockNs);
  };
  await teleportRobot(client, robot, startRad, lockstep);
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
    // Joint states that disagree, or a refused activation: in lockstep, simulated time must advance before either can change.
    if (lockstep && !isActive && (report === null || isUpToDate(report)))
      await idleInLockstep(client, SETTLE_PERIODS, ANSWER_TIMEOUT_MS);
  }
  throw new JepaMpcError('planner.not-ready', {
    subject: 'planner node at the start of an episode',
    found: `inactive, or a pose, goal or time that differs from the simulator's, after ${PLACE_ATTEMPTS} attempts`,
    expected: 'an active node that knows the start pose',
    remedy: 'Run again with --verbose: the node prints the reason.',
  });
}

/** Whether every joint is at its start; continuous ones may be reported in another revolution. */
function isPlaced(
  position: ArrayLike<number>,
  startRad: readonly number[],
  limits: readonly JointLimit[],
): boolean {
  return limits.every(({ continuous }, joint) => {
    const off = displacement(startRad[joint] ?? Number.NaN, position[joint] ?? Number.NaN, continuous);
    return Math.abs(off) <= PLACED_WITHIN_RAD;
  });
}

/**
 * Teleports the robot and waits until the joint states confirm it; in lockstep also until a late camera shows it.
 *
 * @returns simulated time of the arrival
 * @throws JepaMpcError `demo.timeout`
 */
export async function teleportRobot(
  client: PlacingPort,
  { limits }: Pick<DemoRobot, 'limits'>,
  startRad: readonly number[],
  lockstep: boolean,
): Promise<bigint> {
  // Earlier commands must have reached the simulator first: it counts commands from the teleport on.
  await client.simulatorSettled(ANSWER_TIMEOUT_MS);
  const { received } = client;
  const { clockNs } = received;
  client.setState(startRad);
  const hasArrived = (): boolean =>
    received.clockNs > clockNs &&
    received.joints !== null &&
    received.joints.stampNs > clockNs &&
    isPlaced(received.joints.position, startRad, limits);
  await client.until(hasArrived, 'joint states of the simulator at its new pose', ANSWER_TIMEOUT_MS);
  const arrivedNs = received.clockNs;
  if (lockstep) await idleInLockstep(client, SETTLE_PERIODS, ANSWER_TIMEOUT_MS);
  return arrivedNs;
}
