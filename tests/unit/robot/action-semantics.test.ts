import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ForwardKinematics } from '../../../src/robot/forward-kinematics.js';
import { jointLimits } from '../../../src/robot/joint-limits.js';
import { createActionSemantics } from '../../../src/robot/action-semantics.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import type { ActionSpec } from '../../../src/core/model-spec.js';
import { actionOf, jointLimit, jointSemantics, thrownBy } from '../../fixtures/robot.js';

const LIMITS = [jointLimit('one'), jointLimit('two')];

function velocityOf(
  overrides: Partial<ActionSpec>,
  actions: number[],
  index = 0,
  remainingS = 0.1,
): number[] {
  const out = new Float64Array(2);
  jointSemantics(LIMITS, overrides).targetVelocity(
    Float32Array.from(actions),
    index,
    Float64Array.of(0.5, -0.5),
    remainingS,
    out,
  );
  return [...out].map((value) => Number(value.toFixed(4)));
}

describe('joint velocities', () => {
  it('are target velocities', () => {
    expect(velocityOf({}, [1, 2, 3, 4], 1)).toEqual([3, 4]);
  });

  it('in the dead band are 0', () => {
    expect(velocityOf({ deadBand: [0.5, 0] }, [0.4, 0.1])).toEqual([0, 0.1]);
    expect(velocityOf({ deadBand: [0.5, 0] }, [-0.6, 0.1])).toEqual([-0.6, 0.1]);
  });

  it('are followed up to the limit, and rest at 0', () => {
    const semantics = jointSemantics(LIMITS);
    expect(semantics.followed(5, 0)).toBe(2);
    expect(semantics.followed(-5, 1)).toBe(-2);
    expect(semantics.atRest(Float64Array.of(1, 1), 1)).toBe(0);
  });
});

describe('joint deltas', () => {
  it('are gone at one speed over the period', () => {
    expect(velocityOf({ kind: 'joint_delta' }, [0.05, -0.02])).toEqual([0.5, -0.2]);
    expect(velocityOf({ kind: 'joint_delta' }, [0.05, -0.02], 0, 0.01)).toEqual([0.5, -0.2]);
  });
});

describe('joint positions', () => {
  it('are aimed at for the end of the period', () => {
    expect(velocityOf({ kind: 'joint_position' }, [0.6, -0.55])).toEqual([1, -0.5]);
    expect(velocityOf({ kind: 'joint_position' }, [0.6, -0.55], 0, 0.05)).toEqual([2, -1]);
  });

  it('are not raced for when the period is over', () => {
    expect(velocityOf({ kind: 'joint_position' }, [0.6, -0.5], 0, 0)).toEqual([5, 0]);
  });

  it('rest where the joints are, and the last of a period counts', () => {
    const semantics = jointSemantics(LIMITS, { kind: 'joint_position' });
    expect(semantics.atRest(Float64Array.of(0.3, 0.4), 1)).toBe(0.4);
    expect(semantics.blend).toBe('last');
  });
});

/** Six joints, and a prismatic gripper. */
const ARM = parseUrdf(readFileSync('tests/fixtures/six-joint-arm.urdf', 'utf8'));
const JOINTS = ['j1', 'j2', 'j3', 'j4', 'j5', 'j6', 'finger'];
const ARM_LIMITS = jointLimits(ARM, JOINTS, { positionMargin: 0, velocityScale: 1, accelerationScale: 1 });
const NAMES = ['x', 'y', 'z', 'roll', 'pitch', 'yaw', 'gripper'] as const;
const END_EFFECTOR: Partial<ActionSpec> = {
  kind: 'end_effector_delta',
  names: NAMES,
  endEffector: { base: 'base_link', link: 'tool' },
  gripper: { joint: 'finger', zero: 0, one: 0.04 },
};

/** So fast that nothing is slowed down. */
const FAST = ARM_LIMITS.map((limit) => ({ ...limit, velocity: 100 }));

/** Where the tool is after an action of one period in which each of many ticks asks anew. */
function moved(overrides: Partial<ActionSpec>, position: number[], action: number[]): Float64Array {
  const semantics = createActionSemantics(actionOf(FAST, { ...END_EFFECTOR, ...overrides }), FAST, ARM);
  const q = Float64Array.from(position);
  const velocity = new Float64Array(q.length);
  const ticks = 100;
  for (let tick = 0; tick < ticks; tick++) {
    semantics.targetVelocity(Float32Array.from(action), 0, q, 0.1, velocity);
    for (const joint of q.keys()) q[joint] = (q[joint] ?? 0) + ((velocity[joint] ?? 0) * 0.1) / ticks;
  }
  return q;
}

const kinematics = new ForwardKinematics(ARM, 'tool', JOINTS);
/** Away from the stretched and the folded arm. */
const POSE = [0.3, -0.6, 1.2, 0.4, 0.9, -0.2, 0.01];

