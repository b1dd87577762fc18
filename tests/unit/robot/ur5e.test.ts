import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForwardKinematics } from '../../../src/robot/forward-kinematics.js';
import { jointLimits } from '../../../src/robot/joint-limits.js';
import { parseUrdf } from '../../../src/robot/urdf.js';

const UR5E = parseUrdf(readFileSync(new URL('../../../urdf/ur5e.urdf', import.meta.url), 'utf8'));
const JOINTS = [
  'shoulder_pan_joint',
  'shoulder_lift_joint',
  'elbow_joint',
  'wrist_1_joint',
  'wrist_2_joint',
  'wrist_3_joint',
] as const;

/** Denavit-Hartenberg parameters of the UR5e as its manufacturer publishes them: a [m], d [m], alpha [rad]. */
const DH = [
  [0, 0.1625, Math.PI / 2],
  [-0.425, 0, 0],
  [-0.3922, 0, 0],
  [0, 0.1333, Math.PI / 2],
  [0, 0.0997, -Math.PI / 2],
  [0, 0.0996, 0],
] as const;

type Rows = readonly (readonly number[])[];

function times(first: Rows, second: Rows): Rows {
  return first.map((row) =>
    [0, 1, 2, 3].map((column) =>
      row.reduce((sum, value, index) => sum + value * (second[index]?.[column] ?? 0), 0),
    ),
  );
}

/** Position of the flange in the frame `base_link`, which is turned by half a turn from that of the parameters. */
function flangeByDh(q: readonly number[]): number[] {
  const flange = DH.map(([a, d, alpha], joint): Rows => {
    const [c, s, ca, sa] = [
      Math.cos(q[joint] ?? 0),
      Math.sin(q[joint] ?? 0),
      Math.cos(alpha),
      Math.sin(alpha),
    ];
    return [
      [c, -s * ca, s * sa, a * c],
      [s, c * ca, -c * sa, a * s],
      [0, sa, ca, d],
      [0, 0, 0, 1],
    ];
  }).reduce(times);
  const [x, y, z] = flange.map((row) => row[3] ?? 0);
  return [-(x ?? 0), -(y ?? 0), z ?? 0];
}

describe('urdf/ur5e.urdf', () => {
  it('has its flange where the published Denavit-Hartenberg parameters put it', () => {
    const kinematics = new ForwardKinematics(UR5E, 'tool0', JOINTS);
    const anyPose = fc.array(fc.double({ min: -6.28, max: 6.28, noNaN: true }), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(anyPose, (q) => {
        const expected = flangeByDh(q);
        for (const [axis, value] of kinematics.position(q).entries())
          expect(value).toBeCloseTo(expected[axis] ?? Number.NaN, 9);
      }),
    );
  });

  it('moves at the published limits within soft limits over the table', () => {
    const limits = jointLimits(UR5E, JOINTS);
    expect(limits.map(({ velocity }) => velocity)).toEqual(Array.from({ length: 6 }, () => Math.PI));
    expect(limits.map(({ acceleration }) => acceleration)).toEqual(Array.from({ length: 6 }, () => Math.PI));
    expect(limits.map(({ lower, upper }) => [lower, upper])).toEqual([
      [-1.3, 1.3],
      [-2, -0.7],
      [1, 2.5],
      [-2.5, -0.9],
      [-1.85, -0.85],
      [-1.5, 1.3],
    ]);
  });
});
