import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../src/core/array-access.js';
import { ForwardKinematics } from '../../../src/robot/forward-kinematics.js';
import { MotionCheck } from '../../../src/safety/motion-check.js';
import { box, minus, nearestIn, type Point } from '../../fixtures/boxes.js';
import { thrownBy } from '../../fixtures/robot.js';
import {
  DEFAULTS,
  ARM,
  ARM_JOINTS,
  OFF,
  armCheck,
  reacherCheck,
  excessesOf,
} from '../../fixtures/motion-check.js';

/** The arm in the plane y = 0: angles of the three joints about y, the hand straight. */
const bent = (shoulder: number, elbow: number, wrist = 0): number[] => [0, shoulder, elbow, wrist, 0, 0];

describe('the motion check of the demo arm', () => {
  it('has no rule by default, because the arm has no collision element', () => {
    const check = reacherCheck({});
    expect(check.rules).toEqual([]);
    expect(check.notes).toEqual([]);
    expect(excessesOf(check, [1, 1])).toEqual([]);
    expect(check.speedFactor([0, 0], [9, 9])).toBe(1);
  });

  it('keeps its fingertip inside a half-space, as a point', () => {
    const check = reacherCheck({
      'workspace.half_spaces': 'fingertip: x <= 0.6; fingertip: 3 x + 4 y >= -1',
    });
    expect(check.rules).toEqual([
      { kind: 'half-space', subject: 'fingertip', limit: 0.6, unit: 'm' },
      { kind: 'half-space', subject: 'fingertip', limit: -1, unit: 'm' },
    ]);
    expect(check.notes).toEqual(["link 'fingertip' has no shape: it counts as its origin"]);
    // Links of 0.38 m and 0.32 m.
    const [x = NaN, slanted = NaN] = excessesOf(check, [0, 0]);
    expect(x).toBeCloseTo(0.1, 12);
    expect(slanted).toBeCloseTo(-(3 * 0.7 + 1) / 5, 12);
    expect(check.describe(0, x)).toBe("link 'fingertip' reaches x = 0.7, limit x <= 0.6");
    const [, behind = NaN] = excessesOf(check, [-Math.PI / 2, 0]);
    expect(behind).toBeCloseTo((4 * 0.7 - 1) / 5, 12);
    expect(check.describe(1, behind)).toBe(
      "link 'fingertip' reaches 3 x + 4 y = -2.8, limit 3 x + 4 y >= -1",
    );
  });

  it('counts its visuals where that is asked for', () => {
    const check = reacherCheck({
      'workspace.half_spaces': 'fingertip: x <= 0.6',
      'workspace.geometry': 'collision_or_visual',
      ...OFF,
    });
    // The tip is a cylinder of radius 0.05 m and length 0.05 m: its capsule reaches at least that far.
    const [x = NaN] = excessesOf(check, [0, 0]);
    expect(x).toBeGreaterThanOrEqual(0.15);
    expect(x).toBeLessThan(0.16);
    expect(check.notes).toEqual([]);
  });
});

describe('a box', () => {
  const boxed = (): MotionCheck =>
    armCheck({ 'workspace.boxes': 'tool0: [-0.5, 0.6] x [-0.4, 0.3] x [0.1, 0.8]', ...OFF });

  it('is a rule for each face, so a robot that is outside of one cannot leave through another', () => {
    const check = boxed();
    expect(check.rules.map(({ kind, subject, limit, unit }) => [kind, subject, limit, unit])).toEqual([
      ['box', 'tool0', -0.5, 'm'],
      ['box', 'tool0', 0.6, 'm'],
      ['box', 'tool0', -0.4, 'm'],
      ['box', 'tool0', 0.3, 'm'],
      ['box', 'tool0', 0.1, 'm'],
      ['box', 'tool0', 0.8, 'm'],
    ]);
  });

  it('measures the distance to each face', () => {
    const check = boxed();
    // Upright: the tool is at a height of 0.2 + 0.4 + 0.4 + 0.1 + 0.08 + 0.1 m.
    const found = excessesOf(check, bent(0, 0));
    for (const [index, expected] of [-0.5, -0.6, -0.4, -0.3, -1.18, 0.48].entries())
      expect(at(found, index)).toBeCloseTo(expected, 12);
    expect(check.describe(5, at(found, 5))).toBe("link 'tool0' reaches z = 1.28, limit z <= 0.8");
    expect(check.describe(0, -0.5)).toBe("link 'tool0' reaches x = 0, limit x >= -0.5");
  });
});

