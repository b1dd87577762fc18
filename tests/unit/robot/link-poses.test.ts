import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../src/core/array-access.js';
import { ForwardKinematics } from '../../../src/robot/forward-kinematics.js';
import { LinkJacobian } from '../../../src/robot/link-jacobian.js';
import { LinkPoses } from '../../../src/robot/link-poses.js';
import { spreadPoses } from '../../../src/robot/spread-poses.js';
import { parseUrdf } from '../../../src/robot/urdf.js';

/** Every kind of joint, a chain of mimics, two branches, slanted axes and rotated origins; a child is named before its parent. */
const TREE = parseUrdf(`<robot name="tree">
  <link name="finger"/><link name="thumb"/><link name="hand"/><link name="upper"/><link name="base"/><link name="head"/><link name="lower"/>
  <joint name="close" type="prismatic"><parent link="hand"/><child link="finger"/><origin xyz="0.02 0 0.1" rpy="0.3 0 0.1"/><axis xyz="0 1 1"/></joint>
  <joint name="thumb_close" type="prismatic"><parent link="hand"/><child link="thumb"/><origin xyz="-0.02 0 0.1"/><axis xyz="0 1 0"/><mimic joint="close" multiplier="-2" offset="0.01"/></joint>
  <joint name="wrist" type="fixed"><parent link="lower"/><child link="hand"/><origin xyz="0 0.1 0.2" rpy="0.1 -0.5 0.7"/></joint>
  <joint name="elbow" type="revolute"><parent link="upper"/><child link="lower"/><origin xyz="0.3 0 0" rpy="0 0.4 0"/><axis xyz="1 2 -0.5"/></joint>
  <joint name="shoulder" type="continuous"><parent link="base"/><child link="upper"/><origin xyz="0 0.05 0.2" rpy="0.2 -0.4 0.9"/><axis xyz="0 0 1"/></joint>
  <joint name="neck" type="revolute"><parent link="base"/><child link="head"/><origin xyz="0 0 1"/><axis xyz="0 1 0"/></joint>
</robot>`);
const ARM = parseUrdf(readFileSync('tests/fixtures/arm-with-shapes.urdf', 'utf8'));
const ARM_JOINTS = ['j1', 'j2', 'j3', 'j4', 'j5', 'j6'];

const angle = fc.double({ min: -4, max: 4, noNaN: true });
const positionOf = (poses: LinkPoses, link: string): number[] => {
  const start = 3 * poses.links.indexOf(link);
  return [...poses.positions.subarray(start, start + 3)];
};
const rotationOf = (poses: LinkPoses, link: string): number[] => {
  const start = 9 * poses.links.indexOf(link);
  return [...poses.rotations.subarray(start, start + 9)];
};
function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found).toHaveLength(expected.length);
  for (let index = 0; index < expected.length; index++)
    expect(at(found, index)).toBeCloseTo(at(expected, index), 11);
}

