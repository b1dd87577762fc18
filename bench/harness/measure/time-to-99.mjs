import { setTimeout as sleep } from 'node:timers/promises';

import { readTensors } from '../tensor-file.mjs';
import { pairsOf, solveOnce, whenQuiet, workOf } from './rounds.mjs';
import { scoreWithReference } from './score.mjs';

const SHARE = 0.99;
const PAUSE_MS = 100;

/** As many candidates as the reference has, in smaller populations. */
const OUR_BEST = { planner: 'cma', samples: 100, elites: 30 };

/** What is timed in addition to the reference: metric, precision, and what our side plans with. */
const CONTENDERS = [
  { metric: 'time_to_99_percent', precision: 'fp32', ...OUR_BEST },
  { metric: 'time_to_99_percent_int8', precision: 'int8', ...OUR_BEST },
  { metric: 'time_to_99_percent_same_planner', precision: 'fp32', planner: 'cem' },
];

/**
 * `time_to_99_percent`: the reference's CEM plans with its whole budget. The target cost is 99 % of the difference between the mean cost of
 * its first samples and the best cost that it ever finds. How long does each side plan, iteration by iteration, until a candidate that costs
 * no more has been scored? Our side uses the planner that does it best, from the same initial standard deviation and with at most as many
 * candidates in total. It is also timed with the same planner and settings as the reference. The reference's float32 model scores the best
 * candidate of each of our iterations again, and that cost counts.
 */
export const timeTo99 = {
  title: 'time to 99 %',
  // Of the forecast's iteration, one of each side, a contender takes the part of its side alone.
  work: ({ spec, amounts }) => 1.5 * amounts.problems * workOf(spec, settingsOf(spec, amounts)),

  async run(bench) {
    const { amounts } = bench;
    const settings = settingsOf(bench.spec, amounts);
    const times = [];
    for (let problem = 0; problem < amounts.problems; problem++)
      times.push(await whenQuiet(bench, () => timeProblem(bench, settings, problem)));
    for (const contender of CONTENDERS) {
      const { metric, planner } = contender;
      const pairs = pairsOf(times, metric, (ms) => ms);
      const unreached = pairs.filter(({ ours }) => ours === Infinity).length;
      bench.record({
        metric,
        unit: 'ms',
        planner,
        settings: settingsFor(contender, settings),
        pairs,
        ...(unreached > 0 && {
          note: `ours did not reach the target in ${unreached} of ${amounts.problems} problems`,
        }),
      });
    }
  },
};

const settingsOf = (spec, amounts) => ({ ...spec.settings, iterations: amounts.tracedIterations });

/** The reference's settings, and where ours has smaller populations, more of them. */
function settingsFor({ samples = Infinity, elites = Infinity }, theirs) {
  const ours = {
    ...theirs,
    samples: Math.min(samples, theirs.samples),
    elites: Math.min(elites, theirs.elites),
  };
  return { ...ours, iterations: Math.floor((theirs.samples * theirs.iterations) / ours.samples) };
}

/** @returns {Promise<Record<string, number | null>>} milliseconds until the target, of the reference and by metric */
async function timeProblem(bench, settings, problem) {
  const which = { problem, noiseIndex: problem };
  await sleep(PAUSE_MS);
  const theirs = await solveOnce(bench, bench.reference, 'cem', settings, which);
  const first = theirs.meanCosts[0];
  const target = first - SHARE * (first - Math.min(...theirs.bestCosts));
  const times = {
    reference: timeUntil(theirs.bestCosts, theirs.iterationMs, target),
  };
  for (const contender of CONTENDERS) {
    const { metric, precision, planner } = contender;
    const side = bench.ours[precision];
    times[metric] = null;
    if (side === null) continue;
    await sleep(PAUSE_MS);
    const trace = bench.inputs.fresh('ours');
    const answer = await solveOnce(bench, side, planner, settingsFor(contender, settings), {
      ...which,
      trace,
    });
    const costs = await scoreWithReference(bench, problem, bestCandidates(readTensors(trace)));
    times[metric] = timeUntil(costs, answer.iterationMs, target);
  }
  return times;
}

/** Milliseconds until the end of the first iteration whose best cost is at most `target`; Infinity if there is none. */
function timeUntil(bestCosts, iterationMs, target) {
  const index = bestCosts.findIndex((cost) => cost <= target);
  return index < 0 ? Infinity : iterationMs.slice(0, index + 1).reduce((sum, ms) => sum + ms, 0);
}

/** The cheapest candidate of each iteration, `[I, H, A]`, of a trace. */
function bestCandidates(trace) {
  const { data, shape } = trace.get('candidates');
  const costs = trace.get('costs').data;
  const [iterations, samples, ...plan] = shape;
  const size = plan.reduce((product, length) => product * length, 1);
  const best = new Float32Array(iterations * size);
  for (let i = 0; i < iterations; i++) {
    let winner = i * samples;
    for (let n = winner; n < (i + 1) * samples; n++) if (costs[n] < costs[winner]) winner = n;
    best.set(data.subarray(winner * size, (winner + 1) * size), i * size);
  }
  return { data: best, shape: [iterations, ...plan] };
}
