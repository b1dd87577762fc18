import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForwardKinematics } from '../../../src/robot/forward-kinematics.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { thrownBy } from '../../fixtures/robot.js';

const REACHER = parseUrdf(readFileSync(new URL('../../../urdf/reacher.urdf', import.meta.url), 'utf8'));

/** Every kind of joint, slanted axes, rotated origins. */
const BENT = parseUrdf(`<robot name="bent">
  <link name="base"/><link name="torso"/><link name="upper"/><link name="slider"/><link name="wrist"/><link name="hand"/><link name="tip"/>
  <joint name="mount" type="fixed"><parent link="base"/><child link="torso"/><origin xyz="0.1 -0.2 0.3" rpy="0.2 -0.4 0.9"/></joint>
  <joint name="pan" type="continuous"><parent link="torso"/><child link="upper"/><origin xyz="0 0.05 0.2" rpy="0 0 0.3"/><axis xyz="0 0 1"/></joint>
  <joint name="lift" type="revolute"><parent link="upper"/><child link="slider"/><origin xyz="0.3 0 0.02" rpy="1.1 0.2 -0.7"/><axis xyz="1 2 -0.5"/></joint>
  <joint name="reach" type="prismatic"><parent link="slider"/><child link="wrist"/><origin xyz="0.1 0 0" rpy="0 0.5 0"/><axis xyz="1 0 1"/></joint>
  <joint name="twist" type="revolute"><parent link="wrist"/><child link="hand"/><origin xyz="0.05 0.02 0" rpy="-0.3 0 0"/><axis xyz="0 1 0"/></joint>
  <joint name="nail" type="fixed"><parent link="hand"/><child link="tip"/><origin xyz="0.12 0 -0.03" rpy="0.1 0.2 0.3"/></joint>
</robot>`);
const BENT_JOINTS = ['pan', 'lift', 'reach', 'twist'];

/** Body `tip` of the same URDF in MuJoCo 4.0.0 (mj_kinematics, static bodies not fused): xpos and xmat. */
const MUJOCO = [
  {
    q: [0, 0, 0, 0],
    position: [0.2755544125931534, 0.20490039752582556, 0.6555068634682122],
    rotation: [
      0.1944115432710816, -0.4499813422548623, 0.8716197241145177, 0.9628808875081104, -0.08208350161007572,
      -0.2571433359724132, 0.18725530250048739, 0.8892576063132327, 0.41732045396734363,
    ],
  },
  {
    q: [0.7, -1.1, 0.25, 0.4],
    position: [0.19230873076744887, 0.13808620252019116, 0.9376128810217553],
    rotation: [
      0.1374808727325919, -0.916045408006233, 0.37677555666918994, 0.9784150018191542, 0.0663444307565011,
      -0.19571024685186875, 0.1542825130982396, 0.39554927250380434, 0.9053936597821975,
    ],
  },
  {
    q: [-2.9, 1.8, 0.4, -1.7],
    position: [0.35110502603370297, -0.8875521064288886, -0.020616671350143112],
    rotation: [
      -0.24500730235181734, -0.4467991456921452, -0.8604312553615509, -0.6720239874444447,
      -0.5614259031600577, 0.48289203302620587, -0.6988241424661529, 0.696542517488834, -0.1627062974711284,
    ],
  },
];

function expectNear(found: Float64Array, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 10);
}

