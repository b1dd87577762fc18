import { dirname, resolve } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';
import { portNumber } from '../../src/cli/dashboard.js';
import { JepaMpcError } from '../../src/core/errors.js';
import { TIME_LIMITS, timeLimitS } from '../episodes/tasks/registry.js';
import { appendImperfection, episodeSeconds, wholeNumber } from '../option-values.js';
import { addRobotOptions, robotChoiceOf, type RobotFlags } from '../robot-choice.js';
import { taskOption, type TaskFlag } from '../task-option.js';
import type { DemoOptions } from './options.js';
import { dashboardCommand, plannerCommand } from './product-command.js';
import { IMPERFECTIONS, isPlanDelay, SIMULATOR_NAMES, SIMULATORS, type SimulatorName } from './simulators.js';

function webpFile(text: string): string {
  if (!text.endsWith('.webp')) {
    throw new InvalidArgumentError(`Found '${text}', expected a file whose name ends with .webp.`);
  }
  return text;
}

function mcapFile(text: string): string {
  if (!text.endsWith('.mcap')) {
    throw new InvalidArgumentError(`Found '${text}', expected a file whose name ends with .mcap.`);
  }
  return text;
}

function appendAssignment(text: string, before: readonly string[]): string[] {
  if (!/^[A-Za-z_][\w.]*=.+$/.test(text)) {
    throw new InvalidArgumentError(`Found '${text}', expected name=value, for example sampling.samples=200.`);
  }
  return [...before, text];
}

interface Flags extends RobotFlags, TaskFlag {
  readonly imperfect: readonly string[];
  readonly simulator: SimulatorName;
  readonly episodes: number;
  readonly episodeSeconds?: number;
  readonly seed: number;
  readonly lockstep: boolean;
  readonly headless: boolean;
  readonly json: string;
  readonly animation?: string;
  readonly record?: string;
  readonly baselines?: boolean;
  readonly plannerParam: readonly string[];
  readonly verbose: boolean;
  readonly dashboard: boolean;
  readonly port?: number;
}

/** The `demo` command: the real planner node moves a simulated arm to goal images. */
export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'Move a simulated robot to goal images with the real planner node, and report how well it did.',
    )
    .addOption(
      new Option('--simulator <name>', 'what simulates the robot').choices(SIMULATOR_NAMES).default('mujoco'),
    )
    .option('--episodes <n>', 'episodes to run', wholeNumber(1), 5)
    .option('--episode-seconds <s>', `time limit of an episode (default: ${TIME_LIMITS})`, episodeSeconds)
    .option('--seed <n>', 'seed of starts, goals and planner noise', wholeNumber(0), 1)
    .option('--lockstep', 'simulated time waits for the planner: same seed, same run', false)
    .option('--headless', 'no window, even where there is a display', false)
    .option(
      '--json <file>',
      'file of the report; the contact sheet is written next to it, as .png',
      'demo.json',
    )
    .option(
      '--animation <file>',
      "also write the planner's episodes as an animated WebP: camera and goal image",
      webpFile,
    )
    .option(
      '--record <file>',
      'also record the run to an MCAP file, from which jepa-mpc replay makes every plan again',
      mcapFile,
    )
    .option('--baselines', 'also run the baselines (default with --lockstep)')
    .option('--no-baselines', 'skip the baselines (default in real time)')
    .option('--planner-param <name=value>', 'parameter of the planner node; repeatable', appendAssignment, [])
    .option(
      '--imperfect <name=value>',
      `imperfection of the robot, its camera or its planner: ${IMPERFECTIONS.join(', ')}; repeatable`,
      appendImperfection,
      [],
    )
    .option('--dashboard', 'serve the live page of the planner node; its address is printed', false)
    .option('--port <n>', 'port of the live page, as in jepa-mpc dashboard; 0: any that is free', portNumber)
    .option('--verbose', 'print the output of the simulator and the planner node', false);
  return addRobotOptions(command)
    .addOption(taskOption())
    .action(async (flags: Flags) => {
      const options = toOptions(flags);
      // Imported here because it imports ROS, which --help and other commands do not need.
      const { runDemo } = await import('./run-demo.js');
      process.exitCode = await runDemo(options);
    });
}

/** @throws JepaMpcError params.invalid for options that contradict each other */
function toOptions(flags: Flags): DemoOptions {
  const planDelay = flags.imperfect.find(isPlanDelay);
  if (flags.lockstep && planDelay !== undefined) {
    throw new JepaMpcError('params.invalid', {
      subject: `--imperfect ${planDelay}`,
      found: '--lockstep, where simulated time waits for each plan',
      expected: 'a demo in real time',
      remedy: 'Drop one of the two options.',
    });
  }
  if (flags.port !== undefined && !flags.dashboard) {
    throw new JepaMpcError('params.invalid', {
      subject: `--port ${flags.port}`,
      found: 'no --dashboard, whose port it is',
      expected: 'both or none',
      remedy: 'Add --dashboard.',
    });
  }
  return {
    simulator: SIMULATORS[flags.simulator],
    ...robotChoiceOf(flags, flags.simulator),
    imperfections: flags.imperfect,
    task: flags.task,
    episodes: flags.episodes,
    episodeSeconds: flags.episodeSeconds ?? timeLimitS(flags.task),
    seed: flags.seed,
    lockstep: flags.lockstep,
    headless: flags.headless,
    jsonFile: flags.json,
    animationFile: flags.animation ?? null,
    recordingFile: flags.record ?? null,
    baselines: flags.baselines ?? flags.lockstep,
    plannerParameters: flags.plannerParam,
    verbose: flags.verbose,
    plannerCommand: plannerCommand(),
    dashboardCommand: flags.dashboard
      ? [
          ...dashboardCommand(),
          ...(flags.port === undefined ? [] : ['--port', String(flags.port)]),
          ...(flags.record === undefined ? [] : ['--recordings', dirname(resolve(flags.record))]),
        ]
      : null,
  };
}
