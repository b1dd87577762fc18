import { setTimeout as sleep } from 'node:timers/promises';

import { PAUSE_MS, solveOnce, whenQuiet, workOf } from './rounds.mjs';

/**
 * What of a plan is not the predictor's arithmetic. ONNX Runtime's profiler alone says how much of a run is inside the predictor's kernels
 * (harness/node-times.mjs has which those are), but it makes the run longer; so after each plan a second, profiled graph scores the
 * candidates of each of its iterations again; all other times are of the plan itself. The reference's modules are timed by hooks.
 *
 * - `overhead_share`: 1 - predictor / plan. It is the sum of the next two.
 * - `overhead_outside_run_share`: 1 - `session.run` / plan (reference: `get_cost`). Sampling, selection, refit, feeds.
 * - `overhead_inside_run_share`: (`session.run` - predictor) / plan. Objective, distance network, waiting between kernels, the binding.
 * - `overhead_share_with_distance`: 1 - (predictor + distance network) / plan, where the model has one: its arithmetic is the model's
 *   too. Without one it is `overhead_share`, and is left out.
 *
 * Ours are shares of a plan's fastest iteration, with the fastest kernels of its iterations: two runs are compared, and what disturbs one
 * of them would count as arithmetic or as overhead.
 */
export const overhead = {
  title: 'overhead',
  work: ({ spec, amounts }) => 1.1 * (amounts.profiles + 1) * workOf(spec, settingsOf(spec, amounts)),

  async run(bench) {
    const { spec, amounts, ours, record } = bench;
    if (ours.fp32 === null) return;
    const settings = settingsOf(spec, amounts);
    const rounds = await roundsOf(bench, settings);
    const hasDistance = rounds.some((round) => round.ours.modelMs > round.ours.predictorMs);
    const figures = {
      overhead_share: ({ ms, predictorMs }) => 1 - predictorMs / ms,
      overhead_outside_run_share: ({ ms, runMs }) => 1 - runMs / ms,
      overhead_inside_run_share: ({ ms, runMs, predictorMs }) => (runMs - predictorMs) / ms,
      ...(hasDistance && { overhead_share_with_distance: ({ ms, modelMs }) => 1 - modelMs / ms }),
    };
    for (const [metric, figure] of Object.entries(figures)) {
      record({
        metric,
        unit: 'share',
        planner: 'cem',
        settings,
        pairs: rounds.map((round) => ({
          ours: figure(round.ours),
          reference: figure(round.reference),
          otherLoad: round.otherLoad,
        })),
      });
    }
  },
};

const settingsOf = (spec, amounts) => ({ ...spec.settings, iterations: amounts.iterations });

async function roundsOf(bench, settings) {
  const { amounts, reference, ours } = bench;
  let plans = 0;
  const makeRound = async (round) => {
    const which = { problem: Math.max(0, round), noiseIndex: round + 1 };
    await sleep(PAUSE_MS);
    const theirs = await solveOnce(bench, reference, 'cem', settings, { ...which, parts: true });
    await sleep(PAUSE_MS);
    const own = await solveOnce(bench, ours.fp32, 'cem', settings, { ...which, profiled: true });
    return { theirs, own, plan: plans++ };
  };
  await makeRound(-1);
  const rounds = [];
  for (let round = 0; round < amounts.profiles; round++)
    rounds.push(await whenQuiet(bench, () => makeRound(round)));
  const { runs } = await ours.fp32.ask('profile');
  return rounds.map(({ theirs, own, plan, otherLoad }) => ({
    ours: fastest(
      own,
      runs.slice(plan * settings.iterations, (plan + 1) * settings.iterations).map(({ partMs }) => partMs),
    ),
    reference: {
      ms: theirs.totalMs,
      runMs: theirs.scoreMs.reduce((sum, ms) => sum + ms, 0),
      predictorMs: theirs.predictorMs,
      modelMs: theirs.predictorMs + theirs.distanceMs,
    },
    otherLoad,
  }));
}

/** @param {readonly Record<string, number>[]} kernels milliseconds in each part, for each iteration */
function fastest({ iterationMs, runMs }, kernels) {
  const ms = Math.min(...iterationMs);
  const least = (...parts) =>
    Math.min(...kernels.map((times) => parts.reduce((sum, part) => sum + (times[part] ?? 0), 0)));
  return {
    ms,
    runMs: runMs[iterationMs.indexOf(ms)],
    predictorMs: least('predictor'),
    modelMs: least('predictor', 'distance'),
  };
}
