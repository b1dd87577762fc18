import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../../src/core/array-access.js';
import { ForwardKinematics } from '../../../../src/robot/forward-kinematics.js';
import { LinkPoses } from '../../../../src/robot/link-poses.js';
import { rotated, rotationFromRpy } from '../../../../src/robot/rotation.js';
import { parseUrdf } from '../../../../src/robot/urdf.js';
import { RobotShapes } from '../../../../src/safety/workspace/robot-shapes.js';
import { DIRECTIONS } from '../../../fixtures/boxes.js';

/** Shapes that are off the axes of their links; the hand has three, the elbow a mesh alone, and the tip nothing. */
const URDF = parseUrdf(`<robot name="r">
  <link name="base"/>
  <link name="upper"><collision><origin xyz="0.1 -0.2 0.3" rpy="0.4 0.5 0.6"/><geometry><box size="0.1 0.5 0.2"/></geometry></collision></link>
  <link name="elbow"><collision><geometry><mesh filename="e.stl"/></geometry></collision></link>
  <link name="hand">
    <collision><origin xyz="0.3 0.1 -0.1" rpy="1 -0.5 0.2"/><geometry><capsule radius="0.07" length="0.4"/></geometry></collision>
    <collision><origin xyz="0.2 0.1 0" rpy="0.3 0.2 0.1"/><geometry><box size="0.3 0.02 0.1"/></geometry></collision>
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
const robot = (): RobotShapes => new RobotShapes(URDF, poses, 'collision');
const angles = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });

/** Where a point of a link is. @param point `[3]`, in the frame of the link, m */
function placed(name: string, q: readonly number[], point: readonly number[]): number[] {
  const pose = new ForwardKinematics(URDF, name, JOINTS).pose(q);
  const turned = rotated(pose.rotation, Float64Array.from(point));
  return [0, 1, 2].map((axis) => at(pose.position, axis) + at(turned, axis));
}

/** Points of the shapes of a link with the distance of the surface beyond them, m: corners, and ends of segments with their radius. */
function extremes(name: string): { point: number[]; radius: number }[] {
  const shapes = URDF.geometry.get(name)?.collision.shapes ?? [];
  if (shapes.length === 0) return [{ point: [0, 0, 0], radius: 0 }];
  return shapes.flatMap(({ shape, xyz, rpy }) => {
    const put = (x: number, y: number, z: number): number[] => {
      const turned = rotated(rotationFromRpy(rpy), Float64Array.of(x, y, z));
      return xyz.map((value, axis) => value + at(turned, axis));
    };
    switch (shape.kind) {
      case 'box': {
        const [x, y, z] = shape.size;
        const signs = [-0.5, 0.5];
        return signs.flatMap((u) =>
          signs.flatMap((v) => signs.map((w) => ({ point: put(u * x, v * y, w * z), radius: 0 }))),
        );
      }
      case 'sphere':
        return [{ point: put(0, 0, 0), radius: shape.radius }];
      default:
        return [-0.5, 0.5].map((end) => ({ point: put(0, 0, end * shape.length), radius: shape.radius }));
    }
  });
}

describe('the shapes of a robot', () => {
  it('are capsules and boxes of each link, one after the other; a link without a shape has its origin', () => {
    const shapes = robot();
    expect(poses.links.map((_, link) => shapes.capsulesOf(link))).toEqual([
      { first: 0, end: 1 },
      { first: 1, end: 1 },
      { first: 1, end: 2 },
      { first: 2, end: 4 },
      { first: 4, end: 5 },
    ]);
    expect(poses.links.map((_, link) => shapes.boxesOf(link))).toEqual([
      { first: 0, end: 0 },
      { first: 0, end: 1 },
      { first: 1, end: 1 },
      { first: 1, end: 2 },
      { first: 2, end: 2 },
    ]);
    expect(poses.links.map((_, link) => shapes.hasShape(link))).toEqual([false, true, false, true, false]);
    expect(poses.links.map((_, link) => shapes.withoutShape(link))).toEqual([
      [],
      [],
      ["mesh 'e.stl'"],
      [],
      [],
    ]);
    expect([...shapes.radii]).toEqual([0, 0, 0.07, 0.05, 0]);
    expect([...shapes.boxes.halves]).toEqual([0.05, 0.25, 0.1, 0.15, 0.01, 0.05]);
  });

  it('move with their links', () => {
    const shapes = robot();
    fc.assert(
      fc.property(angles, (q) => {
        poses.update(q);
        shapes.update();
        const { centres, rotations, halves } = shapes.boxes;
        for (const [index, name] of ['upper', 'hand'].entries()) {
          const corners = extremes(name)
            .filter(({ radius }) => radius === 0)
            .map(({ point }) => placed(name, q, point));
          // The last corner has the upper half of each side.
          const found = [0, 1, 2].map((row) =>
            [0, 1, 2].reduce(
              (sum, edge) => sum + at(rotations, 9 * index + 3 * row + edge) * at(halves, 3 * index + edge),
              at(centres, 3 * index + row),
            ),
          );
          for (const [axis, value] of at(corners, 7).entries())
            expect(at(found, axis)).toBeCloseTo(value, 12);
        }
        const ends = extremes('hand').filter(({ radius }) => radius === 0.07);
        const expected = ends.flatMap(({ point }) => placed('hand', q, point));
        for (const [axis, value] of expected.entries())
          expect(at(shapes.ends, 12 + axis)).toBeCloseTo(value, 12);
      }),
      { numRuns: 30 },
    );
  });

  it('reach as far along a direction as their corners and round ends', () => {
    const shapes = robot();
    const direction = fc.constantFrom(...DIRECTIONS);
    fc.assert(
      fc.property(angles, direction, (q, along) => {
        poses.update(q);
        shapes.update();
        for (const [link, name] of poses.links.entries()) {
          const reached = extremes(name).map(({ point, radius }) => {
            const where = placed(name, q, point);
            return where.reduce((sum, value, axis) => sum + value * at(along, axis), -radius);
          });
          expect(shapes.leastAlong(link, ...along)).toBeCloseTo(Math.min(...reached), 12);
        }
      }),
      { numRuns: 30 },
    );
  });
});
