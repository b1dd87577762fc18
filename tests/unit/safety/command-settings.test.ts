import { describe, expect, it } from 'vitest';

import { UNHINDERED } from '../../../src/safety/operator-state.js';
import { validateParameters } from '../../../src/params/validate.js';
import {
  checkCommandSettings,
  effortGains,
  trackingTolerances,
} from '../../../src/safety/command-settings.js';
import { assessCondition, WHOLE_MESSAGES } from '../../../src/safety/watchdog.js';
import { jointLimit, thrownBy } from '../../fixtures/robot.js';

const joints = ['shoulder', 'elbow'];
const effort = { 'command.interface': 'commands', 'command.kind': 'effort' };
const gains = { 'command.effort_kp': [20], 'command.effort_kd': [4, 2] };

describe('the command parameters', () => {
  it.each([
    ['trajectories', {}],
    ['positions alone', { 'command.trajectory_fields': 'positions' }],
    ['trajectories that end moving', { 'command.trajectory_end': 'moving' }],
    ['set-points', { 'command.interface': 'commands', 'command.joints': 'elbow, shoulder' }],
    ['efforts', { ...effort, ...gains }],
    ['gains that are kept for later', gains],
  ])('allow %s', (_, given) => {
    expect(() => {
      checkCommandSettings(validateParameters(given), joints);
    }).not.toThrow();
  });

  it.each([
    [{ 'command.kind': 'position' }, 'command.interface: commands'],
    [{ 'command.joints': 'elbow, shoulder' }, 'command.interface: commands'],
    [{ ...effort, ...gains, 'command.trajectory_end': 'moving' }, 'command.interface: joint_trajectory'],
    [
      { 'command.interface': 'commands', 'command.trajectory_fields': 'positions' },
      'command.interface: joint_trajectory',
    ],
    [
      { 'command.trajectory_fields': 'positions', 'command.trajectory_end': 'moving' },
      'positions_and_velocities',
    ],
    [effort, 'command.effort_kp'],
    [{ ...effort, 'command.effort_kp': [20] }, 'command.effort_kd'],
  ])('refuse %o before there is a model', (given, said) => {
    const error = thrownBy(() => {
      checkCommandSettings(validateParameters(given), null);
    });
    expect(error.code).toBe('params.invalid');
    expect(error.message).toContain(said);
  });

  it.each([
    [{ ...effort, ...gains, 'command.effort_kp': [1, 2, 3] }, 'one, or 2 (shoulder, elbow)'],
    [{ 'command.interface': 'commands', 'command.joints': 'shoulder, wrist' }, "'wrist' is no joint"],
    [{ 'command.joint_tolerances': 'wrist=0.1' }, 'parameter command.joint_tolerances'],
    [{ 'command.joint_tolerances': 'elbow=0' }, 'from 0.0001 to 10'],
  ])('refuse %o with a model', (given, said) => {
    const values = validateParameters(given);
    checkCommandSettings(values, null);
    const error = thrownBy(() => {
      checkCommandSettings(values, joints);
    });
    expect(error.message).toContain(said);
  });

  it('give each joint its gains', () => {
    expect(effortGains(validateParameters({ ...effort, ...gains }), joints)).toEqual([
      { kp: 20, kd: 4 },
      { kp: 20, kd: 2 },
    ]);
  });

  it('give each joint its tracking tolerance in its own unit, or the one that it has by name', () => {
    const limits = [
      jointLimit('shoulder'),
      jointLimit('finger', { unit: 'm', lower: 0, upper: 0.04 }),
      jointLimit('wheel', { continuous: true, lower: -Infinity, upper: Infinity }),
    ];
    const tolerances = (given: Record<string, unknown>) =>
      trackingTolerances(limits, validateParameters(given));
    expect(tolerances({})).toEqual(Float64Array.of(0.3, 0.02, 0.3));
    const common = { 'command.tracking_tolerance': 0.2, 'command.tracking_tolerance_m': 0.01 };
    expect(tolerances(common)).toEqual(Float64Array.of(0.2, 0.01, 0.2));
    const named = { ...common, 'command.joint_tolerances': 'finger=0.03, wheel=0.5' };
    expect(tolerances(named)).toEqual(Float64Array.of(0.2, 0.03, 0.5));
    expect(thrownBy(() => tolerances({ 'command.joint_tolerances': 'thumb=1' })).code).toBe('params.invalid');
  });

  it('let efforts bear less age of joint states', () => {
    const now = { lastNs: 0n, fault: null };
    const holdsAt = (ageS: number, given: object): boolean => {
      const nowNs = BigInt(Math.round(ageS * 1e9));
      const inputs = { nowNs, image: { ...now, lastNs: nowNs }, jointStates: now, planEndNs: nowNs + 1n };
      const state = { paused: false, active: true, workerAlive: true, clockJumped: false };
      const condition = assessCondition(
        {
          ...inputs,
          ...state,
          fault: null,
          unsettled: null,
          frozenImage: null,
          restriction: null,
          jointMessages: WHOLE_MESSAGES,
          lateCameras: () => [],
          operator: UNHINDERED,
        },
        validateParameters({ ...given }),
      );
      return condition.level === 'hold';
    };
    const maxAgeS = (given: object): number =>
      [0.05, 0.1, 0.25, 1].findLast((ageS) => !holdsAt(ageS, given) && holdsAt(ageS + 0.001, given)) ?? NaN;
    expect(maxAgeS({})).toBe(0.25);
    expect(maxAgeS({ ...effort, ...gains })).toBe(0.1);
    expect(maxAgeS({ ...effort, ...gains, 'watchdog.joint_states_timeout_s': 0.05 })).toBe(0.05);
  });
});
