import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../../src/core/array-access.js';
import { defaultsOf } from '../../../../src/core/parameter.js';
import type { Shape } from '../../../../src/robot/collision-geometry.js';
import { ForwardKinematics } from '../../../../src/robot/forward-kinematics.js';
import { jointLimits } from '../../../../src/robot/joint-limits.js';
import { rotated, rotationFromRpy } from '../../../../src/robot/rotation.js';
import { parseUrdf, type Urdf } from '../../../../src/robot/urdf.js';
import { MotionCheck } from '../../../../src/safety/motion-check.js';
import { workspaceParameters } from '../../../../src/safety/workspace/workspace-parameters.js';
import { excessesOf } from '../../../fixtures/motion-check.js';

const DEFAULTS = defaultsOf(workspaceParameters);
const TEXT = readFileSync('urdf/ur5e.urdf', 'utf8');
const ARM = ['shoulder_pan_joint', 'shoulder_lift_joint', 'elbow_joint'];
const JOINTS = [...ARM, 'wrist_1_joint', 'wrist_2_joint', 'wrist_3_joint'];
const MOVED = ['upper_arm_link', 'forearm_link', 'wrist_1_link', 'wrist_2_link', 'wrist_3_link', 'pusher'];
/** The tool points down, a hand above the middle of the table. */
const WORKING = [0, -1.3, 1.9, -2.17, -Math.PI / 2, 0];

/** The table of the UR5e is a part of its base; in the other description, it is a link of its own that is fixed to the base. */
const DESCRIPTIONS: readonly (readonly [where: string, tableLink: string, urdf: Urdf])[] = [
  ['a part of the base', 'base_link', parseUrdf(TEXT)],
  ['fixed to the base', 'table', parseUrdf(withTableOfItsOwn(TEXT))],
];

function withTableOfItsOwn(text: string): string {
  const collision = /<collision>\s*<origin xyz="0.35 0 -0.01"\/>[\s\S]*?<\/collision>/.exec(text)?.[0] ?? '';
  const joint =
    '<joint name="base_to_table" type="fixed"><parent link="base_link"/><child link="table"/></joint>';
  return text
    .replace(collision, '')
    .replace('</robot>', `<link name="table">${collision}</link>${joint}</robot>`);
}

const SHAPES = MOVED.flatMap((link) =>
  (parseUrdf(TEXT).geometry.get(link)?.collision.shapes ?? []).map((placed) => ({ link, ...placed })),
);

/** How far a shape reaches in a direction from its middle, m. @param direction unit vector in the frame of the shape */
function reachOf(shape: Shape, [x, y, z]: readonly [number, number, number]): number {
  switch (shape.kind) {
    case 'box':
      return (Math.abs(x) * shape.size[0] + Math.abs(y) * shape.size[1] + Math.abs(z) * shape.size[2]) / 2;
    case 'cylinder':
      return (Math.abs(z) * shape.length) / 2 + shape.radius * Math.hypot(x, y);
    default:
      return shape.radius;
  }
}

/** Heights of the lowest point of each link above the table, m, from the shapes of the description themselves. */
function heights(urdf: Urdf, q: readonly number[]): Map<string, number> {
  const lowest = new Map<string, number>();
  for (const { link, shape, xyz, rpy } of SHAPES) {
    const { position, rotation } = new ForwardKinematics(urdf, link, JOINTS).pose(q);
    const middle = at(position, 2) + at(rotated(rotation, Float64Array.from(xyz)), 2);
    const edges = [0, 1, 2].map((edge) => {
      const axis = Float64Array.of(0, 0, 0).with(edge, 1);
      return at(rotated(rotation, rotated(rotationFromRpy(rpy), axis)), 2);
    });
    const reach = reachOf(shape, [at(edges, 0), at(edges, 1), at(edges, 2)]);
    lowest.set(link, Math.min(lowest.get(link) ?? Infinity, middle - reach));
  }
  return lowest;
}

/** Thickness of the table. A link may also be below it as a whole: then one above it is in the table. */
const TABLE_M = 0.02;
const CLEARANCE_M = 0.01;
/** How much further than a cylinder its capsule reaches, at most, for the cylinders of this arm. */
const CAPSULE_M = 0.05;

describe.each(DESCRIPTIONS)('a UR5e on a table that is %s, without an SRDF', (_, tableLink, urdf) => {
  const check = new MotionCheck(urdf, JOINTS, DEFAULTS, null);
  const limits = jointLimits(urdf, JOINTS);
  const poses = fc.tuple(
    ...limits.map(({ lower, upper }) => fc.double({ min: lower, max: upper, noNaN: true })),
  );
  /** Links that are too near to the table, by the check. */
  const refused = (q: readonly number[]): string[] =>
    excessesOf(check, q).flatMap((excess, rule) => {
      const [first, second] = at(check.rules, rule).subject.replaceAll("'", '').split(' and ');
      return excess > 0 && (first === tableLink || second === tableLink)
        ? [first === tableLink ? (second ?? '') : (first ?? '')]
        : [];
    });

  it('keeps from the table what the shoulder carries, and leaves out the base and the shoulder', () => {
    const pairs = check.rules
      .map(({ subject }) => subject)
      .filter((subject) => subject.includes(`'${tableLink}'`));
    expect(pairs).toHaveLength(MOVED.length);
    for (const link of MOVED) expect(pairs.some((pair) => pair.includes(`'${link}'`))).toBe(true);
    expect(check.notes).toEqual([]);
  });

  it('is not stopped by the table in any pose above it', () => {
    let above = 0;
    fc.assert(
      fc.property(poses, (q) => {
        if (Math.min(...heights(urdf, q).values()) < CLEARANCE_M + CAPSULE_M) return;
        above++;
        expect(refused(q)).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(above).toBeGreaterThan(100);
    expect(Math.max(...excessesOf(check, WORKING))).toBeLessThan(0);
  });

  it('is stopped before a wrist or the tool touches the table', () => {
    let near = 0;
    fc.assert(
      fc.property(poses, (q) => {
        const lowest = heights(urdf, q);
        // Nothing of the arm is beyond the edges of the table: they are 0.9 m to both sides, 1.1 m in front.
        if (Math.abs(at(q, 0)) > 0.7) return;
        for (const [link, height] of lowest) {
          if (height > CLEARANCE_M || height < -TABLE_M) continue;
          near++;
          expect(refused(q)).toContain(link);
        }
        if (Math.min(...lowest.values()) < CLEARANCE_M) expect(refused(q)).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(near).toBeGreaterThan(20);
  });
});
