import { Command } from 'commander';
import { wholeNumber } from '../option-values.js';
import { DEFAULTS } from '../profiles/planner-profile.js';
import { addRunOptions, runSettingOf, type RunFlags } from '../run-setting.js';
import { throughSetUp } from '../set-up.js';
import { runSweep } from './run-sweep.js';

interface Flags extends RunFlags {
  readonly space: string;
  readonly profile: string;
  readonly episodes: number;
  readonly values: number;
  readonly out: string;
}

/** The `sweep` command: one parameter at a time. */
export function sweepCommand(): Command {
  const command = new Command('sweep')
    .description(
      'Vary one parameter of a profile at a time, and plot success and time to goal against its value. Goes on with what --out holds.',
    )
    .requiredOption('--space <file>', 'parameters and their values, as for tune')
    .option('--profile <file>', `parameter file to vary, or the word ${DEFAULTS}`, DEFAULTS)
    .option('--values <n>', 'values of a parameter with a range', wholeNumber(2), 5)
    .option('--episodes <n>', 'episodes for each value', wholeNumber(1), 20)
    .option('--out <dir>', 'folder of the result and the plots', 'sweep');
  return addRunOptions(command).action(async ({ space, profile, episodes, values, out, ...flags }: Flags) => {
    process.exitCode =
      (await throughSetUp('sweep')) ??
      (await runSweep({ setting: runSettingOf(flags), spaceFile: space, profile, episodes, values, out }));
  });
}
