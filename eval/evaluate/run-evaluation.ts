import { writeFile } from 'node:fs/promises';
import { JepaMpcError } from '../../src/core/errors.js';
import { machine } from '../machine.js';
import { prepareFiles } from '../output-files.js';
import { readPlannerProfile, type PlannerProfile } from '../profiles/planner-profile.js';
import { Progress } from '../progress.js';
import { subjectOf, withSimulations, type RunSetting } from '../run-setting.js';
import { runEpisodes } from '../simulation/run-episodes.js';
import { compare, profileFigures } from './figures.js';
import { plotEvaluation } from './plot.js';
import { evaluationSchema, type Evaluation } from './result.js';
import { tableLines } from './table.js';

export interface EvaluationOptions {
  readonly setting: RunSetting;
  /** Parameter files, or `defaults`; at least one. */
  readonly profiles: readonly string[];
  readonly episodes: number;
  /** The plot is written next to it; null: neither. */
  readonly jsonFile: string | null;
}

/**
 * Runs every profile over the same episodes, prints the table, and writes result and plot where asked for.
 *
 * @returns exit status, as of {@link withSimulations}
 * @throws JepaMpcError before anything is started: a profile or a model that cannot be read, a result that cannot be written
 */
export async function runEvaluation(options: EvaluationOptions): Promise<number> {
  const { setting, episodes, jsonFile } = options;
  const profiles = options.profiles.map((file) => readPlannerProfile(file));
  checkNames(profiles);
  const subject = await subjectOf(setting);
  const plotFile = jsonFile?.replace(/\.json$/, '.png') ?? null;
  await prepareFiles([jsonFile, plotFile]);
  const progress = new Progress(process.stdout);
  const startMs = performance.now();
  return withSimulations(setting, async (pool) => {
    progress.begin(profiles.length * episodes, 'episodes');
    try {
      const indices = Array.from({ length: episodes }, (_, index) => index);
      const figures = await Promise.all(
        profiles.map(async (profile) => {
          const onResult = (): void => {
            progress.advance();
          };
          const results = await runEpisodes(pool, profile, setting.seed, indices, onResult);
          return profileFigures(profile, results);
        }),
      );
      const [baseline, ...others] = figures;
      const { simulator, imperfections, seed, episodeSeconds, jobs } = setting;
      const evaluation: Evaluation = evaluationSchema.parse({
        ...subject,
        simulator,
        imperfections,
        episodes,
        seed,
        episodeSeconds,
        jobs,
        machine: machine(),
        minutes: (performance.now() - startMs) / 60_000,
        profiles: figures,
        comparisons: baseline === undefined ? [] : others.map((other) => compare(baseline, other, seed)),
      });
      progress.end();
      for (const line of tableLines(evaluation)) progress.line(line);
      if (jsonFile !== null && plotFile !== null) {
        await writeFile(jsonFile, `${JSON.stringify(evaluation, null, 2)}\n`);
        await writeFile(plotFile, await plotEvaluation(evaluation));
        progress.line(`wrote ${jsonFile} and ${plotFile}`);
      }
    } finally {
      progress.end();
    }
  });
}

/** Names are file names without folders: two may be the same. */
function checkNames(profiles: readonly PlannerProfile[]): void {
  const names = profiles.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated === undefined) return;
  throw new JepaMpcError('params.invalid', {
    subject: '--profile',
    found: `two profiles named ${repeated}`,
    expected: 'profiles whose files have different names',
    remedy: 'Copy one of them to a file of another name.',
  });
}
