import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compare, profileFigures } from '../evaluate/figures.js';
import type { ProfileFigures } from '../evaluate/result.js';
import { machine } from '../machine.js';
import type { PlannerProfile } from '../profiles/planner-profile.js';
import { runEpisodes } from '../simulation/run-episodes.js';
import type { ParameterValues } from '../simulation/wire.js';
import { profileText } from './profile-text.js';
import type { StudyTrial } from './study.js';
import type { Tuning } from './tuning.js';

/** Index of the first held-out episode: no trial has as many. */
const FIRST_HELD_OUT = 1_000_000;

/**
 * Compares the best trial with the profile that the search began with, on held-out episodes, and writes `best.yaml`, a profile for each
 * trial of the Pareto front, `result.json` and `report.html`.
 */
export async function conclude(tuning: Tuning): Promise<void> {
  const { options, profile, progress, study, storage } = tuning;
  const { out, objectives, heldOut } = options;
  const front = await study.front();
  const [best] = front;
  if (best === undefined) {
    progress.line('no trial ran all its episodes: there is nothing to conclude from');
    return;
  }
  progress.begin(2 * heldOut, 'held-out episodes');
  const tuned = await heldOutFigures(tuning, { ...profile, name: 'best', dynamic: chosen(profile, best) });
  const before = await heldOutFigures(tuning, { ...profile, name: `${profile.name} (start)` });
  progress.end();
  const comparison = compare(before, tuned, options.setting.seed);
  const figures = `held out: ${inWords(tuned)}; the profile that the search began with: ${inWords(before)}`;

  for (const trial of front) {
    const isBest = trial === best;
    const head = [
      `Written by jepa-mpc tune: trial ${trial.number} of study ${options.study}, model ${tuning.subject.model.name} (manifest ${tuning.subject.model.sha256.slice(0, 12)}).`,
      `Over ${options.episodes} episodes with seed ${options.setting.seed}: ${valuesInWords(tuning, trial)}.`,
      ...(isBest ? [`On ${heldOut} episodes ${figures}.`] : []),
    ];
    const values = { ...profile.start, ...chosen(profile, trial) };
    const text = profileText(head, values, tuning.space);
    await writeFile(join(out, `trial-${trial.number}.yaml`), text);
    if (isBest) await writeFile(join(out, 'best.yaml'), text);
  }
  const result = {
    study: options.study,
    ...tuning.subject,
    episodes: options.episodes,
    seed: options.setting.seed,
    objectives: objectives.map(({ name }) => name),
    best,
    front,
    heldOut: { episodes: heldOut, tuned, before, comparison },
    machine: machine(),
  };
  await writeFile(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  const title = `Tuning ${tuning.subject.model.name}: ${options.study}`;
  await study.writeReport(join(out, 'report.html'), title, tablesOf(tuning, front, [tuned, before]), storage);
  progress.line(`best: trial ${best.number}, ${valuesInWords(tuning, best)}`);
  progress.line(figures);
  progress.line(
    `wrote ${['best.yaml', 'report.html', 'result.json'].map((file) => join(out, file)).join(', ')}`,
  );
}

/** The start profile with what a trial chose. */
function chosen({ dynamic }: PlannerProfile, { parameters }: StudyTrial): ParameterValues {
  return { ...dynamic, ...parameters };
}

async function heldOutFigures(
  { options, pool, progress }: Tuning,
  profile: PlannerProfile,
): Promise<ProfileFigures> {
  const indices = Array.from({ length: options.heldOut }, (_, index) => FIRST_HELD_OUT + index);
  const results = await runEpisodes(pool, profile, options.setting.seed, indices, () => {
    progress.advance();
  });
  return profileFigures(profile, results);
}

function tablesOf(
  tuning: Tuning,
  front: readonly StudyTrial[],
  heldOut: readonly ProfileFigures[],
): { title: string; rows: string[][] }[] {
  const { options, space, subject, profile } = tuning;
  const { setting, objectives } = options;
  const facts: readonly (readonly [string, string])[] = [
    ['model', `${subject.model.name} (manifest ${subject.model.sha256.slice(0, 12)})`],
    ['robot, simulator', `${subject.robot}, ${setting.simulator}`],
    ['task', subject.task.name],
    ['begun with', profile.file ?? profile.name],
    ['episodes of a trial', `${options.episodes}, seed ${setting.seed}`],
    ['objectives', objectives.map(({ name }) => name).join(', ')],
    ['imperfections', setting.imperfections.join(', ') || 'none'],
    ['machine', machine()],
  ];
  const names = [...space.keys()];
  return [
    { title: 'Search', rows: [['what', 'value'], ...facts.map((row) => [...row])] },
    {
      title: `${options.heldOut} held-out episodes`,
      rows: [
        ['profile', 'success', '95 % interval', 'median time to goal [s]', 'median effort [s]'],
        ...heldOut.map(({ name, successRate, successInterval95, timeToGoalS, effort }) => [
          name,
          percent(successRate),
          successInterval95.map(percent).join(' to '),
          timeToGoalS?.p50.toFixed(2) ?? 'none',
          effort.p50.toFixed(2),
        ]),
      ],
    },
    {
      title: 'Best trials: none beats one of these in every objective',
      rows: [
        ['trial', ...objectives.map(({ name }) => name), ...names],
        ...front.map(({ number, values, parameters }) => [
          String(number),
          ...values.map((value) => value.toFixed(3)),
          ...names.map((name) => String(parameters[name])),
        ]),
      ],
    },
  ];
}

function valuesInWords({ options }: Tuning, { values }: StudyTrial): string {
  return options.objectives
    .map(({ name, unit }, index) => {
      const value = (values[index] ?? Number.NaN).toFixed(3);
      return `${name} ${value}${unit === '1' ? '' : ` ${unit}`}`;
    })
    .join(', ');
}

function inWords({ successes, episodes, successInterval95, timeToGoalS }: ProfileFigures): string {
  const time = timeToGoalS === null ? '' : `, median ${timeToGoalS.p50.toFixed(2)} s`;
  return `${successes}/${episodes.length} (${successInterval95.map(percent).join(' to ')})${time}`;
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}
