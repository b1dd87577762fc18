import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ModelInfo } from '../../../src/core/model-info.js';
import type { JointReading } from '../../../src/core/types.js';
import { chainTo, ForwardKinematics } from '../../../src/robot/forward-kinematics.js';
import { jointLimits } from '../../../src/robot/joint-limits.js';
import { jointOrder } from '../../../src/robot/joint-order.js';
import { joinedByNameAlone, JointStateReader } from '../../../src/timeline/joint-state-reader.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { latentGoal, stateGoal } from '../../../src/ros/goals/goal-from-values.js';
import { answersOrNames, isFiniteThroughout, mutationsOf } from '../../fixtures/fuzzing.js';

const REACHER = readFileSync('urdf/reacher.urdf', 'utf8');
const ARM = readFileSync('tests/fixtures/six-joint-arm.urdf', 'utf8');
const URDF_CODES = [
  'urdf.invalid',
  'urdf.no-limits',
  'urdf.unknown-joint',
  'urdf.mimic-joint',
  'params.invalid',
  'model.unsupported',
] as const;
const XML_POISON = [
  '<mimic joint="elbow"/>',
  '<limit/>',
  '<link name="base"/>',
  'type="prismatic"',
  'xacro:x',
  '<?x?>',
];

describe('a robot description changed anywhere', () => {
  it.each([
    ['the reacher', REACHER],
    ['an arm of six joints', ARM],
  ])('gives finite limits and poses, or is refused by name: %s', (_, valid) => {
    fc.assert(
      fc.property(mutationsOf(valid, XML_POISON), (text) => {
        const urdf = answersOrNames(() => parseUrdf(text), URDF_CODES);
        if (urdf === undefined) return;
        expect(isFiniteThroughout(urdf)).toBe(true);
        for (const { name } of urdf.joints) {
          const limits = answersOrNames(
            () => jointLimits(urdf, [name], { positionMargin: 0.02, acceleration: 10, needsEffort: true }),
            URDF_CODES,
          );
          for (const limit of limits ?? []) {
            expect(limit.lower < limit.upper).toBe(true);
            for (const size of [limit.velocity, limit.acceleration, limit.effort]) {
              expect(size).toBeGreaterThan(0);
              expect(size).toBeLessThan(Infinity);
            }
          }
        }
        const tip = urdf.links.at(-1);
        if (tip === undefined) return;
        const joints = answersOrNames(
          () => chainTo(urdf, tip).filter(({ type, mimic }) => type !== 'fixed' && mimic === null),
          URDF_CODES,
        )?.map(({ name }) => name);
        if (joints === undefined) return;
        const kinematics = answersOrNames(() => new ForwardKinematics(urdf, tip, joints), URDF_CODES);
        const pose = kinematics?.pose(new Float64Array(joints.length).fill(0.3));
        if (pose !== undefined) expect(isFiniteThroughout(pose)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

const JOINTS = ['shoulder', 'elbow'];
const number = fc.oneof(
  { weight: 6, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0, 1e308) },
);
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...JOINTS) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '__proto__', 'constructor', 'length', 'Elbow', 'elbow ', '\0'),
  },
  { weight: 1, arbitrary: fc.string() },
);
const jointState = fc.record({
  name: fc.array(name, { maxLength: 5 }),
  position: fc.array(number, { maxLength: 5 }),
  velocity: fc.array(number, { maxLength: 5 }),
});
const JOINT_CODES = [
  'joint-states.unknown-joint',
  'joint-states.not-finite',
  'joint-states.wrong-size',
  'joint-states.no-velocity',
] as const;

describe('any sequence of joint states', () => {
  it('gives finite readings with increasing stamps, or refusals by name', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(jointState, fc.bigInt(-3n, 20n)), { maxLength: 40 }), (messages) => {
        const reader = new JointStateReader(joinedByNameAlone(JOINTS));
        let last: JointReading | null = null;
        for (const [message, stampNs] of messages) {
          const reading = answersOrNames(() => reader.read(message, stampNs), JOINT_CODES);
          expect([undefined, 'joint-states.unknown-joint']).toContain(
            reader.overdue(stampNs * 1_000_000_000n)?.code,
          );
          if (reading === undefined || reading === null) continue;
          expect(reading.position).toHaveLength(JOINTS.length);
          expect(reading.position.every(Number.isFinite)).toBe(true);
          // NaN stands for a velocity that is not measured, by contract; infinities stand for nothing.
          expect(reading.velocity.every((value) => Math.abs(value) !== Infinity)).toBe(true);
          if (last !== null) expect(reading.stampNs > last.stampNs).toBe(true);
          last = reading;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('any list of joints of a controller', () => {
  it('is an order of all joints of the model, or is refused by name', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), (names) => {
        const order = answersOrNames(() => jointOrder('command.joints', names, JOINTS), ['params.invalid']);
        if (order !== undefined) expect(order.toSorted()).toEqual([0, 1]);
      }),
    );
  });
});

describe('any numbers for a goal', () => {
  const model = { latent: { tokens: 2, dim: 3 }, goalKind: 'state', joints: JOINTS } as unknown as ModelInfo;

  it('are a finite latent, or are refused by name', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 8 }), (latent) => {
        const goal = answersOrNames(
          () => latentGoal(latent, model),
          ['planner.wrong-shape', 'planner.not-finite'],
        );
        if (goal !== undefined) expect(goal.latent?.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('are a finite state, or are refused by name', () => {
    const proprioception = { read: (position: Float64Array) => position.slice() } as never;
    const stamp = { sec: 1, nanosec: 0 };
    fc.assert(
      fc.property(jointState, (state) => {
        const message = { header: { stamp, frame_id: '' }, effort: [], ...state } as never;
        const goal = answersOrNames(() => stateGoal(message, model, { proprioception }), JOINT_CODES);
        if (goal !== undefined) expect(goal.proprioception?.every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
