import { describe, expect, it } from 'vitest';
import { EpisodeJudge, type Verdict } from '../../../eval/episodes/episode-judge.js';
import { taskOf } from '../../../eval/episodes/tasks/registry.js';
import type { Vector3 } from '../../../src/robot/urdf-xml.js';
import { cubeMove } from '../../fixtures/object-move.js';
import { jointLimit } from '../../fixtures/robot.js';

const START_NS = 5_000_000_000n;
/** A robot with one joint: the position of its fingertip on a rail [m]. */
const rail = ([x = Number.NaN]: readonly number[]): number[] => [x];

function judge(limitS = 6): EpisodeJudge {
  const task = taskOf('reach', { limits: [jointLimit('rail')], ranges: [[0, 2]], minTipDistanceM: 0.2 });
  return new EpisodeJudge({ task, drawn: { goalRad: [1] }, fingertipOf: rail, startNs: START_NS, limitS });
}

function reading(timeS: number, position: number, velocity: number) {
  return {
    stampNs: START_NS + BigInt(Math.round(timeS * 1e9)),
    positionRad: [position],
    velocityRadS: [velocity],
  };
}

describe('EpisodeJudge', () => {
  it('ends with success once the fingertip rests within 5 cm of the goal, and notes the time', () => {
    expect(judge().observe(reading(1.5, 0.951, 0.09))).toMatchObject({
      ended: true,
      success: true,
      timeS: 1.5,
    });
  });

  it.each([
    ['too far away', 0.949, 0],
    ['passing through', 1, 0.1],
    ['passing through backwards', 1, -0.5],
  ])('goes on while the robot is %s', (_, position, velocity) => {
    expect(judge().observe(reading(1.5, position, velocity))).toMatchObject({ ended: false, success: false });
  });

  it('ends without success at 6 s, with the distance at that time', () => {
    const verdict = judge().observe(reading(6.01, 0.6, 0));
    expect(verdict).toMatchObject({ ended: true, success: false, timeS: 6 });
    expect(verdict.distanceM).toBeCloseTo(0.4, 12);
  });

  it('does not count a goal reached after 6 s', () => {
    expect(judge().observe(reading(6.01, 1, 0)).success).toBe(false);
  });

  it('ends at another time limit if one is given', () => {
    expect(judge(2.5).observe(reading(2.49, 0.6, 0)).ended).toBe(false);
    expect(judge(2.5).observe(reading(2.51, 1, 0))).toMatchObject({
      ended: true,
      success: false,
      timeS: 2.5,
    });
    expect(judge(20).observe(reading(19, 1, 0))).toMatchObject({ ended: true, success: true, timeS: 19 });
  });

  it('ignores readings from before the start and after the end', () => {
    const one = judge();
    expect(one.observe(reading(-0.01, 1, 0)).ended).toBe(false);
    const end = one.observe(reading(2, 1, 0));
    expect(one.observe(reading(3, 0, 0))).toBe(end);
  });

  it('counts positions that are not numbers as a miss', () => {
    expect(judge().observe(reading(1, Number.NaN, 0))).toMatchObject({ ended: false, success: false });
  });
});

describe('EpisodeJudge of an object', () => {
  const robot = { limits: [jointLimit('rail')], ranges: [[0, 2]] as const, minTipDistanceM: 0.2 };
  const object = cubeMove();

  function pushed(limitS = 15): EpisodeJudge {
    const drawn = { goalRad: [1], object };
    return new EpisodeJudge({
      task: taskOf('push', robot),
      drawn,
      fingertipOf: rail,
      startNs: START_NS,
      limitS,
    });
  }

  /** Reads the object every 20 ms: `path` says where it is after so many seconds. */
  function follow(
    one: EpisodeJudge,
    seconds: number,
    path: (timeS: number) => Vector3,
    jointRadS = 0,
  ): Verdict {
    for (let timeS = 0; timeS <= seconds + 1e-9; timeS += 0.02) {
      const state = reading(timeS, 0, jointRadS);
      one.observe(state, { stampNs: state.stampNs, positions: new Map([['cube', path(timeS)]]) });
    }
    return one.verdict;
  }

  it('ends with success once the object rests within 4 cm of its goal and the robot rests too, wherever the tip is', () => {
    const verdict = follow(pushed(), 1, () => [0.7 + 0.0395, 0, 0.03]);
    expect(verdict).toMatchObject({ ended: true, success: true, failure: '' });
    expect(verdict.timeS).toBeCloseTo(0.1, 2);
    expect(verdict.distanceM).toBeCloseTo(0.0395, 12);
    expect(follow(pushed(), 1, () => [0.7, 0.0405, 0.03])).toMatchObject({ ended: false });
    expect(follow(pushed(), 1, () => [0.7, 0, 0.03], 0.1)).toMatchObject({ ended: false });
  });

  it('does not count an object that passes the goal, however it trembles at rest', () => {
    expect(follow(pushed(), 2, (timeS) => [0.68 + 0.011 * timeS, 0, 0.03])).toMatchObject({ ended: false });
    expect(follow(pushed(), 2, (timeS) => [0.68 + 0.009 * timeS, 0, 0.03])).toMatchObject({ success: true });
    const trembling = (timeS: number): Vector3 => [0.7 + 2e-4 * Math.cos(1000 * timeS), 0, 0.03];
    expect(follow(pushed(), 2, trembling)).toMatchObject({ success: true });
  });

  it('counts the distance along the surface', () => {
    const verdict = follow(pushed(), 1, () => [0.5, 0, 0.05]);
    expect(verdict.distanceM).toBeCloseTo(0.2, 12);
  });

  it('fails when the object has fallen off, and says so', () => {
    const verdict = follow(pushed(), 3, (timeS) => [0.8, 0, timeS < 1 ? 0.031 : -0.001]);
    expect(verdict).toMatchObject({
      ended: true,
      success: false,
      failure: "object 'cube' fell off what it rested on",
    });
    expect(verdict.timeS).toBeCloseTo(1, 6);
    expect(follow(pushed(), 3, (timeS) => [0.5, 0, 0.03 - 0.1 * timeS]).timeS).toBeCloseTo(0.32, 6);
  });

  it('waits for readings of its object', () => {
    const one = pushed();
    expect(one.needsObjects).toBe(true);
    one.observe(reading(1, 1, 0));
    one.observe(reading(1, 1, 0), { stampNs: START_NS, positions: new Map([['ball', [0.7, 0, 0.03]]]) });
    expect(one.verdict.distanceM).toBe(Number.POSITIVE_INFINITY);
  });

  it('ends at the time limit with the distance of the object', () => {
    const verdict = follow(pushed(2), 3, () => [0.5, 0, 0.03]);
    expect(verdict).toMatchObject({ ended: true, success: false, timeS: 2, failure: '' });
  });
});
