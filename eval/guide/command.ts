import { Command, InvalidArgumentError, Option } from 'commander';

import { RULES } from '../../src/guide/rules.js';
import { wholeNumber } from '../option-values.js';
import { addRobotOptions, robotChoiceOf, type RobotFlags } from '../robot-choice.js';
import { taskOption, type TaskFlag } from '../task-option.js';
import { SETTINGS, type Setting } from './cases.js';
import { runGuideCheck } from './run-guide-check.js';

/** Seed of starts and goals that no threshold of the guide was chosen on. */
const HELD_OUT_SEED = 4242;

interface Flags extends RobotFlags, TaskFlag {
  readonly episodes: number;
  readonly seed: number;
  readonly rule: readonly string[];
  readonly json?: string;
  readonly session?: Setting;
  readonly verbose: boolean;
}

function appendRule(text: string, before: readonly string[]): string[] {
  if (text in RULES) return [...before, text];
  throw new InvalidArgumentError(`Found '${text}', expected one of ${Object.keys(RULES).join(', ')}.`);
}

/** The `guide-check` command: every rule of the guide, provoked and followed. */
export function guideCheckCommand(): Command {
  const command = new Command('guide-check')
    .description(
      'Provoke every rule of the guide through the real node in the simulator, follow its advice, and print what that changed; status 0 if each was named and helped.',
    )
    .option('--episodes <n>', 'episodes for each case, before and after', wholeNumber(1), 6)
    .option('--seed <n>', 'seed of starts, goals and planner noise', wholeNumber(0), HELD_OUT_SEED)
    .option('--rule <id>', 'provoke this one only; repeatable', appendRule, [])
    .option('--json <file>', 'file of the result')
    .option('--verbose', 'print the output of the simulator and the planner node', false)
    // What the command starts for each setting, in a process of its own.
    .addOption(new Option('--session <setting>').choices(Object.keys(SETTINGS)).hideHelp());
  addRobotOptions(command).addOption(taskOption());
  return command.action(async (flags: Flags) => {
    const { task, episodes, seed, rule: rules, json, session, verbose } = flags;
    const common = { ...robotChoiceOf(flags, 'mujoco'), task, episodes, seed, rules };
    const print = (line: string): void => {
      console.log(line);
    };
    if (session === undefined) {
      const isSound = await runGuideCheck({ ...common, jsonFile: json ?? null }, print);
      process.exitCode = isSound ? 0 : 1;
      return;
    }
    // Imported here because it imports ROS, which --help and other commands do not need.
    const { runSession } = await import('./run-session.js');
    await runSession({ ...common, setting: session, jsonFile: json ?? '', verbose }, print);
  });
}
