import { median } from '../statistics.mjs';
import { pairsOf, solveInRounds, workOf } from './rounds.mjs';

/** `ms_per_iteration_*` of each planner. */
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
    }
  },
};

const settingsOf = (spec, amounts) => ({ ...spec.settings, iterations: amounts.iterations });
