import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { FrameSet, ModelInfo } from '../../../../src/core/model-info.js';
import { Goals } from '../../../../src/goals/goals.js';
import { validateParameters } from '../../../../src/params/validate.js';
import { Proprioception } from '../../../../src/robot/proprioception.js';
import { parseUrdf } from '../../../../src/robot/urdf.js';
import { GoalServices } from '../../../../src/ros/goals/goal-services.js';
import { FakeRos, type ServiceAnswer } from '../../../fixtures/fake-ros.js';
import { silentLogger } from '../../../fixtures/plan-message.js';

const urdf = parseUrdf('<robot name="none"><link name="base"/></robot>');
const FIELDS = [
  { kind: 'joint_position', joint: 'elbow' },
  { kind: 'joint_velocity', joint: 'elbow' },
] as const;
const model = { cameras: [{ name: 'image', topic: 'image', wanted: 'colour' }] } as unknown as ModelInfo;
const picture = { stampNs: 5n, width: 2, height: 1, encoding: 'rgb8', step: 6, data: new Uint8Array(6) };
const CAPTURED: FrameSet = { stampNs: 5n, frames: [picture], joints: { elbow: 0.75, shoulder: 1 } };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-goals-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The services around a robot whose joints are these, with what the newest frame is as a goal. */
function services(
  captured: FrameSet,
  joints: readonly string[] | null,
): Record<'save' | 'load', () => Promise<ServiceAnswer>> & { named: () => Promise<FrameSet> } {
  const named = { 'goal.name': 'home', 'goal.folder': folder };
  const ros = new FakeRos(named);
  const values = validateParameters(named);
  const goals = new Goals({
    clock: { nowNs: 0n },
    parameters: () => values,
    log: silentLogger,
    onStatus: () => undefined,
    onGoal: () => undefined,
    condition: () => null,
  });
  const offered = new GoalServices(ros.services, {
    goals,
    parameters: () => values,
    model: () => model,
    robot: () => (joints === null ? null : { proprioception: new Proprioception(FIELDS, joints, urdf) }),
    capturedGoal: () => captured,
    report: (error) => {
      throw error;
    },
  });
  const asked = (service: string): Promise<ServiceAnswer> => {
    const answers = ros.request(service);
    return vi.waitUntil(() => answers[0]);
  };
  return {
    save: () => asked('~/save_goal'),
    load: () => asked('~/load_goal'),
    named: () => offered.named('home'),
  };
}

describe('a saved goal', () => {
  it('has the proprioception of a robot at rest at its joint positions', async () => {
    const { save, named } = services(CAPTURED, ['elbow']);
    expect((await save()).message).toBe('the frame stamped 5 ns is goal home');
    const { joints, proprioception } = await named();
    expect(joints).toEqual(CAPTURED.joints);
    expect(proprioception).toEqual(Float64Array.of(0.75, 0));
  });

  it.each([
    ['before the robot is known', null],
    ['for a robot with a joint that it does not have', ['elbow', 'wrist']],
  ])('is its pictures alone %s', async (_, joints) => {
    const { save, named } = services(CAPTURED, joints);
    await save();
    expect(await named()).not.toHaveProperty('proprioception');
  });

  it.each([
    [['elbow'], /^home is the goal; the robot pursues it once the node is active$/],
    [['elbow', 'wrist'], /^home is the goal; .*; by its pictures alone: joints\.json has no wrist$/],
  ])('names the joints of the robot %s that it has no positions of', async (joints, message) => {
    const { save, load } = services(CAPTURED, joints);
    await save();
    expect((await load()).message).toMatch(message);
  });

  it('says that it has no joint positions where none were fresh', async () => {
    const { save, named } = services({ stampNs: 5n, frames: [picture] }, ['elbow']);
    expect((await save()).message).toMatch(/is goal home, without joint positions/);
    const goal = await named();
    expect(goal).not.toHaveProperty('joints');
    expect(goal).not.toHaveProperty('proprioception');
  });
});
