import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { JepaMpcError } from '../../src/core/errors.js';
import { DEFAULT_EPISODE_S } from '../episodes/episode-judge.js';
import { wholeNumber } from '../option-values.js';
import type { DemoOptions } from './options.js';
import { PACKAGE_ROOT } from './package-root.js';
import {
  IMPERFECTIONS,
  isImperfection,
  isPlanDelay,
  SIMULATOR_NAMES,
  SIMULATORS,
  type SimulatorName,
} from './simulators.js';

/** A shorter episode would end before a plan can move the robot. */
const MIN_EPISODE_S = 0.5;
const MAX_EPISODE_S = 3600;

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= MIN_EPISODE_S && value <= MAX_EPISODE_S)) {
    throw new InvalidArgumentError(
      `Found '${text}', expected a number of seconds from ${MIN_EPISODE_S} to ${MAX_EPISODE_S}.`,
    );
  }
  return value;
}

function webpFile(text: string): string {
  if (!text.endsWith('.webp')) {
    throw new InvalidArgumentError(`Found '${text}', expected a file whose name ends with .webp.`);
  }
  return text;
}

function appendAssignment(text: string, before: readonly string[]): string[] {
  if (!/^[A-Za-z_][\w.]*=.+$/.test(text)) {
    throw new InvalidArgumentError(`Found '${text}', expected name=value, for example sampling.samples=200.`);
  }
  return [...before, text];
}

function appendImperfection(text: string, before: readonly string[]): string[] {
  const [, name = '', value = ''] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  if (!isImperfection(name) || !Number.isFinite(Number(value))) {
    throw new InvalidArgumentError(
      `Found '${text}', expected name=number with one of ${IMPERFECTIONS.join(', ')}.`,
    );
  }
  return [...before, text];
}

interface Flags {
  readonly imperfect: readonly string[];
  readonly simulator: SimulatorName;
  readonly episodes: number;
  readonly episodeSeconds: number;
  readonly seed: number;
  readonly lockstep: boolean;
  readonly headless: boolean;
  readonly json: string;
  readonly animation?: string;
  readonly model: string;
  readonly baselines?: boolean;
  readonly plannerParam: readonly string[];
  readonly verbose: boolean;
}

/** The `demo` command: the real planner node moves a simulated arm to goal images. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Move a simulated arm to goal images with the real planner node, and report how well it did.',
    )
    .addOption(
      new Option('--simulator <name>', 'what simulates the arm').choices(SIMULATOR_NAMES).default('mujoco'),
    )
    .option('--episodes <n>', 'episodes to run', wholeNumber(1), 5)
    .option('--episode-seconds <s>', 'time limit of an episode', seconds, DEFAULT_EPISODE_S)
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
    .option('--model <dir>', 'folder of the model', `${PACKAGE_ROOT}models/reacher`)
    .option('--baselines', 'also run the baselines (default with --lockstep)')
    .option('--no-baselines', 'skip the baselines (default in real time)')
    .option('--planner-param <name=value>', 'parameter of the planner node; repeatable', appendAssignment, [])
    .option(
      '--imperfect <name=value>',
      `imperfection of the robot, its camera or its planner: ${IMPERFECTIONS.join(', ')}; repeatable`,
      appendImperfection,
      [],
    )
    .option('--verbose', 'print the output of the simulator and the planner node', false)
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
  return {
    simulator: SIMULATORS[flags.simulator],
    imperfections: flags.imperfect,
    episodes: flags.episodes,
    episodeSeconds: flags.episodeSeconds,
    seed: flags.seed,
    lockstep: flags.lockstep,
    headless: flags.headless,
    jsonFile: flags.json,
    animationFile: flags.animation ?? null,
    modelFolder: flags.model,
    baselines: flags.baselines ?? flags.lockstep,
    plannerParameters: flags.plannerParam,
    verbose: flags.verbose,
    plannerCommand: plannerCommand(),
  };
}

/** The executable that `ros2 run` starts if the package is installed; in a checkout, the same program from the checkout. */
function plannerCommand(): string[] {
  const installed = join(PACKAGE_ROOT, '..', '..', 'lib', 'jepa_mpc', 'planner_node');
  if (existsSync(installed)) return [installed];
  return [process.execPath, fileURLToPath(new URL('../../src/cli/main.js', import.meta.url)), 'node'];
}
