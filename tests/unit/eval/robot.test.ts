import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { distanceM, sampleEpisode } from '../../../eval/episodes/episode-sampler.js';
import { loadRobot, type DemoRobot } from '../../../eval/episodes/robot.js';
import type { RobotChoice } from '../../../eval/robot-choice.js';
import { robotChoice } from '../../fixtures/robot-choice.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-robot-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The robot of a URDF in this repository, for a model that acts on these joints. */
function robotOf(urdf: string, joints: readonly string[]): Promise<DemoRobot> {
  return loadRobot(robotChoice(urdf), { name: 'test', action: { joints } });
}

/** The robot of these joints, each with its link below it, for a model that acts on `acted`. */
function described(
  joints: readonly string[],
  acted: readonly string[],
  changes: Partial<RobotChoice> = {},
): Promise<DemoRobot> {
  const urdfFile = join(folder, 'robot.urdf');
  const links = joints.map((_, index) => `<link name="link${index + 1}"/>`).join('');
  writeFileSync(urdfFile, `<robot name="described"><link name="link0"/>${links}${joints.join('')}</robot>`);
  return loadRobot(robotChoice(undefined, { urdfFile, ...changes }), {
    name: 'test',
    action: { joints: acted },
  });
}

/** A joint between link `index` and the next, 0.4 m from the one before. */
function joint(index: number, name: string, type: string, more = ''): string {
  return `<joint name="${name}" type="${type}"><parent link="link${index}"/><child link="link${index + 1}"/>
    <origin xyz="0.4 0 0"/><axis xyz="0 0 1"/>${more}</joint>`;
}

const LIMIT = '<limit lower="-1" upper="1" velocity="2" effort="5" acceleration="10"/>';

describe('the robot of a run', () => {
  it('moves the joints of the model in URDF order and holds the others', async () => {
    const robot = await robotOf('examples/three-joint-arm/three_joint_arm.urdf', ['wrist', 'elbow']);
    expect(robot).toMatchObject({ name: 'three_joint_arm', joints: ['elbow', 'wrist'], held: ['shoulder'] });
    // Along x at 0: 0.3 m of the upper arm, which is held, 0.24 m and 0.16 m.
    expect(robot.fingertipOf([0, 0])[0]).toBeCloseTo(0.7, 12);
    expect(robot.fingertipOf([Math.PI / 2, 0])[1]).toBeCloseTo(0.4, 12);
  });

  it('holds a joint at the position nearest to 0 in its range, as the simulators do', async () => {
    const held = joint(0, 'rail', 'prismatic', LIMIT.replace('lower="-1"', 'lower="0.25"'));
    const robot = await described(
      [held, joint(1, 'arm', 'revolute', LIMIT), joint(2, 'hand', 'revolute', LIMIT)],
      ['arm', 'hand'],
    );
    expect(robot.fingertipOf([0, 0])[2]).toBeCloseTo(0.25, 12);
  });

  it('never draws a joint that follows another one', async () => {
    const follower = joint(2, 'finger', 'revolute', `<mimic joint="arm"/>${LIMIT}`);
    const joints = [joint(0, 'arm', 'revolute', LIMIT), joint(1, 'hand', 'fixed'), follower];
    expect(await described(joints, ['arm'])).toMatchObject({ joints: ['arm'], held: [] });
  });

  it('draws a continuous joint from one revolution', async () => {
    const limit = '<limit velocity="2" effort="5" acceleration="10"/>';
    const robot = await described(
      [joint(0, 'turn', 'continuous', limit), joint(1, 'arm', 'revolute', LIMIT), joint(2, 'fixed', 'fixed')],
      ['turn', 'arm'],
    );
    expect(robot.ranges).toEqual([
      [-Math.PI, Math.PI],
      [-1, 1],
    ]);
    const turns = Array.from(
      { length: 50 },
      (_, episode) => sampleEpisode(1, episode, robot).startRad[0] ?? NaN,
    );
    expect(Math.max(...turns)).toBeGreaterThan(2.5);
    expect(Math.max(...turns.map(Math.abs))).toBeLessThanOrEqual(Math.PI);
  });

  it('holds floating joints at their origin', async () => {
    const robot = await described(
      [joint(0, 'base', 'floating'), joint(1, 'arm', 'revolute', LIMIT), joint(2, 'tip', 'fixed')],
      ['arm'],
    );
    expect(robot.fingertipOf([0])[0]).toBeCloseTo(1.2, 12);
  });
});

