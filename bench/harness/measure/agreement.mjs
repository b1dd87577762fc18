import { rankCorrelation } from '../../../dist/src/math/rank-correlation.js';
import { readTensors } from '../tensor-file.mjs';
import { solveOnce, workOf } from './rounds.mjs';
import { scoreWithReference } from './score.mjs';

const PLANNERS = ['cem', 'mppi'];
const PRECISIONS = ['fp32', 'fp16', 'int8'];

/**
 * Whether both sides compute the same.
 *
 * - `refit_max_relative_difference`: the reference's solver gets the same noise and, instead of the costs of its own model, ours. Only
 *   sampling, selection and refit can still differ. Largest difference of mean and standard deviation over all iterations, relative to the
 *   largest entry of each.
 * - `cost_max_relative_difference_*`: candidates of our first iteration, scored by the reference's model.
 * - `cost_rank_correlation_*`: Spearman's, of the same costs; and `..._last_iteration`, where the candidates lie close together and ranking
 *   them is hardest.
 *
 * iCEM is not compared: stable-worldmodel scales every coloured sequence to standard deviation 1 over time, ours has standard deviation 1
 * over the samples.
 */
export const agreement = {
  title: 'agreement',
  work: ({ spec, amounts }) =>
    amounts.checks * (PLANNERS.length + PRECISIONS.length) * workOf(spec, settingsOf(spec, amounts)),

  async run(bench) {
    for (const planner of PLANNERS) await refitDifference(bench, planner);
    for (const precision of PRECISIONS) {
      const side = bench.ours[precision] ?? (await bench.openOurs(precision));
      if (side === null) continue;
      await costAgreement(bench, precision, side);
      if (side !== bench.ours[precision]) await side.close();
    }
  },
};

const settingsOf = (spec, amounts) => ({ ...spec.settings, iterations: amounts.iterations });

async function refitDifference(bench, planner) {
  const { spec, amounts, reference, ours, inputs } = bench;
  if (ours.fp32 === null) return;
  const settings = settingsOf(spec, amounts);
  const pairs = [];
  for (let problem = 0; problem < amounts.checks; problem++) {
    const [ourFile, referenceFile] = [inputs.fresh('ours'), inputs.fresh('reference')];
    const which = { problem, noiseIndex: problem };
    await solveOnce(bench, ours.fp32, planner, settings, { ...which, trace: ourFile });
    await solveOnce(bench, reference, planner, settings, { ...which, trace: referenceFile, costs: ourFile });
    const [our, theirs] = [readTensors(ourFile), readTensors(referenceFile)];
    pairs.push({
      ours: Math.max(...['mean', 'std'].map((name) => relativeDifference(our.get(name), theirs.get(name)))),
      reference: null,
    });
  }
  bench.record({ metric: 'refit_max_relative_difference', unit: '', planner, settings, pairs });
}

async function costAgreement(bench, precision, side) {
  const { spec, amounts, inputs } = bench;
  const settings = settingsOf(spec, amounts);
  const figures = {
    cost_max_relative_difference: [],
    cost_rank_correlation: [],
    cost_rank_correlation_last_iteration: [],
  };
  for (let problem = 0; problem < amounts.checks; problem++) {
    const trace = inputs.fresh('ours');
    await solveOnce(bench, side, 'cem', settings, { problem, noiseIndex: problem, trace });
    const tensors = readTensors(trace);
    const score = async (iteration) => {
      const [{ data: costs }, { data: candidates, shape }] = [
        tensors.get('costs'),
        tensors.get('candidates'),
      ];
      const [iterations, samples] = shape;
      const size = candidates.length / iterations;
      const data = candidates.subarray(iteration * size, (iteration + 1) * size);
      return {
        found: costs.subarray(iteration * samples, (iteration + 1) * samples),
        theirs: await scoreWithReference(bench, problem, { data, shape: shape.slice(1) }),
      };
    };
    const [first, last] = [await score(0), await score(settings.iterations - 1)];
    const shape = [1, first.found.length];
    const difference = relativeDifference({ data: first.found, shape }, { data: first.theirs, shape });
    figures.cost_max_relative_difference.push(difference);
    figures.cost_rank_correlation.push(rankCorrelation(first.found, first.theirs));
    figures.cost_rank_correlation_last_iteration.push(rankCorrelation(last.found, last.theirs));
  }
  for (const [metric, values] of Object.entries(figures)) {
    const pairs = values.map((value) => ({ ours: value, reference: null }));
    bench.record({ metric: `${metric}_${precision}`, unit: '', planner: 'cem', settings, pairs });
  }
}

/** Largest difference of two tensors, for each row of the first axis relative to its largest entry; the largest of all rows. */
function relativeDifference(found, expected) {
  const rows = expected.shape[0];
  const size = expected.data.length / rows;
  let worst = 0;
  for (let row = 0; row < rows; row++) {
    let difference = 0;
    let largest = 0;
    for (let i = row * size; i < (row + 1) * size; i++) {
      difference = Math.max(difference, Math.abs(found.data[i] - expected.data[i]));
      largest = Math.max(largest, Math.abs(expected.data[i]));
    }
    worst = Math.max(worst, difference / largest);
  }
  return worst;
}
