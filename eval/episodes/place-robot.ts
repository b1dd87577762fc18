import { JepaMpcError } from '../../src/core/errors.js';
import type { DemoClient } from '../ros/demo-client.js';
import type { ResetReport } from '../ros/demo-messages.js';
import { idleInLockstep, SETTLE_PERIODS } from './lockstep-driver.js';
import type { DemoRobot } from './robot.js';

/** For one message or service answer. */
export const ANSWER_TIMEOUT_MS = 10_000;
/** How near the pose asked for the robot is after a teleport. */
const PLACED_WITHIN_RAD = 0.02;
/** Where messages still are on their way, it takes a few, and joint states have to agree for a while. */
const PLACE_ATTEMPTS = 50;
const PLACE_RETRY_MS = 100;

/** What is needed of the demo's node. */
export type PlacingPort = Pick<
  DemoClient,
  'heard' | 'setState' | 'step' | 'until' | 'pass' | 'reset' | 'changeState' | 'simulatorSettled'
>;

/**
 * Puts the robot at the start of the episode, while the planner node is not active and nothing pulls it away, and activates the node there.
 * Messages may be on their way, so the node is asked what it knows, before and after: the pose that joint states agree on, the goal and the
 * time. One that is activated by joint states from before would pull the robot back to where those were. One that still has messages of the
 * clock before it would answer each with a command, which in lockstep nobody could count.
 *
 * @throws JepaMpcError `planner.not-ready` when it does not know these after many attempts, `demo.timeout`
 */
export async function placeRobot(
  client: PlacingPort,
  { joints }: Pick<DemoRobot, 'joints'>,
  startRad: readonly number[],
  lockstep: boolean,
): Promise<void> {
  const isUpToDate = ({ positions, goalStampNs, nowNs }: ResetReport): boolean => {
    const standsThere = joints.every(
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
    subject: 'planner node at the start of an episode',
    found: `not active, or another pose, goal or time than the simulator's, after ${PLACE_ATTEMPTS} attempts`,
    expected: 'the pose that the robot was put at',
    remedy: 'Run again with --verbose: the node prints why it does not take part.',
  });
}

/** Teleports the robot and waits until it is there. */
async function teleport(client: PlacingPort, startRad: readonly number[]): Promise<void> {
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
