import { beforeEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import type { FrameSet, ModelCamera } from '../../../../src/core/model-info.js';
import { GoalImageInput } from '../../../../src/ros/goals/camera-goal.js';
import { FakeRos } from '../../../fixtures/fake-ros.js';
import { goalImage } from '../../../fixtures/late-robot.js';

const cameras = (...names: string[]): ModelCamera[] =>
  names.map((name) => ({ name, topic: `${name}/image_raw`, wanted: 'colour' }));

let ros: FakeRos;
let goals: FrameSet[];
let problems: string[];
let input: GoalImageInput;

/** Sends an image with this stamp, in ms, and of this grey level. @returns how many receivers there are */
function send(topic: string, atMs: number, level = 0): number {
  return ros.send(topic, { ...goalImage(atMs), data: new Uint8Array(3).fill(level) });
}

/** Stamps in ms and grey levels of the goals so far. */
function received(): (readonly [stampMs: number, ...levels: (number | undefined)[]])[] {
  return goals.map(({ stampNs, frames }) => [Number(stampNs) / 1e6, ...frames.map(({ data }) => data[0])]);
}

beforeEach(() => {
  ros = new FakeRos({ model: 'models/reacher' });
  goals = [];
  problems = [];
  input = new GoalImageInput(ros.topics, {
    model: () => null,
    onGoal: (goal) => goals.push(goal),
    onProblem: (problem) => {
      problems.push(problem instanceof JepaMpcError ? problem.code : String(problem));
    },
  });
  input.listen('raw');
});

describe('goals from images of several cameras', () => {
  beforeEach(() => {
    input.open(cameras('scene', 'wrist'));
  });

  it('are one of each with the same stamp, in the order of the cameras, whichever comes first', () => {
    send('goal_image/wrist', 100, 7);
    expect(goals).toEqual([]);
    send('goal_image/scene', 100, 5);
    send('goal_image/scene', 200, 6);
    send('goal_image/wrist', 200, 8);
    expect(received()).toEqual([
      [100, 5, 7],
      [200, 6, 8],
    ]);
    expect(problems).toEqual([]);
  });

  it('do not mix images of two goals, and say that their stamps differ', () => {
    send('goal_image/scene', 100, 1);
    send('goal_image/scene', 200, 2);
    send('goal_image/wrist', 100, 3);
    expect(goals).toEqual([]);
    expect(problems).toEqual(['goal.stamps']);
    send('goal_image/wrist', 200, 4);
    expect(received()).toEqual([[200, 2, 4]]);
    expect(problems).toHaveLength(1);
  });

  it('refuse an image of one camera alone, and keep the goal in force', () => {
    send('goal_image', 100, 1);
    expect(goals).toEqual([]);
    expect(problems).toEqual(['goal.cameras']);
    input.close();
    send('goal_image', 200, 2);
    expect(received()).toEqual([[200, 2]]);
  });

  it('take each image once, also where none has a stamp', () => {
    for (const level of [1, 2]) {
      send('goal_image/scene', 0, level);
      send('goal_image/wrist', 0, 10 * level);
    }
    expect(received()).toEqual([
      [0, 1, 10],
      [0, 2, 20],
    ]);
  });

  it('come no longer once the model is gone', () => {
    input.close();
    expect(send('goal_image/scene', 100)).toBe(0);
    expect(send('goal_image', 100)).toBe(1);
  });
});

describe('goals of a model with one camera', () => {
  it('come from goal_image alone', () => {
    input.open(cameras('scene'));
    expect(send('goal_image/scene', 100)).toBe(0);
    send('goal_image', 300, 9);
    expect(received()).toEqual([[300, 9]]);
  });
});
