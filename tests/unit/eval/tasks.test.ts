import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demoCommand } from '../../../eval/demo/command.js';
import {
  DEFAULT_TASK,
  movesObject,
  TASK_NAMES,
  taskOf,
  timeLimitS,
  type TaskName,
} from '../../../eval/episodes/tasks/registry.js';
import type { TaskRobot } from '../../../eval/episodes/tasks/task.js';
import { evaluateCommand } from '../../../eval/evaluate/command.js';
import { sweepCommand } from '../../../eval/sweep/command.js';
import { tuneCommand } from '../../../eval/tune/command.js';
import { jointLimit } from '../../fixtures/robot.js';

/** A joint that turns and one that slides over 0.4 m. */
const ROBOT: TaskRobot = {
  limits: [jointLimit('arm'), jointLimit('rail', { unit: 'm', lower: 0, upper: 0.4 })],
  ranges: [
    [-2.6, 2.6],
    [0, 0.4],
  ],
  minTipDistanceM: 0.2,
};
const GOAL = [1, 0.2];
const AT_GOAL = { name: 'cube', distanceM: 0, speedMS: 0, hasFallen: false };

function isReached(
  name: TaskName,
  positionRad: readonly number[],
  { speeds = [0, 0], tipDistanceM = 0, robot = ROBOT, goalRad = GOAL, object = AT_GOAL } = {},
): boolean {
  const state = { stampNs: 0n, positionRad, velocityRadS: speeds };
  return taskOf(name, robot).isReached({ state, goalRad, tipDistanceM, object });
}

describe('reach', () => {
  it('asks for the tip within 5 cm and for rest, whatever the joints do', () => {
    expect(isReached('reach', [-2, 0], { tipDistanceM: 0.05 })).toBe(true);
    expect(isReached('reach', GOAL, { tipDistanceM: 0.0501 })).toBe(false);
    expect(isReached('reach', GOAL, { speeds: [0.0999, -0.0499] })).toBe(true);
    expect(isReached('reach', GOAL, { speeds: [0.1, 0] })).toBe(false);
    expect(isReached('reach', GOAL, { speeds: [0, -0.05] })).toBe(false);
  });

  it('is the default, with the thresholds that it always had for the shipped arm', () => {
    expect(DEFAULT_TASK).toBe('reach');
    const arm = { ...ROBOT, limits: [jointLimit('shoulder'), jointLimit('elbow')] };
    expect(taskOf('reach', arm).thresholds).toEqual({ tipM: 0.05, speedRadS: 0.1 });
  });
});

describe('pose', () => {
  const degrees = (value: number): number => (value * Math.PI) / 180;

  it('asks for each joint within 5 degrees, or 5 % of the range of one that slides', () => {
    expect(isReached('pose', [1 + degrees(4.99), 0.2 - 0.0199])).toBe(true);
    expect(isReached('pose', [1 - degrees(5.01), 0.2])).toBe(false);
    expect(isReached('pose', [1, 0.2 + 0.0201])).toBe(false);
  });

  it('asks for the tip within 2 cm, and for rest', () => {
    expect(isReached('pose', GOAL, { tipDistanceM: 0.02 })).toBe(true);
    expect(isReached('pose', GOAL, { tipDistanceM: 0.0201 })).toBe(false);
    expect(isReached('pose', GOAL, { speeds: [0.1, 0] })).toBe(false);
  });

  it('counts no whole revolutions, which no picture shows', () => {
    expect(isReached('pose', [1 - 2 * Math.PI, 0.2])).toBe(true);
    expect(isReached('pose', [degrees(-179), 0.2], { goalRad: [degrees(179), 0.2] })).toBe(true);
  });

  it('reports the thresholds that apply to the robot', () => {
    expect(taskOf('pose', ROBOT).thresholds).toEqual({
      tipM: 0.02,
      jointDeg: 5,
      jointShare: 0.05,
      speedRadS: 0.1,
      speedMS: 0.05,
    });
    const arm = { ...ROBOT, limits: [jointLimit('shoulder'), jointLimit('elbow')] };
    expect(taskOf('pose', arm).thresholds).toEqual({ tipM: 0.02, jointDeg: 5, speedRadS: 0.1 });
  });
});