describe('a floor', () => {
  const floor = { 'workspace.floor': true, 'workspace.floor_z': -0.05, ...OFF };

  it('counts for every link that moves, with the clearance', () => {
    const check = armCheck(floor);
    expect(check.rules.map(({ kind, subject }) => [kind, subject])).toEqual(
      ['shoulder', 'upper_arm', 'forearm', 'wrist_1', 'wrist_2', 'wrist_3', 'tool0'].map((link) => [
        'floor',
        link,
      ]),
    );
    expect(at(check.rules, 0).limit).toBeCloseTo(-0.04, 15);
    expect(at(check.rules, 0).unit).toBe('m');
    expect(check.notes).toEqual(["link 'tool0' has no shape: it counts as its origin"]);
  });

  it('measures how far a link reaches below it', () => {
    const check = armCheck({ ...floor, 'workspace.clearance_m': 0.02 });
    // The upper arm is level, the forearm hangs down: from 0.2 m to -0.2 m, its capsule ends at -0.15 - 0.04 m.
    const found = excessesOf(check, bent(Math.PI / 2, Math.PI / 2));
    const forearm = at(found, 2);
    expect(forearm).toBeCloseTo(-0.03 + 0.19, 12);
    expect(check.describe(2, forearm)).toBe(
      "link 'forearm' reaches z = -0.19 m, limit -0.03 m (the floor and the clearance)",
    );
    // The tool is a point, 0.28 m further down.
    expect(at(found, 6)).toBeCloseTo(-0.03 + 0.48, 12);
    expect(at(found, 0)).toBeLessThan(0);
  });

  it('leaves out what is ignored', () => {
    const check = armCheck({ ...floor, 'workspace.floor_ignore': ' shoulder, tool0' });
    expect(check.rules.map(({ subject }) => subject)).toEqual([
      'upper_arm',
      'forearm',
      'wrist_1',
      'wrist_2',
      'wrist_3',
    ]);
    expect(thrownBy(() => armCheck({ 'workspace.floor_ignore': 'bse' })).message).toContain(
      "parameter workspace.floor_ignore: found link 'bse', which the robot description does not have",
    );
  });

  it('is off by default', () => {
    expect(armCheck({ 'workspace.floor_z': 5, ...OFF }).rules).toEqual([]);
  });
});

describe('links that stay apart', () => {
  it('are checked by default where there is collision geometry', () => {
    const check = armCheck({});
    expect(check.rules).toHaveLength(15);
    expect(at(check.rules, 1)).toEqual({
      kind: 'self-collision',
      subject: "'base' and 'forearm'",
      limit: 0.01,
      unit: 'm',
    });
    expect(check.notes).toEqual([]);
    expect(Math.max(...excessesOf(check, bent(0, 0)))).toBeLessThan(0);
  });

  it('are not checked where they are closer than the clearance in every pose, which is noted', () => {
    // Upright, the upper arm is 0.056 m above the capsule around the base, which is where it is furthest.
    const check = armCheck({ 'workspace.clearance_m': 0.06 });
    expect(check.rules.map(({ subject }) => subject)).not.toContain("'base' and 'upper_arm'");
    expect(check.notes).toContain(
      "links 'base' and 'upper_arm' touch in every pose, so this pair is not checked",
    );
  });

  it('break their rule where they are closer than the clearance', () => {
    const check = armCheck({ 'workspace.clearance_m': 0.05 });
    const rule = check.rules.findIndex(({ subject }) => subject === "'base' and 'forearm'");
    // The upper arm is level, the forearm folded back along it and bent down to the base.
    const found = at(excessesOf(check, bent(Math.PI / 2, 2.8)), rule);
    expect(found).toBeGreaterThan(0);
    expect(check.describe(rule, 0.02)).toBe(
      "links 'base' and 'forearm' are 0.03 m apart, limit 0.05 m; if they may touch, name the pair in the SRDF of workspace.srdf",
    );
    expect(check.describe(rule, 0.06)).toContain(
      "links 'base' and 'forearm' overlap by 0.01 m, limit 0.05 m;",
    );
    expect(check.describe(rule, 0.05)).toContain('are 0 m apart');
  });

  it('are as far apart as a ball and the nearest point of a box', () => {
    const check = armCheck({});
    const rule = check.rules.findIndex(({ subject }) => subject === "'upper_arm' and 'wrist_2'");
    const upper = new ForwardKinematics(ARM, 'upper_arm', ARM_JOINTS);
    const wrist = new ForwardKinematics(ARM, 'wrist_2', ARM_JOINTS);
    const angle = fc.double({ min: -2, max: 2, noNaN: true });
    const arm = box([0.08, 0.06, 0.4], [0, 0, 0.2]);
    fc.assert(
      fc.property(fc.array(angle, { minLength: 6, maxLength: 6 }), (q) => {
        const { position, rotation } = upper.pose(q);
        const hand = wrist.pose(q);
        const apart = [0, 1, 2].map(
          (row) => at(hand.position, row) + 0.04 * at(hand.rotation, 3 * row + 2) - at(position, row),
        );
        const inArm = (column: number): number =>
          apart.reduce((sum, value, row) => sum + value * at(rotation, 3 * row + column), 0);
        const centre: Point = [inArm(0), inArm(1), inArm(2)];
        const nearest = Math.hypot(...minus(centre, nearestIn(arm, centre)));
        fc.pre(nearest > 0);
        expect(0.01 - at(excessesOf(check, q), rule)).toBeCloseTo(nearest - 0.04, 9);
      }),
      { numRuns: 50 },
    );
  });

  it('are those of the SRDF', () => {
    const srdf = `<robot name="arm_with_shapes"><disable_default_collisions link="base"/><disable_collisions link1="forearm" link2="shoulder"/></robot>`;
    const subjects = armCheck({}, srdf).rules.map(({ subject }) => subject);
    expect(subjects.some((subject) => subject.includes('base'))).toBe(false);
    expect(subjects).not.toContain("'shoulder' and 'forearm'");
    expect(subjects).toContain("'shoulder' and 'wrist_1'");
  });

  it('are not checked when switched off, but a wrong SRDF is refused even then', () => {
    expect(armCheck(OFF).rules).toEqual([]);
    expect(armCheck(OFF).notes).toEqual([]);
    expect(thrownBy(() => armCheck(OFF, '<robot name="other"/>')).code).toBe('srdf.invalid');
  });
});