describe('the poses of all links', () => {
  it.each([
    ['a tree with every kind of joint', TREE, ['elbow', 'close', 'shoulder', 'neck']],
    ['an arm of six joints', ARM, ARM_JOINTS],
  ] as const)('are those of the kinematics of each link: %s', (_, urdf, joints) => {
    const poses = new LinkPoses(urdf, joints);
    const kinematics = urdf.links.map((link) => new ForwardKinematics(urdf, link, joints));
    fc.assert(
      fc.property(fc.array(angle, { minLength: joints.length, maxLength: joints.length }), (q) => {
        poses.update(q);
        for (const [index, link] of urdf.links.entries()) {
          const { position, rotation } = at(kinematics, index).pose(q);
          expectClose(positionOf(poses, link), position);
          expectClose(rotationOf(poses, link), rotation);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('list every link after its parent, the root first', () => {
    const poses = new LinkPoses(TREE, ['elbow']);
    expect(poses.links).toEqual(['base', 'upper', 'head', 'lower', 'hand', 'finger', 'thumb']);
    expect(poses.links.map((_, link) => poses.parentOf(link))).toEqual([-1, 0, 0, 1, 3, 4, 4]);
  });

  it('hold joints that are not named at 0, or where they are put', () => {
    const all = new LinkPoses(TREE, ['elbow', 'close', 'shoulder', 'neck']);
    const some = new LinkPoses(TREE, ['elbow']);
    some.update([0.7]);
    all.update([0.7, 0, 0, 0]);
    expectClose(some.positions, all.positions);
    some.hold('close', 0.03);
    some.hold('shoulder', -1.2);
    some.hold('elbow', 9);
    some.hold('no_such_joint', 9);
    some.update([0.7]);
    all.update([0.7, 0.03, -1.2, 0]);
    expectClose(some.positions, all.positions);
    expectClose(some.rotations, all.rotations);
  });

  it('know which joint moves a link', () => {
    const poses = new LinkPoses(TREE, ['elbow', 'close']);
    const moving = poses.links.map((_, link) => poses.movingJoint(link));
    expect(moving.map((joint) => joint?.position ?? null)).toEqual([null, null, null, 0, null, 1, 1]);
    expect(moving.map((joint) => joint?.slides ?? null)).toEqual([null, null, null, false, null, true, true]);
    expect(moving.map((joint) => joint?.multiplier ?? null)).toEqual([null, null, null, 1, null, 1, -2]);
    expect(moving.map((joint) => joint?.link ?? null)).toEqual([null, null, null, 3, null, 5, 6]);
  });

  it('are not known below a floating or planar joint', () => {
    const urdf =
      parseUrdf(`<robot name="r"><link name="a"/><link name="b"/><link name="c"/><link name="d"/><link name="e"/>
      <joint name="f" type="floating"><parent link="a"/><child link="b"/><origin xyz="1 0 0"/></joint>
      <joint name="g" type="fixed"><parent link="b"/><child link="c"/></joint>
      <joint name="h" type="planar"><parent link="a"/><child link="d"/></joint>
      <joint name="i" type="fixed"><parent link="a"/><child link="e"/></joint></robot>`);
    const poses = new LinkPoses(urdf, []);
    poses.update([]);
    expect(poses.links).toEqual(['a', 'b', 'd', 'e', 'c']);
    expect(poses.links.map((_, link) => poses.isPlaced(link))).toEqual([true, false, false, true, false]);
    expect(positionOf(poses, 'c')).toEqual([1, 0, 0]);
  });

  it('refuse joints that the robot does not have, that are fixed, and another number of positions', () => {
    expect(() => new LinkPoses(TREE, ['elbow', 'knee'])).toThrow(
      "joint 'knee': found joints close, thumb_close, wrist, elbow, shoulder, neck, expected a movable joint of the robot description. Name a joint of this robot. [urdf.unknown-joint]",
    );
    expect(() => new LinkPoses(TREE, ['wrist'])).toThrow("joint 'wrist'");
    expect(() => {
      new LinkPoses(TREE, ['elbow']).update([1, 2]);
    }).toThrow(RangeError);
  });
});

describe('the Jacobian of a link', () => {
  it('is that of its kinematics', () => {
    for (const [urdf, joints, link] of [
      [TREE, ['elbow', 'close', 'shoulder', 'neck'], 'thumb'],
      [ARM, ARM_JOINTS, 'tool0'],
    ] as const) {
      const poses = new LinkPoses(urdf, joints);
      const jacobian = new LinkJacobian(poses, poses.links.indexOf(link), joints.length);
      const reference = new ForwardKinematics(urdf, link, joints);
      const found = new Float64Array(6 * joints.length).fill(7);
      const expected = new Float64Array(6 * joints.length);
      fc.assert(
        fc.property(fc.array(angle, { minLength: joints.length, maxLength: joints.length }), (q) => {
          poses.update(q);
          jacobian.compute(found);
          reference.jacobian(q, expected);
          expectClose(found, expected);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('has a column of zeros for a joint that does not move the link', () => {
    const poses = new LinkPoses(TREE, ['neck', 'elbow']);
    poses.update([0.3, 0.4]);
    const found = new Float64Array(12);
    new LinkJacobian(poses, poses.links.indexOf('hand'), 2).compute(found);
    expect([0, 1, 2, 3, 4, 5].map((row) => found[2 * row])).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Math.hypot(...found)).toBeGreaterThan(1);
    expect(() => {
      new LinkJacobian(poses, 1, 3).compute(found);
    }).toThrow(RangeError);
  });
});

describe('poses spread over the ranges of the joints', () => {
  const ranged = parseUrdf(`<robot name="r"><link name="a"/><link name="b"/><link name="c"/><link name="d"/>
    <joint name="turn" type="revolute"><parent link="a"/><child link="b"/><limit lower="-1" upper="3" velocity="1" effort="1"/></joint>
    <joint name="wheel" type="continuous"><parent link="b"/><child link="c"/><limit lower="1" upper="2" velocity="1" effort="1"/></joint>
    <joint name="slide" type="prismatic"><parent link="c"/><child link="d"/></joint></robot>`);

  it('begin in the middle, stay inside, and leave no large gap', () => {
    const poses = spreadPoses(ranged, ['turn', 'wheel', 'slide'], 64);
    expect(poses).toHaveLength(64);
    expectClose(at(poses, 0), [1, 0, 0]);
    for (const [low, high, joint] of [
      [-1, 3, 0],
      [-Math.PI, Math.PI, 1],
    ] as const) {
      const values = poses.map((pose) => at(pose, joint)).sort((a, b) => a - b);
      const all = [low, ...values, high];
      for (let index = 1; index < all.length; index++) {
        expect(at(all, index)).toBeGreaterThanOrEqual(at(all, index - 1));
        expect(at(all, index) - at(all, index - 1)).toBeLessThan((high - low) / 12);
      }
    }
    expect(new Set(poses.map((pose) => pose[2]))).toEqual(new Set([0]));
  });

  it('cover combinations of two joints', () => {
    const poses = spreadPoses(ranged, ['turn', 'wheel'], 64);
    const cells = new Set(poses.map((pose) => `${at(pose, 0) > 1} ${at(pose, 1) > 0}`));
    expect(cells.size).toBe(4);
  });
});
