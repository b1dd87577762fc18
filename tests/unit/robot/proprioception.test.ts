import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { Proprioception } from '../../../src/robot/proprioception.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { thrownBy } from '../../fixtures/robot.js';

const urdf = parseUrdf(readFileSync('tests/fixtures/six-joint-arm.urdf', 'utf8'));
const joints = ['j1', 'j2', 'j3', 'j4', 'j5', 'j6', 'finger'];
const position = Float64Array.of(Math.PI / 2, 0, 0, 0, 0, 0.25, 0.01);
const velocity = Float64Array.of(1, 2, 3, 4, 5, 6, 7);
const rounded = (values: Float64Array): number[] => [...values].map((value) => Number(value.toFixed(9)) + 0);

describe('proprioception', () => {
  it('is what its fields say, in their order', () => {
    const proprioception = new Proprioception(
      [
        { kind: 'joint_velocity', joint: 'j2' },
        { kind: 'pose', base: 'base_link', link: 'tool' },
        { kind: 'fraction', joint: 'finger', zero: 0.04, one: 0 },
        { kind: 'joint_position', joint: 'j6' },
      ],
      joints,
      urdf,
    );
    expect(proprioception.size).toBe(9);
    // Stretched up to 0.8 m, then 0.48 m out, to the left after a rotation by 90° about z; the last joint rolls.
    expect(rounded(proprioception.read(position, velocity))).toEqual([
      2,
      0,
      0.48,
      0.8,
      0.25,
      0,
      Number((Math.PI / 2).toFixed(9)),
      0.75,
      0.25,
    ]);
  });

  it('has poses in the frame of a link that moves too', () => {
    const fields = [{ kind: 'pose', base: 'link1', link: 'tool' }] as const;
    const proprioception = new Proprioception(fields, joints, urdf);
    expect(rounded(proprioception.read(position, velocity))).toEqual([0.48, 0, 0.6, 0.25, 0, 0]);
  });

  it('is that of a robot at rest at joint positions by name, if all of its joints are among them', () => {
    const fields = [
      { kind: 'joint_velocity', joint: 'j2' },
      { kind: 'joint_position', joint: 'j1' },
    ] as const;
    const proprioception = new Proprioception(fields, ['j1', 'j2'], urdf);
    expect(proprioception.atRest({ j2: 0.5, other: 7, j1: -0.25 })).toEqual(Float64Array.of(0, -0.25));
    expect(proprioception.atRest({ j1: -0.25 })).toBeNull();
    expect(proprioception.atRest({ j1: -0.25, j2: NaN })).toBeNull();
  });

  it('is refused when the robot does not have the link, or a joint of its chain is unknown', () => {
    const pose = (link: string, known: readonly string[]) => () =>
      new Proprioception([{ kind: 'pose', base: 'base_link', link }], known, urdf);
    expect(thrownBy(pose('hand', joints)).code).toBe('urdf.invalid');
    expect(thrownBy(pose('tool', ['j1'])).code).toBe('urdf.unknown-joint');
    const position = () => new Proprioception([{ kind: 'joint_position', joint: 'j9' }], joints, urdf);
    expect(thrownBy(position).code).toBe('urdf.unknown-joint');
  });
});
