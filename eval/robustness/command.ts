import { Command, Option } from 'commander';
import { wholeNumber } from '../option-values.js';
import { SIMULATOR_NAMES, type SimulatorName } from '../demo/simulators.js';
import { addRobotOptions, robotChoiceOf, type RobotFlags } from '../robot-choice.js';
import { taskOption, type TaskFlag } from '../task-option.js';
import { runRobustness } from './run-robustness.js';

interface Flags extends RobotFlags, TaskFlag {
  readonly simulator: SimulatorName;
  readonly label?: string;
  readonly episodes: number;
  readonly seed: number;
  readonly json?: string;
  readonly plot?: string;
  readonly compare: readonly string[];
}

/** The `robustness` command: success of a model with one imperfection at a time. */
export function robustnessCommand(): Command {
  const command = new Command('robustness')
    .description('Measure the success of a model with one imperfection of robot or camera at a time.')
    .addOption(
      new Option('--simulator <name>', 'what simulates the robot').choices(SIMULATOR_NAMES).default('mujoco'),
    )
    .option('--label <text>', "name of the run in the plot (default: the model's)")
    .option('--episodes <n>', 'episodes for each point', wholeNumber(1), 30)
    .option('--seed <n>', 'seed of starts, goals and planner noise', wholeNumber(0), 1234)
    .option('--json <file>', 'file of the result')
    .option('--plot <file>', 'file of the plot, a PNG')
    .option(
      '--compare <file>',
      'result of an earlier run, to show in the plot; repeatable',
      (file: string, before: readonly string[]) => [...before, file],
      [],
    );
  addRobotOptions(command).addOption(taskOption());
  return command.action(async ({ simulator, task, episodes, seed, compare, ...flags }: Flags) => {
    const options = {
      simulator,
      task,
      episodes,
      seed,
      ...robotChoiceOf(flags, simulator),
      label: flags.label ?? null,
      jsonFile: flags.json ?? null,
      plotFile: flags.plot ?? null,
      compareFiles: compare,
    };
    await runRobustness(options, (line) => {
      console.log(line);
    });
  });
}
