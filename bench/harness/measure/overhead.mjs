import { setTimeout as sleep } from 'node:timers/promises';

import { median } from '../statistics.mjs';
import { PAUSE_MS, solveOnce, whenQuiet, workOf } from './rounds.mjs';

/**
 * The share of a plan that is not the model's arithmetic. The model is its predictor and, if it has one, its distance network. Only ONNX
 * Runtime's profiler says how much of a run each kernel takes (harness/node-times.mjs), but it makes the run longer. So a profiled graph
 * scores the candidates of each iteration again right after the plan, and all other times are of the plan itself. The reference's modules are
 * timed by hooks.
 *
 * - `overhead_share`: 1 - model / plan. It is the sum of the next two.
 * - `overhead_outside_run_share`: 1 - `session.run` / plan (reference: `get_cost`). Sampling, selection, refit, feeds.
 * - `overhead_inside_run_share`: (`session.run` - model) / plan. Objective, time between kernels, the binding.
 * - `not_predictor_share`: 1 - predictor / plan, if the model has a distance network.
 *
 * This compares two runs, and a machine is never equally fast twice. The profiled run gives bounds for the time lost inside a run: at least
 * the kernels that are not the model's, and at most everything except the model's kernels, including what profiling adds. A difference outside
 * of these bounds is clamped to them. Ours are medians over the iterations of a plan, each with its own profile.
 */
export const overhead = {
  title: 'overhead',
  work: ({ spec, amounts }) => 1.1 * (amounts.profiles + 1) * workOf(spec, settingsOf(spec, amounts)),

  async run(bench) {
    const { spec, amounts, ours, record } = bench;
    if (ours.fp32 === null) return;
    const settings = settingsOf(spec, amounts);
    const rounds = await roundsOf(bench, settings);
    const hasDistance = rounds.some(({ ours: [first] }) => first.modelMs > first.predictorMs);
    const figures = {
      overhead_share: ({ ms, modelMs }) => 1 - modelMs / ms,
      overhead_outside_run_share: ({ ms, runMs }) => 1 - runMs / ms,
      overhead_inside_run_share: ({ ms, runMs, modelMs }) => (runMs - modelMs) / ms,
      ...(hasDistance && { not_predictor_share: ({ ms, predictorMs }) => 1 - predictorMs / ms }),
    };
    for (const [metric, figure] of Object.entries(figures)) {
      record({
        metric,
        unit: 'share',
        planner: 'cem',
        settings,
        pairs: rounds.map((round) => ({
          ours: median(round.ours.map(figure)),
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
    ours: own.iterationMs.map((ms, i) => shareOut(ms, own.runMs[i], runs[plan * settings.iterations + i])),
    reference: {
      ms: theirs.totalMs,
      runMs: theirs.scoreMs.reduce((sum, ms) => sum + ms, 0),
      predictorMs: theirs.predictorMs,
      modelMs: theirs.predictorMs + theirs.distanceMs,
    },
    otherLoad,
  }));
}

/**
 * @param {number} ms of an iteration
 * @param {number} runMs of it in `session.run`
 * @param {{ runMs: number, partMs: Record<string, number> }} profile of the same run once more
 */
function shareOut(ms, runMs, { runMs: profiledMs, partMs }) {
  const { predictor, distance = 0 } = partMs;
  const model = predictor + distance;
  const kernels = Object.values(partMs).reduce((sum, time) => sum + time, 0);
  const maxMs = (runMs * model) / kernels;
  const minMs = (runMs * model) / profiledMs;
  const modelMs = Math.min(maxMs, Math.max(minMs, model));
  return { ms, runMs, modelMs, predictorMs: (modelMs * predictor) / model };
}