describe('a robot and a model that do not fit', () => {
  it('are refused with the joints of both', async () => {
    await expect(robotOf('urdf/reacher.urdf', ['shoulder', 'wrist'])).rejects.toMatchObject({
      code: 'urdf.unknown-joint',
      facts: {
        found: 'movable joints shoulder, elbow',
        expected: 'joints shoulder, wrist, on which the model test acts',
        remedy: expect.stringContaining('--urdf') as string,
      },
    });
  });

  it('are refused where the model acts on a joint that follows another one', async () => {
    const follower = joint(1, 'finger', 'revolute', `<mimic joint="arm"/>${LIMIT}`);
    await expect(described([joint(0, 'arm', 'revolute', LIMIT), follower], ['finger'])).rejects.toMatchObject(
      {
        code: 'urdf.mimic-joint',
      },
    );
  });

  it('are refused without acceleration limits, with the option that gives them', async () => {
    const limit = LIMIT.replace(' acceleration="10"', '');
    const joints = [joint(0, 'rail', 'prismatic', limit), joint(1, 'arm', 'revolute', limit)];
    await expect(described(joints, ['rail', 'arm'])).rejects.toMatchObject({
      code: 'urdf.no-limits',
      facts: {
        found: 'no attribute acceleration in <limit> of rail, arm',
        remedy: expect.stringMatching(/--default-acceleration-m .* --default-acceleration /) as string,
      },
    });
    const robot = await described(joints, ['rail', 'arm'], {
      defaultAcceleration: 5,
      defaultAccelerationM: 2,
    });
    expect(robot.limits.map(({ acceleration }) => acceleration)).toEqual([2, 5]);
  });

  it('are refused where the tip does not move with the joints of the model', async () => {
    const turn = joint(0, 'turn', 'revolute', LIMIT);
    await expect(described([turn], ['turn'])).rejects.toMatchObject({
      code: 'urdf.invalid',
      facts: {
        subject: "link 'link1', the tip of the robot",
        remedy: expect.stringContaining('--tip') as string,
      },
    });
    const arm = [turn, joint(1, 'fixed', 'fixed'), joint(2, 'hand', 'fixed')];
    expect((await described(arm, ['turn'])).fingertipOf([0])[0]).toBeCloseTo(1.2, 12);
    expect((await described(arm, ['turn'], { tipLink: 'link2' })).fingertipOf([0])[0]).toBeCloseTo(0.8, 12);
    await expect(described(arm, ['turn'], { tipLink: 'hand' })).rejects.toMatchObject({
      code: 'urdf.invalid',
      facts: { subject: '--tip hand' },
    });
  });

  it('are refused without a URDF', async () => {
    await expect(robotOf('nowhere.urdf', ['arm'])).rejects.toMatchObject({ code: 'urdf.invalid' });
  });
});

describe('starts and goals', () => {
  const length = (metres: number, lower = -3, upper = 3): Promise<DemoRobot> => {
    const tip = `<joint name="tip" type="fixed"><parent link="link1"/><child link="link2"/><origin xyz="${metres} 0 0"/></joint>`;
    const limit = `<limit lower="${lower}" upper="${upper}" velocity="2" effort="5" acceleration="10"/>`;
    return described([joint(0, 'arm', 'revolute', limit), tip], ['arm']);
  };

  it.each([
    [1, 0.2],
    [0.51, 0.2],
    [0.25, 0.1],
    [0.05, 0.02],
  ])('of an arm of %s m are at least %s m apart', async (metres, apart) => {
    const { minTipDistanceM } = await length(metres);
    expect(minTipDistanceM / apart).toBeGreaterThan(0.98);
    expect(minTipDistanceM / apart).toBeLessThanOrEqual(1);
  });

  it('exist for an arm that hardly turns', async () => {
    const robot = await length(1, -0.05, 0.05);
    const { startRad, goalRad } = sampleEpisode(1, 0, robot);
    expect(distanceM(robot.fingertipOf(startRad), robot.fingertipOf(goalRad))).toBeGreaterThan(0.019);
  });

  it('are free of self-collision, with the tip above the floor', async () => {
    const robot = await robotOf('tests/fixtures/arm-with-shapes.urdf', ['j1', 'j2', 'j3', 'j4', 'j5', 'j6']);
    fc.assert(
      fc.property(fc.nat(), fc.nat(100), (seed, episode) => {
        const { startRad, goalRad } = sampleEpisode(seed, episode, robot);
        for (const pose of [startRad, goalRad]) {
          expect(robot.isAllowed(pose)).toBe(true);
          expect(robot.fingertipOf(pose)[2]).toBeGreaterThanOrEqual(-1e-6);
        }
      }),
      { numRuns: 30 },
    );
    // The wrist inside the upper arm, and the tip below the base.
    expect(robot.isAllowed([0, 0, 3, 0, 0, 0])).toBe(false);
    expect(robot.isAllowed([0, 2, 0.6, 0, 0, 0])).toBe(false);
    expect(robot.isAllowed([0, 0, 0, 0, 0, 0])).toBe(true);
  });

  it('are not kept above a floor that a hanging robot does not have', async () => {
    const turned = (index: number, name: string): string =>
      joint(index, name, 'revolute', LIMIT)
        .replace('xyz="0.4 0 0"', 'xyz="0 0 -0.4"')
        .replace('0 0 1', '0 1 0');
    const robot = await described([turned(0, 'a'), turned(1, 'b'), joint(2, 'tip', 'fixed')], ['a', 'b']);
    expect(robot.isAllowed([0, 0])).toBe(true);
    expect(robot.fingertipOf([0, 0])[2]).toBeCloseTo(-0.8, 12);
  });
});
