import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../src/core/array-access.js';
import { ForwardKinematics } from '../../../src/robot/forward-kinematics.js';
import { thrownBy } from '../../fixtures/robot.js';
import { ARM, ARM_JOINTS, OFF, armCheck, reacherCheck, excessesOf } from '../../fixtures/motion-check.js';

describe('the speed of the tip', () => {
  it('is that of the origin of the last link', () => {
    const check = reacherCheck({ 'workspace.max_tcp_speed': 0.5 });
    expect(check.rules).toEqual([{ kind: 'tcp-speed', subject: 'fingertip', limit: 0.5, unit: 'm/s' }]);
    const [straight = NaN] = excessesOf(check, [0.3, 0], [1, 0]);
    expect(straight).toBeCloseTo(0.7 - 0.5, 12);
    expect(check.describe(0, straight)).toBe("link 'fingertip' moves at 0.7 m/s, limit 0.5 m/s");
    expect(at(excessesOf(check, [0.3, Math.PI / 2], [1, 1]), 0)).toBeCloseTo(
      Math.hypot(0.38, 0.64) - 0.5,
      12,
    );
    expect(at(excessesOf(check, [0.3, 1], [0, 0]), 0)).toBe(-0.5);
  });

  it('is that of another link where one is named', () => {
    const check = reacherCheck({ 'workspace.max_tcp_speed': 0.5, 'workspace.tip_link': 'distal_link' });
    expect(at(check.rules, 0).subject).toBe('distal_link');
    expect(at(excessesOf(check, [0.3, 1], [1, 5]), 0)).toBeCloseTo(0.38 - 0.5, 12);
    expect(thrownBy(() => reacherCheck({ 'workspace.tip_link': 'tip' })).message).toContain(
      "parameter workspace.tip_link: found link 'tip', which the robot description does not have",
    );
  });

  it('is that of a finite difference of positions', () => {
    const check = armCheck({ 'workspace.max_tcp_speed': 1, ...OFF });
    const tip = new ForwardKinematics(ARM, 'tool0', ARM_JOINTS);
    const numbers = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(numbers, numbers, (q, v) => {
        const step = 1e-6;
        const before = tip.position(q.map((value, joint) => value - step * at(v, joint)));
        const after = tip.position(q.map((value, joint) => value + step * at(v, joint)));
        const speed = Math.hypot(...after.map((value, axis) => value - at(before, axis))) / (2 * step);
        expect(at(excessesOf(check, q, v), 0)).toBeCloseTo(speed - 1, 6);
      }),
    );
  });

  it('scales a velocity that is too fast to nine tenths of the limit', () => {
    const check = reacherCheck({ 'workspace.max_tcp_speed': 0.5 });
    expect(check.speedFactor([0.3, 0], [0.5, 0])).toBe(1);
    expect(check.speedFactor([0.3, 0], [0.45 / 0.7 - 1e-9, 0])).toBe(1);
    expect(check.speedFactor([0.3, 0], [2, 0])).toBeCloseTo(0.45 / 1.4, 12);
    expect(check.speedFactor([0.3, 0], [-2, 0])).toBeCloseTo(0.45 / 1.4, 12);
  });
});

/** Condition number of the planar arm of 0.38 m and 0.32 m, from the closed form of the singular values of a 2 x 2 matrix. */
function planarCondition(elbow: number): number {
  const [a, b] = [0.38, 0.32];
  const frobenius = a ** 2 + 2 * b ** 2 + 2 * a * b * Math.cos(elbow);
  const determinant = Math.abs(a * b * Math.sin(elbow));
  const root = Math.sqrt(frobenius ** 2 - 4 * determinant ** 2);
  return Math.sqrt((frobenius + root) / (frobenius - root));
}

describe('singular poses', () => {
  const planar = { 'workspace.condition_axes': 'x y' };

  it('are not checked by default', () => {
    expect(reacherCheck({}).speedFactor([0, 0], [0, 0])).toBe(1);
  });

  it('break the rule where the condition number is above the stop', () => {
    const check = reacherCheck(planar);
    expect(check.rules).toEqual([{ kind: 'singularity', subject: 'fingertip', limit: 30, unit: '1' }]);
    for (const elbow of [0.05, 0.1, 0.5, 1.5, -2.5])
      expect(at(excessesOf(check, [0.7, elbow]), 0)).toBeCloseTo(planarCondition(elbow) - 30, 6);
    expect(at(excessesOf(check, [0.7, 0]), 0)).toBe(1e6 - 30);
    expect(check.describe(0, 5.25)).toBe(
      "link 'fingertip' is near a singular pose: condition number 35.25 of x y, limit 30",
    );
  });

  it('slow the robot from the slow threshold on, but leave a tenth so that it can leave', () => {
    const check = reacherCheck({ ...planar, 'workspace.condition_slow': 10, 'workspace.condition_stop': 20 });
    const factor = (elbow: number): number => check.speedFactor([0.2, elbow], [0, 0]);
    expect(planarCondition(1)).toBeLessThan(10);
    expect(factor(1)).toBe(1);
    const between = 0.3;
    expect(planarCondition(between)).toBeGreaterThan(10);
    expect(planarCondition(between)).toBeLessThan(20);
    expect(factor(between)).toBeCloseTo(1 - (0.9 * (planarCondition(between) - 10)) / 10, 6);
    expect(factor(0.05)).toBe(0.1);
    expect(check.speedFactor([0.2, 1], [100, 100])).toBe(1);
    expect(check.speedFactor([0.2, 0], [100, 100])).toBe(0.1);
    expect(factor(0)).toBe(0.1);
  });

  it('and the speed of the tip: the smaller factor counts', () => {
    const check = reacherCheck({ ...planar, 'workspace.max_tcp_speed': 0.5 });
    expect(check.speedFactor([0, 0], [2, 0])).toBe(0.1);
    expect(check.speedFactor([0, 0], [0, 0])).toBe(0.1);
    expect(check.speedFactor([0, 1.5], [100, 0])).toBeLessThan(0.02);
    expect(check.rules.map(({ kind }) => kind)).toEqual(['tcp-speed', 'singularity']);
    const [speed, condition] = excessesOf(check, [0, 1.5], [0, 0]);
    expect(speed).toBe(-0.5);
    expect(condition).toBeCloseTo(planarCondition(1.5) - 30, 6);
  });

  it('are no reason to stop an arm wherever it is: axes that it cannot move along are refused', () => {
    const error = thrownBy(() => reacherCheck({ 'workspace.condition_axes': 'x y z' }));
    expect(error.code).toBe('params.invalid');
    expect(error.message).toBe(
      "parameter workspace.condition_axes: found 'x y z', with a condition number of at least 1000000 wherever the joints shoulder, elbow put link 'fingertip', expected axes along which these joints can move it, with a condition number below 30. Name only axes that the action controls, and no more than there are joints. [params.invalid]",
    );
    expect(() => reacherCheck({ 'workspace.condition_axes': 'x y yaw' })).toThrow(/at least 1000000/);
    expect(() => reacherCheck({ 'workspace.condition_axes': 'yaw' })).not.toThrow();
    expect(() => armCheck({ 'workspace.condition_axes': 'x y z roll pitch yaw' })).not.toThrow();
    expect(() =>
      reacherCheck({ ...planar, 'workspace.condition_slow': 1, 'workspace.condition_stop': 1.25 }),
    ).toThrow(/expected axes along which these joints can move it, with a condition number below 1\.25/);
  });
});
