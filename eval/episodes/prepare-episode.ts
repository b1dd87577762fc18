import { JepaMpcError } from '../../src/core/errors.js';
import type { ModelManifest } from '../../src/model/manifest-schema.js';
import type { DemoClient } from '../ros/demo-client.js';
import type { EpisodeTask } from './episode-sampler.js';
import { placeObject, type ObjectPlacingPort } from './place-object.js';
import { ANSWER_TIMEOUT_MS, placeRobot, teleportRobot } from './place-robot.js';
import type { DemoRobot } from './robot.js';
import type { Task } from './tasks/registry.js';

/** In real time, a frame this long after the teleport has no images or joint states from before it. */
const SETTLED_NS = 100_000_000n;
const CAPTURE_ATTEMPTS = 50;
const CAPTURE_RETRY_MS = 100;

/** The part of `DemoClient` that the beginning of an episode needs. */
export type PreparingPort = ObjectPlacingPort & Pick<DemoClient, 'setGoal' | 'captureGoal'>;

/**
 * Whether pictures are not all of a goal: the model takes joint positions, too. Then the node captures the goal itself, with the images of all
 * cameras and the joint positions. A model that reads joint positions from pictures gets the pictures alone, unless the task wants every joint
 * in place.
 */
export function needsCapture(
  { proprioception, goal }: Pick<ModelManifest, 'proprioception' | 'goal'>,
  { judgesJoints }: Pick<Task, 'judgesJoints'>,
): boolean {
  return proprioception !== undefined && (goal.proprioception !== 'from_images' || judgesJoints);
}

/**
 * Gives the planner node the goal of an episode and places the robot at its start, while the node is inactive; the node is active afterwards.
 * An object that is to be moved is at its goal when the goal image is taken, then at its start. It stays there until the episode begins: the simulator puts it back
 * whenever the robot is placed.
 *
 * @param capturesGoal as {@link needsCapture} says
 * @throws JepaMpcError `planner.not-ready`, `demo.timeout`
 */
export async function prepareEpisode(
  client: PreparingPort,
  robot: Pick<DemoRobot, 'limits'>,
  { startRad, goalRad, object }: EpisodeTask,
  { lockstep, capturesGoal }: { readonly lockstep: boolean; readonly capturesGoal: boolean },
): Promise<void> {
  if (object !== undefined) {
    // The robot may be in the way where the episode before ended.
    await teleportRobot(client, robot, goalRad, lockstep);
    await placeObject(client, object.name, object.goal, lockstep);
  }
  const shownNs = await showGoal(client, goalRad);
  const goalNs = capturesGoal ? await captureGoal(client, robot, goalRad, lockstep) : shownNs;
  if (object !== undefined) await placeObject(client, object.name, object.start, lockstep);
  await placeRobot(client, robot, { startRad, goalNs }, lockstep);
}

/** Sends the simulator a goal pose and waits for its goal image. @returns its stamp */
async function showGoal(client: PreparingPort, goalRad: readonly number[]): Promise<bigint> {
  const { goalImages } = client.received;
  client.setGoal(goalRad);
  const shown = (): boolean => client.received.goalImages > goalImages;
  await client.until(shown, 'goal image of the simulator', ANSWER_TIMEOUT_MS);
  return client.received.goalImage?.stampNs ?? 0n;
}

/** Places the robot at the goal and lets the node capture it. @returns the stamp of the goal */
async function captureGoal(
  client: PreparingPort,
  robot: Pick<DemoRobot, 'limits'>,
  goalRad: readonly number[],
  lockstep: boolean,
): Promise<bigint> {
  const arrivedNs = await teleportRobot(client, robot, goalRad, lockstep);
  // In lockstep it has to be the newest image, so that a run does not depend on how fast the images arrive.
  const isOfGoal = (stampNs: bigint): boolean =>
    lockstep ? stampNs === client.received.period.newestImageNs : stampNs >= arrivedNs + SETTLED_NS;
  for (let attempt = 0; attempt < CAPTURE_ATTEMPTS; attempt++) {
    if (attempt > 0) await client.pass(CAPTURE_RETRY_MS);
    const stampNs = await client.captureGoal(ANSWER_TIMEOUT_MS);
    if (stampNs !== null && isOfGoal(stampNs)) return stampNs;
  }
  throw new JepaMpcError('planner.not-ready', {
    subject: 'planner node at the goal of an episode',
    found: `no frame of it after ${CAPTURE_ATTEMPTS} attempts`,
    expected: 'images of every camera of the model',
    remedy:
      'Check that the URDF has a camera sensor for each camera of the model. Run again with --verbose: the node prints what is missing.',
  });
}
