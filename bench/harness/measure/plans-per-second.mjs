import { pairsOf, solveInRounds, workOf } from './rounds.mjs';

/** `plans_per_second` with the budget of one plan on a robot, from latent to action sequence (no camera, no encoder). */
export const plansPerSecond = {
  title: 'plans a second',
  work: ({ spec, amounts }) => (amounts.plans + 1) * workOf(spec, settingsOf(spec)),

  async run(bench) {
    const settings = settingsOf(bench.spec);
    const answers = await solveInRounds(bench, 'cem', settings, { rounds: bench.amounts.plans });
    for (const precision of ['fp32', 'int8']) {
      bench.record({
        metric: precision === 'fp32' ? 'plans_per_second' : 'plans_per_second_int8',
        unit: '1/s',
        planner: 'cem',
        settings,
        pairs: pairsOf(answers, precision, ({ totalMs }) => 1000 / totalMs),
      });
    }
  },
};

const settingsOf = (spec) => ({ ...spec.settings, ...spec.realtime });
