import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../../src/core/array-access.js';
import { capsuleOf } from '../../../../src/robot/capsules.js';
import { ForwardKinematics } from '../../../../src/robot/forward-kinematics.js';
import { LinkPoses } from '../../../../src/robot/link-poses.js';
import { rotated } from '../../../../src/robot/rotation.js';
import { parseUrdf } from '../../../../src/robot/urdf.js';
import { RobotCapsules } from '../../../../src/safety/workspace/robot-capsules.js';

/** Shapes that are off the axes of their links; the hand has two, the elbow a mesh alone, and the tip nothing. */
const URDF = parseUrdf(`<robot name="r">
  <link name="base"/>
  <link name="upper"><collision><origin xyz="0.1 -0.2 0.3" rpy="0.4 0.5 0.6"/><geometry><box size="0.1 0.5 0.2"/></geometry></collision></link>
  <link name="elbow"><collision><geometry><mesh filename="e.stl"/></geometry></collision></link>
  <link name="hand">
    <collision><origin xyz="0.3 0.1 -0.1" rpy="1 -0.5 0.2"/><geometry><capsule radius="0.07" length="0.4"/></geometry></collision>
    <collision><origin xyz="-0.1 0.2 0.3"/><geometry><sphere radius="0.05"/></geometry></collision>
  </link>
  <link name="tip"/>
  <joint name="a" type="revolute"><parent link="base"/><child link="upper"/><origin xyz="0.1 0.2 0.3" rpy="0.1 0.2 0.3"/><axis xyz="1 2 3"/></joint>
  <joint name="b" type="revolute"><parent link="upper"/><child link="elbow"/><origin xyz="0.3 0 0"/><axis xyz="0 1 0"/></joint>
  <joint name="c" type="revolute"><parent link="elbow"/><child link="hand"/><origin xyz="0 0.2 0.1"/><axis xyz="1 0 -1"/></joint>
  <joint name="d" type="fixed"><parent link="hand"/><child link="tip"/><origin xyz="0 0 0.2"/></joint>
</robot>`);
const JOINTS = ['a', 'b', 'c'];
const poses = new LinkPoses(URDF, JOINTS);
const robot = (): RobotCapsules => new RobotCapsules(URDF, poses, 'collision');

describe('the capsules of a robot', () => {
  it('are those of each link, one after the other; a link without a shape has its origin', () => {
    const capsules = robot();
    expect(poses.links.map((_, link) => capsules.rangeOf(link))).toEqual([
      { first: 0, end: 1 },
      { first: 1, end: 2 },
      { first: 2, end: 3 },
      { first: 3, end: 5 },
      { first: 5, end: 6 },
    ]);
    expect(poses.links.map((_, link) => capsules.hasShape(link))).toEqual([false, true, false, true, false]);
    expect(poses.links.map((_, link) => capsules.withoutShape(link))).toEqual([
      [],
      [],
      ["mesh 'e.stl'"],
      [],
      [],
    ]);
    expect([0, 2, 3, 4, 5].map((capsule) => capsules.radii[capsule])).toEqual([0, 0, 0.07, 0.05, 0]);
  });

  it('move with their links', () => {
    const capsules = robot();
    const angles = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(angles, (q) => {
        poses.update(q);
        capsules.update();
        for (const [link, name] of poses.links.entries()) {
          const pose = new ForwardKinematics(URDF, name, JOINTS).pose(q);
          const shapes = URDF.geometry.get(name)?.collision.shapes.map(capsuleOf) ?? [];
          const points =
            shapes.length > 0
              ? shapes.flatMap(({ from, to }) => [from, to])
              : [
                  [0, 0, 0],
                  [0, 0, 0],
                ];
          const { first } = capsules.rangeOf(link);
          for (const [index, point] of points.entries()) {
            const turned = rotated(pose.rotation, Float64Array.from(point));
            for (let axis = 0; axis < 3; axis++) {
              expect(at(capsules.ends, 6 * first + 3 * index + axis)).toBeCloseTo(
                at(pose.position, axis) + at(turned, axis),
                12,
              );
            }
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});
