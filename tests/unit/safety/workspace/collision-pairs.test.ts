import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at } from '../../../../src/core/array-access.js';
import { LinkPoses } from '../../../../src/robot/link-poses.js';
import { parseSrdf } from '../../../../src/robot/srdf.js';
import { parseUrdf } from '../../../../src/robot/urdf.js';
import { collisionPairs, type IndexPair } from '../../../../src/safety/workspace/collision-pairs.js';
import { RobotShapes } from '../../../../src/safety/workspace/robot-shapes.js';

const ARM = readFileSync('tests/fixtures/arm-with-shapes.urdf', 'utf8');
const ARM_JOINTS = ['j1', 'j2', 'j3', 'j4', 'j5', 'j6'];

interface Found {
  readonly checked: string[];
  readonly alwaysTouching: string[];
}

function pairsOf(
  text: string,
  joints: readonly string[],
  srdfContent: string | null = null,
  clearance = 0.01,
): Found {
  const urdf = parseUrdf(text);
  const poses = new LinkPoses(urdf, joints);
  const shapes = new RobotShapes(urdf, poses, 'collision');
  const srdf =
    srdfContent === null ? null : parseSrdf(`<robot name="${urdf.name}">${srdfContent}</robot>`, urdf);
  const named = (pairs: readonly IndexPair[]): string[] =>
    pairs.map(([first, second]) => `${at(poses.links, first)} ${at(poses.links, second)}`);
  const { checked, alwaysTouching } = collisionPairs(urdf, joints, poses, shapes, srdf, clearance);
  return { checked: named(checked), alwaysTouching: named(alwaysTouching) };
}

const BALL = '<collision><geometry><sphere radius="0.05"/></geometry></collision>';
const MESH = '<collision><geometry><mesh filename="a.stl"/></geometry></collision>';
/** A chain of links, each 0.3 m from the one before. The content of each link and the type of each joint are given. */
function chain(contents: readonly string[], types: readonly string[], distance = 0.3): string {
  const links = contents.map((content, index) => `<link name="l${String(index)}">${content}</link>`);
  const joints = types.map(
    (
      type,
      index,
    ) => `<joint name="j${String(index)}" type="${type}"><parent link="l${String(index)}"/><child link="l${String(index + 1)}"/>
      <origin xyz="${String(distance)} 0 0"/><axis xyz="0 0 1"/><limit lower="-3" upper="3" velocity="1" effort="1"/></joint>`,
  );
  return `<robot name="chain">${links.join('')}${joints.join('')}</robot>`;
}

describe('pairs of links that stay apart', () => {
  it('are all but neighbours and those that touch in every pose', () => {
    const { checked, alwaysTouching } = pairsOf(ARM, ARM_JOINTS);
    expect(checked).toEqual([
      ...['base upper_arm', 'base forearm', 'base wrist_1', 'base wrist_2', 'base wrist_3'],
      ...['shoulder forearm', 'shoulder wrist_1', 'shoulder wrist_2', 'shoulder wrist_3'],
      ...['upper_arm wrist_1', 'upper_arm wrist_2', 'upper_arm wrist_3'],
      ...['forearm wrist_2', 'forearm wrist_3', 'wrist_1 wrist_3'],
    ]);
    expect(alwaysTouching).toEqual([]);
    expect(pairsOf(ARM, ARM_JOINTS, null, 0.06).alwaysTouching).toContain('base upper_arm');
  });

  it('do not include neighbours through fixed joints', () => {
    expect(
      pairsOf(chain([BALL, BALL, BALL, BALL], ['revolute', 'revolute', 'revolute']), ['j0', 'j1', 'j2'])
        .checked,
    ).toEqual(['l0 l2', 'l0 l3', 'l1 l3']);
    expect(
      pairsOf(chain([BALL, BALL, BALL, BALL], ['revolute', 'fixed', 'revolute']), ['j0', 'j2']).checked,
    ).toEqual(['l0 l3']);
  });

  it('do not include neighbours through links without geometry; a link with a mesh has one', () => {
    const types = ['revolute', 'revolute', 'revolute'];
    const joints = ['j0', 'j1', 'j2'];
    expect(pairsOf(chain([BALL, '', BALL, BALL], types), joints).checked).toEqual(['l0 l3']);
    expect(pairsOf(chain([BALL, '', '', BALL], types), joints).checked).toEqual([]);
    expect(pairsOf(chain([BALL, MESH, BALL, BALL], types), joints).checked).toEqual(['l0 l2', 'l0 l3']);
  });

  it('do not include links that no joint of the model moves against each other', () => {
    const text = chain([BALL, BALL, BALL, BALL], ['revolute', 'revolute', 'revolute']);
    expect(pairsOf(text, ['j0']).checked).toEqual(['l0 l2', 'l0 l3']);
    expect(pairsOf(text, ['j1']).checked).toEqual(['l0 l2', 'l0 l3', 'l1 l3']);
    expect(pairsOf(text, []).checked).toEqual([]);
  });

  it('do not include links below a floating joint', () => {
    expect(
      pairsOf(chain([BALL, BALL, BALL, BALL], ['revolute', 'revolute', 'floating']), ['j0', 'j1']).checked,
    ).toEqual(['l0 l2']);
  });

  it('are those that an SRDF does not disable, neighbours too', () => {
    const text = chain([BALL, BALL, BALL], ['revolute', 'revolute']);
    expect(pairsOf(text, ['j0', 'j1'], '<disable_collisions link1="l2" link2="l0"/>').checked).toEqual([
      'l0 l1',
      'l1 l2',
    ]);
    expect(pairsOf(text, ['j0', 'j1'], '').checked).toEqual(['l0 l1', 'l0 l2', 'l1 l2']);
    const fixed = chain([BALL, BALL, BALL], ['revolute', 'fixed']);
    expect(pairsOf(fixed, ['j0'], '').checked).toEqual(['l0 l1', 'l0 l2']);
  });

  it('are left out for touching only where they are closer than the clearance in every pose', () => {
    const near = (clearance: number): Found =>
      pairsOf(chain([BALL, BALL, BALL], ['revolute', 'fixed'], 0.3), ['j0'], '', clearance);
    // The balls of l0 and l1 are 0.2 m apart in every pose.
    expect(near(0.199)).toEqual({ checked: ['l0 l1', 'l0 l2'], alwaysTouching: [] });
    expect(near(0.201)).toEqual({ checked: ['l0 l2'], alwaysTouching: ['l0 l1'] });
  });

  it('stay where they touch in some poses, be it in the middle of the ranges', () => {
    const folding = chain([BALL, '', BALL], ['revolute', 'fixed']);
    const foldedInTheMiddle = folding.replace(
      'lower="-3" upper="3"',
      `lower="0.2" upper="${String(2 * Math.PI - 0.2)}"`,
    );
    for (const text of [folding, foldedInTheMiddle])
      expect(pairsOf(text, ['j0'], '', 0.01)).toEqual({ checked: ['l0 l2'], alwaysTouching: [] });
  });
});
