import { setTimeout as sleep } from 'node:timers/promises';

import { ALL_SAVINGS } from '../../../dist/packages/rollout-compiler/src/index.js';
import { median } from '../statistics.mjs';
import { PAUSE_MS, solveOnce, whenQuiet, workOf } from './rounds.mjs';

const ITERATIONS = 2;

/** Savings that are left out for each metric. */
const WITHOUT = new Map([
  ['saving_last_frame_ratio', ['lastFrameOnly']],
  ['saving_shared_once_ratio', ['sharedOnce']],
  ['saving_kept_between_steps_ratio', ['keptBetweenSteps']],
  ['saving_all_ratio', Object.keys(ALL_SAVINGS)],
]);

/**
 * `saving_*_ratio`: what each exact saving of the compiler brings (`Savings` in packages/rollout-compiler). Both sides of a pair are ours:
 * with all savings / without one of them, or without any; the same candidates, the same costs. The compiler still does everything else.
 */
export const savings = {
  title: 'savings',
  work: ({ spec, amounts }) => 1.4 * (amounts.growthPairs + 1) * workOf(spec, settingsOf(spec)),

  async run(bench) {
    if (bench.ours.fp32 === null) return;
    const settings = settingsOf(bench.spec);
    const makeRound = async (round) => {
      const which = { problem: Math.max(0, round), noiseIndex: round + 1 };
      const timeWith = async (savings) => {
        await sleep(PAUSE_MS);
        const answer = await solveOnce(bench, bench.ours.fp32, 'cem', settings, { ...which, savings });
        return median(answer.iterationMs);
      };
      const ms = { all: await timeWith(ALL_SAVINGS) };
      for (const [metric, left] of WITHOUT) ms[metric] = await timeWith(without(left));
      return { ms };
    };
    await makeRound(-1);
    const rounds = [];
    for (let round = 0; round < bench.amounts.growthPairs; round++)
      rounds.push(await whenQuiet(bench, () => makeRound(round)));
    for (const metric of WITHOUT.keys()) {
      bench.record({
        metric,
        unit: 'ms',
        planner: 'cem',
        settings,
        note: 'the reference of this ratio is our own graph without the saving',
        pairs: rounds.map(({ ms, otherLoad }) => ({ ours: ms.all, reference: ms[metric], otherLoad })),
      });
    }
  },
};

const settingsOf = (spec) => ({ ...spec.settings, iterations: ITERATIONS });

/** @param {readonly string[]} left names of savings */
function without(left) {
  return Object.fromEntries(Object.keys(ALL_SAVINGS).map((name) => [name, !left.includes(name)]));
}
