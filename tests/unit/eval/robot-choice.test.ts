import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { SimulatorName } from '../../../eval/demo/simulators.js';
import {
  addRobotOptions,
  robotArguments,
  robotChoiceOf,
  type RobotChoice,
  type RobotFlags,
} from '../../../eval/robot-choice.js';

const SCENE = fileURLToPath(import.meta.url);

function chosen(args: readonly string[], simulator: SimulatorName = 'mujoco'): RobotChoice {
  const command = addRobotOptions(new Command());
  return robotChoiceOf(command.parse(args, { from: 'user' }).opts<RobotFlags>(), simulator);
}

describe('the robot of a command line', () => {
  it.each([
    ['the shipped one', []],
    [
      'another one',
      ['--urdf', 'arm.urdf', '--model', 'models/arm', '--tip', 'hand', '--scene', SCENE, '--object', 'cube'],
    ],
    ['one without accelerations', ['--default-acceleration', '5', '--default-acceleration-m', '0.5']],
  ])('is the same in a program that the run starts: %s', (_, args) => {
    const choice = chosen(args);
    expect(chosen(robotArguments(choice))).toEqual(choice);
  });

  it('has absolute paths', () => {
    const { urdfFile, modelFolder } = chosen(['--urdf', 'arm.urdf', '--model', 'models/arm']);
    expect(urdfFile).toBe(`${process.cwd()}/arm.urdf`);
    expect(modelFolder).toBe(`${process.cwd()}/models/arm`);
  });

  it.each<[string, string, SimulatorName, string]>([
    ['that is not there', '/nowhere.xml', 'mujoco', 'no file /nowhere.xml'],
    ['that is a folder', '/tmp', 'mujoco', 'no file /tmp'],
    ['in a simulator that loads none', SCENE, 'gazebo', '--simulator gazebo: Gazebo Classic loads no scenes'],
  ])('refuses a scene %s', (_, scene, simulator, found) => {
    expect(() => chosen(['--scene', scene], simulator)).toThrow(
      expect.objectContaining({
        code: 'params.invalid',
        facts: expect.objectContaining({ found }) as object,
      }),
    );
  });
});
