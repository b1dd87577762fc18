import { median } from '../statistics.mjs';
import { pairsOf, solveInRounds, workOf } from './rounds.mjs';

/** `ms_per_iteration_*` and `overhead_share` of each planner, from the same solves. */
export const iterationTime = {
  title: 'time of an iteration',
  work: ({ spec, amounts }) =>
    spec.planners.length * (amounts.pairs + 1) * workOf(spec, settingsOf(spec, amounts)),

  async run(bench) {
    const { spec, amounts } = bench;
    const settings = settingsOf(spec, amounts);
    for (const planner of spec.planners) {
      const answers = await solveInRounds(bench, planner, settings, { rounds: amounts.pairs });
      for (const precision of ['fp32', 'int8']) {
        bench.record({
          metric: `ms_per_iteration_${precision}`,
          unit: 'ms',
          planner,
          settings,
          pairs: pairsOf(answers, precision, ({ iterationMs }) => median(iterationMs)),
        });
      }
      bench.record({
        metric: 'overhead_share',
        unit: 'share',
        planner,
        settings,
        pairs: pairsOf(answers, 'fp32', overheadShare),
      });
    }
  },
};

const settingsOf = (spec, amounts) => ({ ...spec.settings, iterations: amounts.iterations });

/** Share of a plan's time that is not spent on scoring candidates: sampling, selecting, refitting and what lies around it. */
function overheadShare({ totalMs, scoreMs }) {
  return 1 - scoreMs.reduce((sum, ms) => sum + ms, 0) / totalMs;
}