describe('ForwardKinematics', () => {
  it('puts the fingertip of the planar arm where the cosines and sines say', () => {
    const kinematics = new ForwardKinematics(REACHER, 'fingertip', ['shoulder', 'elbow']);
    const tip = (shoulder: number, elbow: number): number[] => [
      0.38 * Math.cos(shoulder) + 0.32 * Math.cos(shoulder + elbow),
      0.38 * Math.sin(shoulder) + 0.32 * Math.sin(shoulder + elbow),
      0.095,
    ];
    expectNear(kinematics.position([0, 0]), [0.7, 0, 0.095]);
    expectNear(kinematics.position([Math.PI / 2, -Math.PI / 2]), [0.32, 0.38, 0.095]);
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (q0, q1) => {
          expectNear(kinematics.position([q0, q1]), tip(q0, q1));
        },
      ),
    );
  });

  it.each(MUJOCO)('agrees with MuJoCo on every kind of joint at $q', ({ q, position, rotation }) => {
    const pose = new ForwardKinematics(BENT, 'tip', BENT_JOINTS).pose(q);
    expectNear(pose.position, position);
    expectNear(pose.rotation, rotation);
  });

  it('takes positions in the order of the names, further joints included', () => {
    const kinematics = new ForwardKinematics(REACHER, 'fingertip', ['gripper', 'elbow', 'shoulder']);
    expectNear(kinematics.position([9, -Math.PI / 2, Math.PI / 2]), [0.32, 0.38, 0.095]);
  });

  it('writes into the array it is given, and keeps no state between calls', () => {
    const kinematics = new ForwardKinematics(REACHER, 'fingertip', ['shoulder', 'elbow']);
    const out = new Float64Array(3);
    kinematics.position([1, 1], out);
    expect(kinematics.position([0, 0], out)).toBe(out);
    expectNear(out, [0.7, 0, 0.095]);
  });

  describe('of a gripper whose second finger mimics the first', () => {
    const grip = (mimic: string) =>
      parseUrdf(`<robot name="grip"><link name="palm"/><link name="left"/><link name="right"/><link name="tip"/>
        <joint name="finger" type="prismatic"><parent link="palm"/><child link="left"/><axis xyz="0 1 0"/></joint>
        <joint name="mirror" type="prismatic"><parent link="palm"/><child link="right"/><axis xyz="0 1 0"/>${mimic}</joint>
        <joint name="pad" type="prismatic"><parent link="right"/><child link="tip"/><axis xyz="1 0 0"/>
          <mimic joint="mirror" multiplier="2" offset="0.1"/></joint>
      </robot>`);

    it('has the position of the one that moves it, through joints that mimic mimics', () => {
      const urdf = grip('<mimic joint="finger" multiplier="-1" offset="0.01"/>');
      expectNear(new ForwardKinematics(urdf, 'right', ['finger']).position([0.03]), [0, -0.02, 0]);
      expectNear(new ForwardKinematics(urdf, 'tip', ['finger']).position([0.03]), [0.06, -0.02, 0]);
      const jacobian = new Float64Array(6);
      new ForwardKinematics(urdf, 'tip', ['finger']).jacobian([0.03], jacobian);
      expectNear(jacobian, [-2, -1, 0, 0, 0, 0]);
    });

    it('has a multiplier of 1 and no offset unless they are written', () => {
      const urdf = grip('<mimic joint="finger"/>');
      expectNear(new ForwardKinematics(urdf, 'right', ['finger']).position([0.03]), [0, 0.03, 0]);
    });

    it.each([
      ['a joint that does not exist', 'fingr', /a joint 'fingr'/],
      ['a circle', 'pad', /mimic each other/],
    ])('refuses %s', (_what, joint, message) => {
      const error = thrownBy(
        () => new ForwardKinematics(grip(`<mimic joint="${joint}"/>`), 'tip', ['finger']),
      );
      expect(error.code).toBe('urdf.invalid');
      expect(error.message).toMatch(message);
    });

    it('asks for the position of the joint that moves it', () => {
      const error = thrownBy(() => new ForwardKinematics(grip('<mimic joint="finger"/>'), 'tip', ['mirror']));
      expect(error.code).toBe('urdf.unknown-joint');
      expect(error.message).toContain("joint 'finger', which joint 'mirror'");
    });
  });

  it('refuses an unknown link, a chain joint without a position, and a wrong number of positions', () => {
    expect(thrownBy(() => new ForwardKinematics(REACHER, 'finger', ['shoulder', 'elbow'])).message).toContain(
      'fingertip',
    );
    const error = thrownBy(() => new ForwardKinematics(REACHER, 'fingertip', ['shoulder']));
    expect(error.code).toBe('urdf.unknown-joint');
    expect(error.message).toContain("joint 'elbow'");
    const kinematics = new ForwardKinematics(REACHER, 'fingertip', ['shoulder', 'elbow']);
    expect(thrownBy(() => kinematics.position([0])).code).toBe('joint-states.wrong-size');
  });
});
