import type { JointLimit, JointUnit } from '../../../src/core/types.js';

/** A reading of the true joint states, in URDF joint order, rad or m and rad/s or m/s. */
export interface TrueState {
  readonly stampNs: bigint;
  readonly positionRad: readonly number[];
  readonly velocityRadS: readonly number[];
}

/** The robot, as far as a task needs it. */
export interface TaskRobot {
  /** In the order of every position here. */
  readonly limits: readonly JointLimit[];
  /** Range of each joint from which goals are drawn, rad or m; finite. */
  readonly ranges: readonly (readonly [lower: number, upper: number])[];
  /** Smallest distance between the tips of start and goal [m]. */
  readonly minTipDistanceM: number;
}

/** An object next to its goal. */
export interface ObjectGoalReading {
  readonly name: string;
  /** Distance of its middle from that of its goal along the surface. */
  readonly distanceM: number;
  /** Mean speed over the last 0.1 s; infinite before that. */
  readonly speedMS: number;
  /** Whether it is below the surface that it was on. */
  readonly hasFallen: boolean;
}

/** A reading of the robot, and of the object of the task, next to the goal of its episode. */
export interface GoalReading {
  readonly state: TrueState;
  /** `[J]`, rad or m */
  readonly goalRad: readonly number[];
  /** Distance of the tip from that of the goal. */
  readonly tipDistanceM: number;
  /** Null where the task moves no object. */
  readonly object: ObjectGoalReading | null;
}

/** What counts as success for one robot. */
export interface Success {
  /** The numbers that {@link Success.isReached} compares with. Names end in the unit. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** The same for people. */
  readonly inWords: string;
  readonly isReached: (reading: GoalReading) => boolean;
  /** How far what the task moves is from its goal [m]; absent: the tip. */
  readonly distanceM?: (reading: GoalReading) => number;
  /** Why the goal is out of reach from now on, which ends the episode; null while it is not. Absent: it never is. */
  readonly failure?: (reading: GoalReading) => string | null;
}

/** A task: one file, and one entry in the registry. */
export interface TaskDefinition {
  readonly name: string;
  /** What counts as success, for `--help`. */
  readonly summary: string;
  /** Whether every joint has to be where the goal has it: then the goal has joint positions, where the model takes them. */
  readonly judgesJoints: boolean;
  /** Whether the robot has to move an object of the scene: then the goal is a picture of the object at its goal, and nothing else. */
  readonly movesObject: boolean;
  /** Time limit of an episode, simulated time [s], unless an option sets another. */
  readonly limitS: number;
  readonly of: (robot: TaskRobot) => Success;
}

/** A joint below this speed rests: passing through the goal does not count. */
const REST_SPEED: Readonly<Record<JointUnit, number>> = { rad: 0.1, m: 0.05 };

/** Rest of all joints, as part of a task. */
export const REST = {
  summary: `every joint slower than ${REST_SPEED.rad} rad/s or ${REST_SPEED.m} m/s`,
  thresholds: ({ limits }: TaskRobot): Readonly<Record<string, number>> => ({
    ...(limits.some(({ unit }) => unit === 'rad') && { speedRadS: REST_SPEED.rad }),
    ...(limits.some(({ unit }) => unit === 'm') && { speedMS: REST_SPEED.m }),
  }),
  isReached: ({ limits }: TaskRobot, { velocityRadS }: TrueState): boolean =>
    limits.every(({ unit }, joint) => Math.abs(velocityRadS[joint] ?? Number.NaN) < REST_SPEED[unit]),
};

/** A length in words, to the millimetre. */
export function inCm(metres: number): string {
  return `${Number((metres * 100).toFixed(1))} cm`;
}
