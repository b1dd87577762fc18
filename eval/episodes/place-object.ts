import { JepaMpcError } from '../../src/core/errors.js';
import type { DemoClient } from '../ros/demo-client.js';
import { distanceM } from './episode-sampler.js';
import { idleInLockstep, SETTLE_PERIODS } from './lockstep-driver.js';
import type { ObjectPose } from './objects/object-move.js';
import { ANSWER_TIMEOUT_MS, type PlacingPort } from './place-robot.js';

/** An object that has moved by less since it was placed rests. */
const RESTS_WITHIN_M = 0.005;
/** Simulated time for which it is watched. */
const WATCHED_NS = 300_000_000n;

/** The part of `DemoClient` that placing an object needs. */
export type ObjectPlacingPort = PlacingPort & Pick<DemoClient, 'setObject'>;

/**
 * Puts an object somewhere, with the robot where it is, and waits until the simulator's readings confirm that it rests there.
 *
 * @throws JepaMpcError `params.invalid` for an object that does not stay there, `demo.timeout`
 */
export async function placeObject(
  client: ObjectPlacingPort,
  name: string,
  pose: ObjectPose,
  lockstep: boolean,
): Promise<void> {
  // Commands that are in transit must not count after the teleport.
  await client.simulatorSettled(ANSWER_TIMEOUT_MS);
  const { received } = client;
  const { clockNs } = received;
  const awayM = (): number => distanceM(pose.xyz, received.objects?.positions.get(name) ?? []);
  client.setObject(name, pose);
  const isThere = (): boolean =>
    received.clockNs > clockNs && (received.objects?.stampNs ?? 0n) > clockNs && awayM() <= RESTS_WITHIN_M;
  await client.until(isThere, `object '${name}' of the simulator at its new place`, ANSWER_TIMEOUT_MS);
  const watchedNs = (received.objects?.stampNs ?? 0n) + WATCHED_NS;
  if (lockstep) await idleInLockstep(client, SETTLE_PERIODS, ANSWER_TIMEOUT_MS);
  const isWatched = (): boolean => (received.objects?.stampNs ?? 0n) >= watchedNs;
  await client.until(isWatched, `readings of object '${name}' at its new place`, ANSWER_TIMEOUT_MS);
  if (awayM() <= RESTS_WITHIN_M) return;
  throw new JepaMpcError('params.invalid', {
    subject: `object '${name}' of the scene`,
    found: `it ${awayM().toFixed(3)} m from where it was put, a moment later`,
    expected: 'an object that rests where it is put',
    remedy: 'Give it and what it rests on flat faces and friction, and put it onto the surface in the scene.',
  });
}
