import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { JepaMpcError } from '../src/core/errors.js';
import { DEMO_MODEL, DEMO_URDF } from './demo/package-root.js';
import { SIMULATORS, type SimulatorName } from './demo/simulators.js';

/** Range of limits.default_acceleration, of which these options are the default. */
const MAX_ACCELERATION = 1000;

/** The robot of a run and the model that moves it. */
export const robotChoiceSchema = z.strictObject({
  /** Description of the robot. */
  urdfFile: z.string(),
  modelFolder: z.string(),
  /** Acceleration limit of joints that turn, where the description has none [rad/s²]; 0: none, and such a description is refused. */
  defaultAcceleration: z.number().min(0),
  /** The same of prismatic joints [m/s²]. */
  defaultAccelerationM: z.number().min(0),
  /** Link whose position is judged; null: a link `fingertip`, or else the last link of the chain. */
  tipLink: z.string().nullable(),
  /** What stands around the robot, for simulators that can load it; null: nothing. */
  sceneFile: z.string().nullable(),
  /** Free object of the scene that a task moves; null: the first. */
  objectName: z.string().nullable(),
});

export type RobotChoice = Readonly<z.infer<typeof robotChoiceSchema>>;

export interface RobotFlags {
  readonly urdf: string;
  readonly model: string;
  readonly defaultAcceleration: number;
  readonly defaultAccelerationM: number;
  readonly tip?: string;
  readonly scene?: string;
  readonly object?: string;
}

/** Adds the options of {@link RobotFlags}. */
export function addRobotOptions(command: Command): Command {
  return command
    .option('--urdf <file>', 'description of the robot', DEMO_URDF)
    .option('--model <dir>', 'folder of the model; joints that it does not act on are held', DEMO_MODEL)
    .option(
      '--default-acceleration <rad/s²>',
      'acceleration limit of joints that turn, where the description has none; 0: such a description is refused',
      accelerationLimit,
      0,
    )
    .option('--default-acceleration-m <m/s²>', 'the same of prismatic joints', accelerationLimit, 0)
    .option('--tip <link>', 'link that has to reach the goal (default: fingertip, or else the last link)')
    .option('--scene <file>', 'what stands around the robot (MuJoCo)')
    .option('--object <name>', 'object of the scene to push (default: the first that is free)');
}

/**
 * The choice of a command line, with absolute paths: the programs of a run have folders of their own.
 *
 * @throws JepaMpcError `params.invalid` for a scene that is not there, or that the simulator cannot load
 */
export function robotChoiceOf(flags: RobotFlags, simulator: SimulatorName): RobotChoice {
  return {
    urdfFile: resolve(flags.urdf),
    modelFolder: resolve(flags.model),
    defaultAcceleration: flags.defaultAcceleration,
    defaultAccelerationM: flags.defaultAccelerationM,
    tipLink: flags.tip ?? null,
    sceneFile: flags.scene === undefined ? null : sceneFile(flags.scene, simulator),
    objectName: flags.object ?? null,
  };
}

function sceneFile(path: string, simulator: SimulatorName): string {
  const { title, hasScenes } = SIMULATORS[simulator];
  if (!hasScenes) {
    throw new JepaMpcError('params.invalid', {
      subject: `--scene ${path}`,
      found: `--simulator ${simulator}: ${title} loads no scenes`,
      expected: 'a simulator that does',
      remedy: 'Drop one of the two options.',
    });
  }
  const file = resolve(path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return file;
  throw new JepaMpcError('params.invalid', {
    subject: `--scene ${path}`,
    found: `no file ${file}`,
    expected: 'the file of a scene',
    remedy: 'Correct the path, or leave the option out.',
  });
}

/** The options that make this choice, for a program that a run starts. */
export function robotArguments(choice: RobotChoice): string[] {
  const { urdfFile, modelFolder, objectName } = choice;
  return [
    ...['--urdf', urdfFile, '--model', modelFolder],
    ...(objectName === null ? [] : ['--object', objectName]),
    ...simulatorArguments(choice),
  ];
}

/** The options that simulators have too, besides the URDF; none that changes nothing. */
export function simulatorArguments(choice: RobotChoice): string[] {
  const { defaultAcceleration: rad, defaultAccelerationM: metres, tipLink, sceneFile: scene } = choice;
  return [
    ...(rad > 0 ? ['--default-acceleration', String(rad)] : []),
    ...(metres > 0 ? ['--default-acceleration-m', String(metres)] : []),
    ...(tipLink === null ? [] : ['--tip', tipLink]),
    ...(scene === null ? [] : ['--scene', scene]),
  ];
}

function accelerationLimit(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MAX_ACCELERATION) return value;
  throw new InvalidArgumentError(`Found '${text}', expected a number from 0 to ${MAX_ACCELERATION}.`);
}
