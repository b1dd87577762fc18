import { median } from '../statistics.mjs';
import { pairsOf, solveInRounds, workOf } from './rounds.mjs';

const ITERATIONS = 2;

/** `ms_per_iteration_by_samples` and `_by_horizon`: one figure for each point, everything else as in the case. */
export const growth = {
  title: 'growth with samples and horizon',
  work: ({ spec, amounts }) =>
    points(spec, amounts).reduce(
      (sum, { settings }) => sum + (amounts.growthPairs + 1) * workOf(spec, settings),
      0,
    ),

  async run(bench) {
    for (const { axis, at, settings } of points(bench.spec, bench.amounts))
      await recordPoint(bench, axis, at, settings);
  },
};

/** `ms_per_iteration_by_tokens`: the same predictor on fewer and more patches. */
export const growthWithTokens = {
  title: 'growth with tokens',
  work: ({ spec, amounts }) =>
    (amounts.growthPairs + 1) * workOf(spec, { ...spec.settings, iterations: ITERATIONS }),

  async run(bench) {
    await recordPoint(bench, 'tokens', bench.spec.tokens, { ...bench.spec.settings, iterations: ITERATIONS });
  },
};

function points(spec, amounts) {
  const settings = { ...spec.settings, iterations: ITERATIONS };
  return [
    ...[...amounts.growth.samples, settings.samples].sort(ascending).map((samples) => ({
      axis: 'samples',
      at: samples,
      settings: { ...settings, samples, elites: Math.min(settings.elites, samples) },
    })),
    ...[...amounts.growth.horizon, settings.horizon].sort(ascending).map((horizon) => ({
      axis: 'horizon',
      at: horizon,
      settings: { ...settings, horizon },
    })),
  ];
}

const ascending = (a, b) => a - b;

async function recordPoint(bench, axis, at, settings) {
  const answers = await solveInRounds(bench, 'cem', settings, {
    rounds: bench.amounts.growthPairs,
    precisions: ['fp32'],
  });
  bench.record({
    metric: `ms_per_iteration_by_${axis}`,
    at,
    unit: 'ms',
    planner: 'cem',
    settings,
    pairs: pairsOf(answers, 'fp32', ({ iterationMs }) => median(iterationMs)),
  });
}
