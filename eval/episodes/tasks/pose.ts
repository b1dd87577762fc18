import { displacement } from '../../../src/core/joint-positions.js';
import { inCm, REST, type TaskDefinition } from './task.js';

const TIP_M = 0.02;
/** For small robots: this share of the smallest distance between start and goal. */
const SHARE_OF_DISTANCE = 0.1;
const JOINT_DEG = 5;
const JOINT_RAD = (JOINT_DEG * Math.PI) / 180;
/** Prismatic joints: share of the range. */
const JOINT_SHARE = 0.05;

/** The robot rests in the pose of the goal: every joint, and so the orientation of the tip. */
export const pose = {
  name: 'pose',
  summary: `the tip within ${inCm(TIP_M)} of its goal, every joint within ${JOINT_DEG} degrees of its own (prismatic ones: ${JOINT_SHARE * 100} % of their range), ${REST.summary}`,
  judgesJoints: true,
  movesObject: false,
  limitS: 6,
  of: (robot) => {
    const tipM = Math.min(TIP_M, SHARE_OF_DISTANCE * robot.minTipDistanceM);
    const withins = robot.limits.map(({ unit }, joint) => {
      const [lower, upper] = robot.ranges[joint] ?? [0, 0];
      return unit === 'm' ? JOINT_SHARE * (upper - lower) : JOINT_RAD;
    });
    const has = { rad: withins.includes(JOINT_RAD), m: robot.limits.some(({ unit }) => unit === 'm') };
    return {
      thresholds: {
        tipM,
        ...(has.rad && { jointDeg: JOINT_DEG }),
        ...(has.m && { jointShare: JOINT_SHARE }),
        ...REST.thresholds(robot),
      },
      inWords: `the tip within ${inCm(tipM)} of its goal, every joint within ${[
        ...(has.rad ? [`${JOINT_DEG} degrees`] : []),
        ...(has.m ? [`${JOINT_SHARE * 100} % of its range`] : []),
      ].join(' or ')}, and at rest`,
      isReached: ({ state, goalRad, tipDistanceM }) =>
        tipDistanceM <= tipM &&
        REST.isReached(robot, state) &&
        robot.limits.every(({ unit }, joint) => {
          // A picture shows no whole revolutions.
          const off = displacement(
            goalRad[joint] ?? Number.NaN,
            state.positionRad[joint] ?? Number.NaN,
            unit === 'rad',
          );
          return Math.abs(off) <= (withins[joint] ?? Number.NaN);
        }),
    };
  },
} as const satisfies TaskDefinition;
