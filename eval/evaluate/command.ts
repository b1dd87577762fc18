import { Command, InvalidArgumentError } from 'commander';
import { append, wholeNumber } from '../option-values.js';
import { DEFAULTS } from '../profiles/planner-profile.js';
import { addRunOptions, runSettingOf, type RunFlags } from '../run-setting.js';
import { throughSetUp } from '../set-up.js';
import { runEvaluation } from './run-evaluation.js';

function jsonFile(text: string): string {
  if (!text.endsWith('.json')) {
    throw new InvalidArgumentError(`Found '${text}', expected a file whose name ends with .json.`);
  }
  return text;
}

interface Flags extends RunFlags {
  readonly profile: readonly string[];
  readonly episodes: number;
  readonly json?: string;
}

/** The `evaluate` command: success and pace of profiles on the same starts and goals. */
export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description(
      'Evaluate profiles on the same starts and goals, in simulations in lockstep, and compare each with the first.',
    )
    .option(
      '--profile <file>',
      `parameter file of the planner node, or the word ${DEFAULTS}; repeatable, without it the defaults`,
      append,
      [],
    )
    .option('--episodes <n>', 'episodes for each profile', wholeNumber(1), 100)
    .option('--json <file>', 'file of the result; the plot is written next to it, as .png', jsonFile);
  return addRunOptions(command).action(async ({ profile, episodes, json, ...flags }: Flags) => {
    process.exitCode =
      (await throughSetUp('evaluate')) ??
      (await runEvaluation({
        setting: runSettingOf(flags),
        profiles: profile.length === 0 ? [DEFAULTS] : profile,
        episodes,
        jsonFile: json ?? null,
      }));
  });
}
