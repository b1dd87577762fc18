import { inCm, REST, type TaskDefinition } from './task.js';

const OBJECT_M = 0.04;
const OBJECT_SPEED_M_S = 0.01;

/** An object rests at the place that the goal shows; how it is turned there, and where the robot is, does not matter. */
export const push = {
  name: 'push',
  summary: `the middle of the object within ${inCm(OBJECT_M)} of its goal along the surface, slower than ${inCm(OBJECT_SPEED_M_S)}/s, ${REST.summary}`,
  judgesJoints: false,
  movesObject: true,
  limitS: 15,
  of: (robot) => ({
    thresholds: { objectM: OBJECT_M, objectSpeedMS: OBJECT_SPEED_M_S, ...REST.thresholds(robot) },
    inWords: `the middle of the object within ${inCm(OBJECT_M)} of its goal, object and every joint at rest`,
    isReached: ({ state, object }) =>
      object !== null &&
      !object.hasFallen &&
      object.distanceM <= OBJECT_M &&
      object.speedMS < OBJECT_SPEED_M_S &&
      REST.isReached(robot, state),
    distanceM: ({ object }) => object?.distanceM ?? Number.NaN,
    failure: ({ object }) =>
      object?.hasFallen === true ? `object '${object.name}' fell off what it rested on` : null,
  }),
} as const satisfies TaskDefinition;
