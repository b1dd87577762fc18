import { describe, expect, it } from 'vitest';

import { Proprioception } from '../../../../src/robot/proprioception.js';
import { parseUrdf } from '../../../../src/robot/urdf.js';
import type { ModelInfo } from '../../../../src/core/model-info.js';
import { latentGoal, stateGoal } from '../../../../src/ros/goals/goal-from-values.js';
import { planningFacts } from '../../../fixtures/planning-facts.js';
import { thrownBy } from '../../../fixtures/robot.js';

const model: ModelInfo = {
  name: 'test',
  sha256: '',
  device: 'cpu',
  cameras: [],
  joints: ['a', 'b'],
  periodMs: 100,
  block: 1,
  window: 1,
  latent: { tokens: 2, dim: 2 },
  goalKind: 'state',
  proprioception: [{ kind: 'joint_position', joint: 'b' }],
  planning: planningFacts,
};
const urdf = parseUrdf('<robot name="none"><link name="base"/></robot>');
const robot = { proprioception: new Proprioception(model.proprioception, model.joints, urdf) };

type JointState = Parameters<typeof stateGoal>[0];
const stateOf = (name: string[], position: number[]): JointState =>
  ({ header: { stamp: { sec: 0, nanosec: 0 } }, name, position, velocity: [], effort: [] }) as never;

describe('a goal that is a latent', () => {
  it('is taken token by token', () => {
    expect(latentGoal(Float32Array.of(1, 2, 3, 4), model).latent).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it.each([
    [[1, 2, 3], 'planner.wrong-shape'],
    [[1, 2, 3, NaN], 'planner.not-finite'],
  ])('is refused with %j', (numbers, code) => {
    expect(thrownBy(() => latentGoal(Float32Array.from(numbers), model)).code).toBe(code);
  });
});

describe('a goal that is a state', () => {
  it('is the proprioception of the model there, whatever the order of the joints', () => {
    expect(stateGoal(stateOf(['b', 'a'], [0.5, 0.1]), model, robot).proprioception).toEqual(
      Float64Array.of(0.5),
    );
  });

  it('is refused without all joints, and for a model whose goals are images', () => {
    expect(thrownBy(() => stateGoal(stateOf(['b'], [0.5]), model, robot)).code).toBe(
      'joint-states.unknown-joint',
    );
    const ofImages: ModelInfo = { ...model, goalKind: 'image' };
    expect(thrownBy(() => stateGoal(stateOf(['a', 'b'], [0, 0]), ofImages, robot)).code).toBe(
      'model.unsupported',
    );
  });
});