describe('push', () => {
  it('asks for the object within 4 cm, slower than 1 cm/s and not fallen, and for rest of the robot', () => {
    const away = { tipDistanceM: 1 };
    expect(isReached('push', [-2, 0], { ...away, object: { ...AT_GOAL, distanceM: 0.04 } })).toBe(true);
    expect(isReached('push', [-2, 0], { ...away, object: { ...AT_GOAL, distanceM: 0.0401 } })).toBe(false);
    expect(isReached('push', GOAL, { object: { ...AT_GOAL, speedMS: 0.0099 } })).toBe(true);
    expect(isReached('push', GOAL, { object: { ...AT_GOAL, speedMS: 0.01 } })).toBe(false);
    expect(isReached('push', GOAL, { object: { ...AT_GOAL, hasFallen: true } })).toBe(false);
    expect(isReached('push', GOAL, { speeds: [0, 0.05] })).toBe(false);
  });

  it('is not reached without an object', () => {
    const state = { stampNs: 0n, positionRad: GOAL, velocityRadS: [0, 0] };
    const task = taskOf('push', ROBOT);
    expect(task.isReached({ state, goalRad: GOAL, tipDistanceM: 0, object: null })).toBe(false);
  });

  it('has a longer time limit than those that move the robot alone', () => {
    expect(TASK_NAMES.map((name) => [name, timeLimitS(name)])).toEqual([
      ['reach', 6],
      ['pose', 6],
      ['push', 15],
    ]);
  });

  it('reports its thresholds', () => {
    const arm = { ...ROBOT, limits: [jointLimit('shoulder')] };
    expect(taskOf('push', arm).thresholds).toEqual({ objectM: 0.04, objectSpeedMS: 0.01, speedRadS: 0.1 });
  });
});

const MOVING_THE_ROBOT = TASK_NAMES.filter((name) => !movesObject(name));

describe.each(MOVING_THE_ROBOT)('the task %s', (name) => {
  it('is not reached where the robot starts, however small it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 0.2, noNaN: true }), (minTipDistanceM) => {
        const robot = { ...ROBOT, minTipDistanceM };
        expect(isReached(name, GOAL, { robot, tipDistanceM: minTipDistanceM })).toBe(false);
        expect(isReached(name, GOAL, { robot })).toBe(true);
      }),
    );
  });

  it('is not reached at positions or speeds that are not numbers', () => {
    expect(isReached(name, [], { tipDistanceM: Number.NaN })).toBe(false);
    expect(isReached(name, GOAL, { speeds: [0] })).toBe(false);
  });
});

describe('--task', () => {
  it.each([
    ['demo', demoCommand],
    ['evaluate', evaluateCommand],
    ['tune', tuneCommand],
    ['sweep', sweepCommand],
  ])('%s says in --help what counts as success', (_, create) => {
    const help = create().helpInformation().replaceAll(/\s+/g, ' ');
    expect(help).toContain('--task <name>');
    expect(help).toMatch(/reach: the tip within 5 cm/);
    expect(help).toMatch(/pose: the tip within 2 cm of its goal, every joint within 5 degrees/);
    expect(help).toMatch(/push: the middle of the object within 4 cm of its goal/);
    expect(help).toContain('time limit of an episode (default: reach: 6, pose: 6, push: 15)');
  });

  it('refuses another task and lists those there are', async () => {
    const command = demoCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    await expect(command.parseAsync(['--task', 'grasp'], { from: 'user' })).rejects.toThrow(
      /'grasp' is invalid. Allowed choices are reach, pose, push/,
    );
  });
});
