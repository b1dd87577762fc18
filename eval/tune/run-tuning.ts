import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JepaMpcError } from '../../src/core/errors.js';
import { parametersByName } from '../../src/params/schema.js';
import { prepareFolder } from '../output-files.js';
import { readPlannerProfile, type PlannerProfile } from '../profiles/planner-profile.js';
import { Progress } from '../progress.js';
import { subjectOf, withSimulations } from '../run-setting.js';
import type { EpisodeRequest, EpisodeResult } from '../simulation/wire.js';
import { conclude } from './conclude.js';
import { meanOf } from './objectives.js';
import { readSpace, type Space } from './space.js';
import { Study, type Asked } from './study.js';
import type { Tuning, TuningOptions } from './tuning.js';

/** Episodes after which it is decided whether the rest of a trial is worth its time. */
const BATCH = 5;
/** Between two looks at a study whose last trials run in other processes: its storage sends no events. */
const WAIT_MS = 1000;
/** Trials in a row whose simulations die, after which the fault is not in their parameters. */
const MAX_DEATHS = 3;

/**
 * Runs the trials that a study still lacks, compares the best one with the profile that the search began with on held-out episodes, and
 * writes profiles and report.
 *
 * @returns exit status, as of `withSimulations`
 * @throws JepaMpcError before anything is started: files that cannot be read, `tune.study`, `environment.missing`
 */
export async function runTuning(options: TuningOptions): Promise<number> {
  const { setting, episodes, trials, objectives } = options;
  const space = readSpace(options.spaceFile);
  const profile = readPlannerProfile(options.profile);
  const subject = await subjectOf(setting);
  await prepareFolder(options.out);
  const storage = options.storage ?? join(options.out, 'journal.log');
  const { simulator, imperfections, seed, episodeSeconds } = setting;
  const { study, finished } = await Study.open({
    storage,
    study: options.study,
    objectives: objectives.map(({ name, maximize }) => ({ name, maximize })),
    space,
    setting: {
      simulator,
      robot: subject.robot,
      model: subject.model.sha256,
      task: subject.task,
      imperfections,
      seed,
      episodeSeconds,
      profile: { ...profile.start, ...profile.dynamic },
    },
    trials,
    episodes,
    seed,
    beatS: options.beatS,
    start: startInside(space, profile),
  });
  const progress = new Progress(process.stdout);
  try {
    return await withSimulations(setting, async (pool) => {
      if (finished > 0) progress.line(`study ${options.study} has ${finished} of ${trials} trials`);
      progress.begin(trials, 'trials', Math.min(finished, trials));
      try {
        const tuning = { options, storage, space, profile, subject, study, pool, progress };
        await Promise.all(Array.from({ length: setting.jobs }, () => runTrials(tuning)));
        progress.end();
        await conclude(tuning);
      } finally {
        progress.end();
      }
    });
  } finally {
    await study.close();
  }
}

/** Values of the profile for the parameters that are searched; null if one lies outside of the space. */
function startInside(space: Space, { dynamic }: PlannerProfile): Record<string, unknown> | null {
  const values: Record<string, unknown> = {};
  for (const [name, entry] of space) {
    const value = dynamic[name] ?? parametersByName.get(name)?.defaultValue;
    const isInside =
      entry.kind === 'choices'
        ? entry.choices.some((choice) => choice === value)
        : typeof value === 'number' && value >= entry.low && value <= entry.high;
    if (!isInside) return null;
    values[name] = value;
  }
  return values;
}

/**
 * Runs trials, one after the other, until the study has enough.
 *
 * @throws JepaMpcError when simulations die whatever the parameters
 */
async function runTrials(tuning: Tuning): Promise<void> {
  const { study, pool, progress, profile } = tuning;
  let deaths = 0;
  for (;;) {
    const asked = await study.ask();
    if (asked.trial === null) {
      if (!asked.wait) return;
      await delay(WAIT_MS);
      continue;
    }
    const { trial } = asked;
    try {
      progress.line(await pool.use(profile.start, (run) => runTrial(tuning, trial, asked, run)));
      deaths = 0;
    } catch (error) {
      if (!isFaultOfTrial(error)) throw error;
      if (error.code === 'demo.process-died' && ++deaths === MAX_DEATHS) throw error;
      await study.fail(trial, error.message);
      progress.line(`trial ${trial} failed: ${error.facts.found}`);
    }
    progress.advance();
  }
}

/** Runs one trial; the line that says what came of it. */
async function runTrial(
  { options, study, profile }: Tuning,
  trial: number,
  { parameters }: Asked,
  run: (request: EpisodeRequest) => Promise<EpisodeResult>,
): Promise<string> {
  const { episodes, objectives, setting } = options;
  const results: EpisodeResult[] = [];
  for (let isStopped = false; results.length < episodes && !isStopped;) {
    const batch: EpisodeResult[] = [];
    while (batch.length < BATCH && results.length + batch.length < episodes) {
      const episode = results.length + batch.length;
      const dynamic = { ...profile.dynamic, ...parameters };
      batch.push(await run({ parameters: dynamic, seed: setting.seed, episode }));
    }
    results.push(...batch);
    const reports = batch.map((result) => ({
      episode: result.episode,
      success: result.success,
      values: objectives.map((objective) => objective.of(result)),
    }));
    isStopped = await study.report(trial, reports);
  }
  const values = objectives.map((objective) => meanOf(objective, results));
  const stopped = results.length < episodes;
  const isCounted = await study.tell(trial, {
    values,
    episodes: results.length,
    stopped,
    facts: { successes: results.filter(({ success }) => success).length },
  });
  const figures = objectives.map(({ name, unit }, index) => {
    const value = (values[index] ?? Number.NaN).toFixed(2);
    return `${name} ${value}${unit === '1' ? '' : ` ${unit}`}`;
  });
  const end = isCounted ? '' : '; not counted: another process repeats it';
  return `trial ${trial}: ${figures.join(', ')} over ${results.length} episodes${stopped ? ', stopped early' : ''}${end}`;
}

/** Whether the node refused the parameters, or died of them: the search goes on. */
function isFaultOfTrial(error: unknown): error is JepaMpcError {
  return error instanceof JepaMpcError && ['params.invalid', 'demo.process-died'].includes(error.code);
}