describe('displacements and rotations of the end effector', () => {
  it('move the tool by as much, in the frame of the base', () => {
    const small = fc.double({ min: -0.02, max: 0.02, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(small, small, small, small, small, small), (action) => {
        const before = kinematics.pose(POSE);
        const after = kinematics.pose(moved({}, POSE, [...action, 0]));
        for (const axis of [0, 1, 2]) {
          const moved = (after.position[axis] ?? NaN) - (before.position[axis] ?? NaN);
          expect(Math.abs(moved - (action[axis] ?? NaN))).toBeLessThan(5e-4);
        }
        const rotation = rotationBetween(before.rotation, after.rotation);
        for (const axis of [0, 1, 2])
          expect(Math.abs((rotation[axis] ?? NaN) - (action[axis + 3] ?? NaN))).toBeLessThan(1.5e-3);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('leave axes free that are not named', () => {
    const before = kinematics.pose(POSE);
    const onlyWay = { names: ['x', 'y', 'z'] as const, gripper: null };
    const free = kinematics.pose(moved(onlyWay, POSE, [0.03, 0, 0]));
    expect((free.position[0] ?? NaN) - (before.position[0] ?? NaN)).toBeCloseTo(0.03, 3);
    const kept = kinematics.pose(moved({}, POSE, [0.03, 0, 0, 0, 0, 0, 0]));
    expect(Math.hypot(...rotationBetween(before.rotation, kept.rotation))).toBeLessThan(5e-4);
    expect(Math.hypot(...rotationBetween(before.rotation, free.rotation))).toBeGreaterThan(1e-2);
  });

  it('move the gripper by a fraction of its travel, outside the dead band', () => {
    expect(moved({}, POSE, [0, 0, 0, 0, 0, 0, 0.5])[6]).toBeCloseTo(0.03, 6);
    const deadBand = [0, 0, 0, 0, 0, 0, 0.25];
    expect(moved({ deadBand }, POSE, [0, 0, 0, 0, 0, 0, 0.2])[6]).toBeCloseTo(0.01, 6);
  });

  it('that are too fast are slowed down without another direction', () => {
    const out = (entry: number): Float64Array => {
      const velocity = new Float64Array(7);
      const semantics = createActionSemantics(actionOf(ARM_LIMITS, END_EFFECTOR), ARM_LIMITS, ARM);
      semantics.targetVelocity(
        Float32Array.of(0, 0, entry, 0, 0, 0, 0),
        0,
        Float64Array.from(POSE),
        0.1,
        velocity,
      );
      return velocity;
    };
    const [slow, fast] = [out(0.001), out(10)];
    const share = (fast[1] ?? NaN) / (slow[1] ?? NaN);
    for (const joint of [0, 1, 2, 3, 4, 5]) expect(fast[joint]).toBeCloseTo((slow[joint] ?? NaN) * share, 6);
    expect(Math.max(...fast.map(Math.abs))).toBeCloseTo(2, 6);
  });

  it('stay finite and inside the limits at a singular pose', () => {
    const stretched = [0, 0, 0, 0, 0, 0, 0];
    const velocity = new Float64Array(7);
    createActionSemantics(actionOf(ARM_LIMITS, END_EFFECTOR), ARM_LIMITS, ARM).targetVelocity(
      Float32Array.of(0.05, 0.05, 0.05, 0.1, 0.1, 0.1, 0),
      0,
      Float64Array.from(stretched),
      0.1,
      velocity,
    );
    for (const value of velocity) expect(Math.abs(value)).toBeLessThanOrEqual(2 + 1e-9);
  });

  it('need joints that move the link', () => {
    const few = ARM_LIMITS.slice(0, 2);
    expect(thrownBy(() => createActionSemantics(actionOf(few, END_EFFECTOR), few, ARM)).code).toBe(
      'urdf.unknown-joint',
    );
  });
});

/** Small rotation `after before⁻¹` about x, y and z, to first order. */
function rotationBetween(before: Float64Array, after: Float64Array): number[] {
  const entry = (row: number, column: number): number => {
    let sum = 0;
    for (let k = 0; k < 3; k++) sum += (after[3 * row + k] ?? NaN) * (before[3 * column + k] ?? NaN);
    return sum;
  };
  return [(entry(2, 1) - entry(1, 2)) / 2, (entry(0, 2) - entry(2, 0)) / 2, (entry(1, 0) - entry(0, 1)) / 2];
}

describe('where a joint may have to come to rest', () => {
  const limits = [jointLimit('a'), jointLimit('b')];
  const semantics = jointSemantics(limits, { kind: 'joint_position' });
  const actions = Float32Array.of(0.1, 0.1, 0.2, 0.05, 0.3, 0.05);

  it.each([
    ['goes through to the next position where that leads on', 0, [0, 0], [0.2, 0.1]],
    ['stays at a position that the next one repeats', 1, [0.15, 0.08], [0.3, 0.05]],
    ['is the last position at the end', 2, [0.25, 0.05], [0.3, 0.05]],
  ])('%s', (_what, index, position, expected) => {
    const out = new Float64Array(2);
    semantics.restingPoint?.(actions, index, Float64Array.from(position), out);
    for (const [joint, goal] of expected.entries()) expect(out[joint]).toBeCloseTo(goal, 6);
  });

  it('does not exist for velocities', () => {
    expect('restingPoint' in jointSemantics(limits)).toBe(false);
  });
});
