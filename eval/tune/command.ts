import { Command, Option } from 'commander';
import { wholeNumber } from '../option-values.js';
import { DEFAULTS } from '../profiles/planner-profile.js';
import { addRunOptions, runSettingOf, type RunFlags } from '../run-setting.js';
import { throughSetUp } from '../set-up.js';
import { OBJECTIVE_NAMES, parseObjectives, type TuningObjective } from './objectives.js';
import { runTuning } from './run-tuning.js';
import { TUNING_PYTHON } from './study.js';

const DEFAULT_OBJECTIVES = 'success,time';

interface Flags extends RunFlags {
  readonly space: string;
  readonly profile: string;
  readonly episodes: number;
  readonly trials: number;
  readonly heldOut: number;
  readonly objective: readonly TuningObjective[];
  readonly study: string;
  readonly storage?: string;
  readonly out: string;
  readonly beatSeconds: number;
}

/** The `tune` command: a search for better parameters. */
export function tuneCommand(): Command {
  const command = new Command('tune')
    .description(
      'Search for parameters with Optuna, in simulations in lockstep, all trials on the same episodes. Goes on with a study that is there; several processes may work on one.',
    )
    .requiredOption('--space <file>', 'parameters, each with { low, high, step, log } or { choices }')
    .option(
      '--profile <file>',
      `parameter file that the search begins with, or the word ${DEFAULTS}`,
      DEFAULTS,
    )
    .option('--episodes <n>', 'episodes of a trial', wholeNumber(1), 20)
    .option('--trials <n>', 'trials of the study, over all its processes', wholeNumber(1), 100)
    .option(
      '--held-out <n>',
      'episodes for the final figure, none of which a trial has seen',
      wholeNumber(1),
      50,
    )
    .addOption(
      new Option(
        '--objective <names>',
        `what to improve, separated by commas, from ${OBJECTIVE_NAMES.join(', ')}; the first decides`,
      )
        .argParser(parseObjectives)
        .default(parseObjectives(DEFAULT_OBJECTIVES), DEFAULT_OBJECTIVES),
    )
    .option('--study <name>', 'name of the study', 'tune')
    .option(
      '--storage <where>',
      'journal file, or URL of a database such as postgresql://user@host/name (default: journal.log in --out)',
    )
    .option('--out <dir>', 'folder of the profiles and the report', 'tuning')
    .option(
      '--beat-seconds <n>',
      'how often a process shows that its trials still run; another repeats them after five times as long',
      wholeNumber(1),
      5,
    );
  return addRunOptions(command).action(async ({ space, objective, out, storage, ...flags }: Flags) => {
    process.exitCode =
      (await throughSetUp('tune', [TUNING_PYTHON])) ??
      (await runTuning({
        setting: runSettingOf(flags),
        spaceFile: space,
        profile: flags.profile,
        episodes: flags.episodes,
        trials: flags.trials,
        heldOut: flags.heldOut,
        objectives: objective,
        study: flags.study,
        storage: storage ?? null,
        out,
        beatS: flags.beatSeconds,
      }));
  });
}
