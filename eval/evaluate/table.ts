import type { Comparison, Evaluation, ProfileFigures } from './result.js';

const COLUMNS: readonly (readonly [title: string, cell: (profile: ProfileFigures) => string])[] = [
  ['profile', ({ name }) => name],
  ['success', ({ successes, episodes }) => `${successes}/${episodes.length}`],
  ['95 % interval', ({ successInterval95 }) => successInterval95.map(percent).join(' to ')],
  ['time to goal [s]', ({ timeToGoalS }) => (timeToGoalS === null ? 'none' : range(timeToGoalS))],
  ['effort [s]', ({ effort }) => range(effort)],
  ['jerk', ({ jerk }) => range(jerk)],
  ['plan [ms]', ({ planMs }) => `${planMs.p50.toFixed(1)}, 95 %: ${planMs.p95.toFixed(1)}`],
  ['frame age [ms]', ({ frameAgeMs }) => `${frameAgeMs.p50.toFixed(0)}, 95 %: ${frameAgeMs.p95.toFixed(0)}`],
  ['outside limits', ({ limitViolations }) => String(limitViolations)],
];

/** The result as lines of text: a row for each profile, then how each compares with the first. */
export function tableLines(evaluation: Evaluation): string[] {
  const { episodes, seed, simulator, robot, model, task, minutes, machine } = evaluation;
  const rows = [
    COLUMNS.map(([title]) => title),
    ...evaluation.profiles.map((profile) => COLUMNS.map(([, cell]) => cell(profile))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [
    '',
    ...table,
    '',
    'Times, effort and jerk: median (first to third quartile). Effort: integral of the squared accelerations as fractions of their limits. Jerk: root mean square as a fraction of its limit.',
    ...evaluation.comparisons.flatMap(comparisonLines),
    '',
    `${episodes} episodes, seed ${seed}, the same starts and goals for all; ${simulator}, ${robot}, model ${model.name}, task ${task.name}; ${minutes.toFixed(1)} minutes on ${machine}`,
  ];
}

function comparisonLines(comparison: Comparison): string[] {
  const { baseline, other, onlyBaselineSucceeds, onlyOtherSucceeds, successP, time } = comparison;
  const success = `${other} against ${baseline}: ${onlyOtherSucceeds} episodes succeed with ${other} alone, ${onlyBaselineSucceeds} with ${baseline} alone (McNemar, exact: p = ${successP.toPrecision(2)})`;
  if (time === null) return [success];
  const [low, high] = time.ratioInterval95;
  const pace = `  over the ${time.episodes} that both reach, ${other} takes ${time.ratio.toFixed(2)} times as long (${low.toFixed(2)} to ${high.toFixed(2)}), is faster in ${time.otherFaster} and slower in ${time.baselineFaster} (sign test: p = ${time.p.toPrecision(2)})`;
  return [success, pace];
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

function range({ p25, p50, p75 }: { p25: number; p50: number; p75: number }): string {
  return `${p50.toFixed(2)} (${p25.toFixed(2)} to ${p75.toFixed(2)})`;
}
