import { describe, expect, it } from 'vitest';
import { EpisodeJudge } from '../../../eval/episodes/episode-judge.js';
import { taskOf } from '../../../eval/episodes/tasks/registry.js';
import { jointLimit } from '../../fixtures/robot.js';

const START_NS = 5_000_000_000n;
/** A robot with one joint: the position of its fingertip on a rail [m]. */
const rail = ([x = Number.NaN]: readonly number[]): number[] => [x];

function judge(limitS = 6): EpisodeJudge {
  const task = taskOf('reach', { limits: [jointLimit('rail')], ranges: [[0, 2]], minTipDistanceM: 0.2 });
  return new EpisodeJudge({ task, goalRad: [1], fingertipOf: rail, startNs: START_NS, limitS });
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
