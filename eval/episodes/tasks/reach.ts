import { inCm, REST, type TaskDefinition } from './task.js';

const TIP_M = 0.05;
/** For small robots: this share of the smallest distance between start and goal. */
const SHARE_OF_DISTANCE = 0.25;

/** The tip rests at its goal; how the joints get it there does not matter. */
export const reach = {
  name: 'reach',
  summary: `the tip within ${inCm(TIP_M)} of its goal, ${REST.summary}`,
  judgesJoints: false,
  movesObject: false,
  limitS: 6,
  of: (robot) => {
    const tipM = Math.min(TIP_M, SHARE_OF_DISTANCE * robot.minTipDistanceM);
    return {
      thresholds: { tipM, ...REST.thresholds(robot) },
      inWords: `the tip within ${inCm(tipM)} of its goal, every joint at rest`,
      isReached: ({ state, tipDistanceM }) => tipDistanceM <= tipM && REST.isReached(robot, state),
    };
  },
} as const satisfies TaskDefinition;
