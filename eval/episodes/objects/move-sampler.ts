import { JepaMpcError } from '../../../src/core/errors.js';
import { createRng, deriveSeed } from '../../../src/math/rng.js';
import { uniformPose, type EpisodeTask } from '../episode-sampler.js';
import type { ObjectMove, ObjectPose } from './object-move.js';
import type { PushSpace } from './push-space.js';
import type { Place } from './reach-map.js';

/** How far an object is to be moved along the surface. */
const MIN_MOVE_M = 0.08;
const MAX_MOVE_M = 0.25;

/** Points at most this far apart say whether an object can be pushed along a line. */
const LINE_STEP_M = 0.02;
const MAX_DRAWS = 10_000;
/** Numbers besides the pose, for the start and the goal of the object: which cell, where in it, and how it is turned. */
const NUMBERS_OF_OBJECT = 8;

/** An episode with an object to move. */
export interface MoveEpisode extends EpisodeTask {
  readonly object: ObjectMove;
}

/**
 * Draws an episode in which an object is to be pushed: the robot's start, uniform over the ranges of the joints, two places of the object, uniform
 * over where the tip reaches and cameras see it, and how it is turned about the vertical at each. They are drawn again until the places are 8 to 25 cm
 * apart, the object could be pushed from one to the other in a straight line, and the robot at its start, which the goal image shows too, leaves both in
 * sight. Training draws the same problems (training/jepa_mpc_training/tasks.py), without the last two conditions.
 * The result depends on (seed, episode) only.
 *
 * @throws JepaMpcError `params.invalid` for a robot and an object without such an episode
 */
export function sampleMove(seed: number, episode: number, space: PushSpace): MoveEpisode {
  const { ranges, places, isFree, isStart, isInSight, object, surfaceM } = space;
  const rng = createRng(deriveSeed(seed, episode));
  const draw = new Float32Array(ranges.length + NUMBERS_OF_OBJECT);
  for (let attempt = 0; attempt < MAX_DRAWS; attempt++) {
    rng.uniforms(draw);
    const startRad = uniformPose(ranges, draw);
    const [a = 0, b = 0, c = 0, turn = 0, d = 0, e = 0, f = 0, goalTurn = 0] = draw.subarray(ranges.length);
    const start = places.place([a, b, c]);
    const goal = places.place([d, e, f]);
    const apartM = Math.hypot(goal[0] - start[0], goal[1] - start[1]);
    if (!(apartM >= MIN_MOVE_M && apartM <= MAX_MOVE_M)) continue;
    const canMove = pointsBetween(start, goal, apartM).every((place) => places.has(place) && isFree(place));
    if (!canMove || !isStart(startRad)) continue;
    if (!isInSight(startRad, start) || !isInSight(startRad, goal)) continue;
    const [roll, pitch, ownYaw] = object.rpy;
    const at = ([x, y]: Place, share: number): ObjectPose => ({
      xyz: [x, y, object.xyz[2]],
      // A turn about the vertical comes after those about the axes of the object.
      rpy: [roll, pitch, ownYaw + (2 * share - 1) * Math.PI],
    });
    return {
      startRad,
      goalRad: startRad,
      object: { name: object.name, start: at(start, turn), goal: at(goal, goalTurn), surfaceM },
    };
  }
  throw new JepaMpcError('params.invalid', {
    subject: `object '${object.name}' of the scene`,
    found: `no start and goal for it in ${MAX_DRAWS} draws`,
    expected: `two places ${MIN_MOVE_M * 100} to ${MAX_MOVE_M * 100} cm apart that the tip reaches, and a pose of the robot that hides neither from the camera`,
    remedy:
      'Make the surface that it rests on larger, or put it where the robot reaches and the camera sees more of it.',
  });
}

/** Points of the line from one place to another, both ends among them. */
function pointsBetween(from: Place, to: Place, apartM: number): Place[] {
  const steps = Math.ceil(apartM / LINE_STEP_M);
  return Array.from({ length: steps + 1 }, (_, step): Place => {
    const share = step / steps;
    return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  });
}
