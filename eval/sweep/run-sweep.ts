import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { percentile } from '../../src/math/percentile.js';
import { parametersByName } from '../../src/params/schema.js';
import { machine } from '../machine.js';
import { prepareFolder } from '../output-files.js';
import { readPlannerProfile } from '../profiles/planner-profile.js';
import { Progress } from '../progress.js';
import { subjectOf, withSimulations, type RunSetting } from '../run-setting.js';
import { runEpisodes } from '../simulation/run-episodes.js';
import type { EpisodeResult } from '../simulation/wire.js';
import { medianInterval } from '../statistics/paired.js';
import { wilsonInterval } from '../statistics/wilson-interval.js';
import { readSpace, spreadOver } from '../tune/space.js';
import { plotParameter } from './plot.js';
import { resumeSweep, type Sweep, type SweepFigures } from './result.js';

export interface SweepOptions {
  readonly setting: RunSetting;
  readonly spaceFile: string;
  /** A parameter file, or `defaults`. */
  readonly profile: string;
  /** For each value. */
  readonly episodes: number;
  /** Values of a parameter with a range. */
  readonly values: number;
  /** Folder. */
  readonly out: string;
}

/**
 * Runs a profile with one parameter at a time at other values, all over the same episodes. After each value it writes `sweep.json`, and a
 * plot for each parameter; points that are there already are not run again.
 *
 * @returns exit status, as of `withSimulations`
 * @throws JepaMpcError before anything is started: a file that cannot be read, or a result of other circumstances
 */
export async function runSweep(options: SweepOptions): Promise<number> {
  const { setting, spaceFile, episodes, values, out } = options;
  const profile = readPlannerProfile(options.profile);
  const space = readSpace(spaceFile);
  const { simulator, imperfections, seed, episodeSeconds } = setting;
  const file = join(out, 'sweep.json');
  const circumstances = {
    simulator,
    ...(await subjectOf(setting)),
    imperfections,
    episodes,
    seed,
    episodeSeconds,
    profile: { ...profile.start, ...profile.dynamic },
  };
  const sweep = resumeSweep(file, circumstances, machine());
  await prepareFolder(out);
  const write = async (): Promise<void> => {
    await writeFile(file, `${JSON.stringify(sweep, null, 2)}\n`);
  };
  const indices = Array.from({ length: episodes }, (_, index) => index);
  const missing = missingPoints(
    sweep,
    [...space].map(([name, entry]) => ({ name, values: spreadOver(entry, values) })),
  );
  const progress = new Progress(process.stdout);
  return withSimulations(setting, async (pool) => {
    progress.begin((missing.length + (sweep.base === null ? 1 : 0)) * episodes, 'episodes');
    const measure = async (change: Readonly<Record<string, string | number | boolean>>) => {
      const changed = { ...profile, dynamic: { ...profile.dynamic, ...change } };
      const results = await runEpisodes(pool, changed, seed, indices, () => {
        progress.advance();
      });
      return sweepFigures(results);
    };
    try {
      sweep.base ??= await measure({});
      progress.line(`${profile.name}: ${inWords(sweep.base)}`);
      for (const { name, value, order } of missing) {
        const figures = await measure({ [name]: value });
        progress.line(`${name} ${String(value)}: ${inWords(figures)}`);
        const swept = sweptParameter(sweep, name);
        swept.points.push({ ...figures, value });
        swept.points.sort((a, b) => order.indexOf(a.value) - order.indexOf(b.value));
        await write();
      }
      await write();
      for (const swept of sweep.parameters)
        await writeFile(join(out, `${swept.name.replaceAll('.', '-')}.svg`), plotParameter(sweep, swept));
    } finally {
      progress.end();
    }
    progress.line(`wrote ${file} and a plot for each parameter`);
  });
}

interface MissingPoint {
  readonly name: string;
  readonly value: string | number | boolean;
  /** All values of the parameter in the order of the plot. */
  readonly order: readonly (string | number | boolean)[];
}

function missingPoints(
  sweep: Sweep,
  wanted: readonly { readonly name: string; readonly values: readonly (string | number | boolean)[] }[],
): MissingPoint[] {
  return wanted.flatMap(({ name, values }) => {
    const points = sweep.parameters.find((swept) => swept.name === name)?.points ?? [];
    const missing = values.filter((value) => !points.some((point) => point.value === value));
    return missing.map((value) => ({ name, value, order: values }));
  });
}

function sweptParameter(sweep: Sweep, name: string): Sweep['parameters'][number] {
  const known = sweep.parameters.find((swept) => swept.name === name);
  if (known !== undefined) return known;
  const swept = { name, unit: parametersByName.get(name)?.unit ?? '', points: [] };
  sweep.parameters.push(swept);
  return swept;
}

function sweepFigures(results: readonly EpisodeResult[]): SweepFigures {
  const times = results.filter(({ success }) => success).map(({ timeS }) => timeS);
  return {
    successes: times.length,
    successRate: times.length / results.length,
    successInterval95: wilsonInterval(times.length, results.length),
    timeToGoalS:
      times.length === 0 ? null : { median: percentile(times, 0.5), interval95: medianInterval(times) },
  };
}

function inWords({ successRate, successInterval95, timeToGoalS }: SweepFigures): string {
  const percent = (rate: number): string => `${(rate * 100).toFixed(0)} %`;
  const time = timeToGoalS === null ? '' : `, median ${timeToGoalS.median.toFixed(2)} s`;
  return `${percent(successRate)} (${successInterval95.map(percent).join(' to ')})${time}`;
}
