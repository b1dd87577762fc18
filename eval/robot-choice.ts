import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { DEMO_MODEL, DEMO_URDF } from './demo/package-root.js';

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
});

export type RobotChoice = Readonly<z.infer<typeof robotChoiceSchema>>;

export interface RobotFlags {
  readonly urdf: string;
  readonly model: string;
  readonly defaultAcceleration: number;
  readonly defaultAccelerationM: number;
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
    .option('--default-acceleration-m <m/s²>', 'the same of prismatic joints', accelerationLimit, 0);
}

/** The choice of a command line, with absolute paths: the programs of a run have folders of their own. */
export function robotChoiceOf(flags: RobotFlags): RobotChoice {
  return {
    urdfFile: resolve(flags.urdf),
    modelFolder: resolve(flags.model),
    defaultAcceleration: flags.defaultAcceleration,
    defaultAccelerationM: flags.defaultAccelerationM,
  };
}

/** The options that make this choice, for a program that a run starts. */
export function robotArguments(choice: RobotChoice): string[] {
  return [...['--urdf', choice.urdfFile, '--model', choice.modelFolder], ...accelerationArguments(choice)];
}

/** `--default-acceleration` and `--default-acceleration-m`, which simulators have too; none where they change nothing. */
export function accelerationArguments(choice: RobotChoice): string[] {
  const { defaultAcceleration: rad, defaultAccelerationM: metres } = choice;
  return [
    ...(rad > 0 ? ['--default-acceleration', String(rad)] : []),
    ...(metres > 0 ? ['--default-acceleration-m', String(metres)] : []),
  ];
}

function accelerationLimit(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MAX_ACCELERATION) return value;
  throw new InvalidArgumentError(`Found '${text}', expected a number from 0 to ${MAX_ACCELERATION}.`);
}