describe('every state', () => {
  const everyRule = (): MotionCheck =>
    armCheck({
      'workspace.half_spaces': 'forearm: x <= 0.6',
      'workspace.floor': true,
      'workspace.max_tcp_speed': 1,
      'workspace.condition_axes': 'x y z',
    });

  it('has an excess for each rule, in the order of the rules', () => {
    const all = everyRule();
    expect(all.rules.map(({ kind }) => kind)).toEqual([
      'half-space',
      ...Array<string>(7).fill('floor'),
      ...Array<string>(15).fill('self-collision'),
      'tcp-speed',
      'singularity',
    ]);
    const out = new Float64Array(27).fill(7);
    all.excesses(bent(0.5, 1, 0.5), [0, 0, 0, 0, 0, 0], out);
    expect([...out.subarray(0, 25)].every((excess) => excess < 0)).toBe(true);
    expect([...out.subarray(25)]).toEqual([7, 7]);
  });

  it('that is not finite keeps no rule', () => {
    const all = everyRule();
    for (const wrong of [NaN, Infinity, -Infinity]) {
      for (let joint = 0; joint < 6; joint++) {
        const state = bent(0.5, 1, 0.5);
        const broken = state.with(joint, wrong);
        const zeros = state.map(() => 0);
        expect(excessesOf(all, broken, zeros)).toEqual(Array<number>(25).fill(NaN));
        expect(excessesOf(all, state, zeros.with(joint, wrong))).toEqual(Array<number>(25).fill(NaN));
      }
    }
    const out = new Float64Array(26).fill(7);
    all.excesses([NaN, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], out);
    expect(out[25]).toBe(7);
  });

  it('has the size of the joints', () => {
    const all = everyRule();
    const out = new Float64Array(25);
    const six = [0, 0, 0, 0, 0, 0];
    expect(() => {
      all.excesses([0], six, out);
    }).toThrow(RangeError);
    expect(() => {
      all.excesses(six, [0], out);
    }).toThrow(/joint velocities: found 1 entries, expected 6/);
    expect(() => {
      all.excesses(six, six, new Float64Array(24));
    }).toThrow(/excesses: found 24 entries, expected at least 25/);
    expect(() => all.speedFactor(six, [0])).toThrow(/joint velocities/);
  });

  it('does not depend on the one before', () => {
    const all = everyRule();
    const angles = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(angles, angles, (first, second) => {
        const found = excessesOf(all, first, second);
        excessesOf(all, second, first);
        all.speedFactor(second, first);
        expect(excessesOf(all, first, second)).toEqual(found);
      }),
      { numRuns: 20 },
    );
  });
});

describe('joints that the model does not move', () => {
  it('are held at 0, or where they are measured', () => {
    const check = new MotionCheck(
      ARM,
      ARM_JOINTS.slice(1),
      { ...DEFAULTS, 'workspace.half_spaces': 'tool0: y <= 0.1', ...OFF },
      null,
    );
    const level = bent(Math.PI / 2, 0).slice(1);
    expect(at(excessesOf(check, level), 0)).toBeCloseTo(-0.1, 12);
    check.hold('j1', Math.PI / 2);
    expect(at(excessesOf(check, level), 0)).toBeCloseTo(0.4 + 0.4 + 0.28 - 0.1, 12);
    check.hold('no_such_joint', 1);
  });
});
