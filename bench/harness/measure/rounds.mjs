import { setTimeout as sleep } from 'node:timers/promises';

import { OtherLoad, TOLERATED_LOAD } from '../other-load.mjs';

/** Lets threads that spin for more work go to sleep: they would take a core from the other side. */
export const PAUSE_MS = 100;

/**
 * @typedef {object} Bench one case with its processes open
 * @property {import('../cases.mjs').Case} spec
 * @property {import('../cases.mjs').Amounts} amounts
 * @property {import('../side.mjs').Side} reference
 * @property {{ fp32: import('../side.mjs').Side | null, int8: import('../side.mjs').Side | null }} ours null: this build cannot open it
 * @property {import('../inputs.mjs').Inputs} inputs
 * @property {(iterations: number) => void} advance moves the progress bar
 * @property {(result: object) => void} record
 */

/** How much one solve with these settings costs, in iterations of the case's own. */
export function workOf({ settings: own }, { samples, horizon, iterations }) {
  return (iterations * samples * horizon) / (own.samples * own.horizon);
}

/** Problems that a case has: the same ones for every measurement. */
const problemCount = ({ amounts }) => Math.max(2, amounts.problems);

/** The file with them. */
export function problemsFile(bench) {
  return bench.inputs.problems(bench.reference, bench.spec.name, problemCount(bench));
}

/** One solve of one side, the progress bar moved. `problem` may be any number from 0: they repeat. */
export async function solveOnce(bench, side, planner, settings, { problem, noiseIndex, ...options }) {
  const { spec, inputs } = bench;
  const answer = await side.ask('solve', {
    planner,
    settings,
    problems: await problemsFile(bench),
    problem: problem % problemCount(bench),
    noise: inputs.noise(settings, spec.actionDim, noiseIndex),
    ...options,
  });
  bench.advance(workOf(spec, settings));
  return answer;
}

/**
 * Repeats work, a limited number of times, until the machine was quiet while it ran.
 *
 * @template T
 * @param {Bench} bench
 * @param {() => Promise<T>} work
 * @returns {Promise<T & { otherLoad: number }>} the result of the quietest attempt, and how many cores other programs used during it
 */
export async function whenQuiet({ amounts, reference, ours }, work) {
  const pids = [reference, ours.fp32, ours.int8].filter((side) => side !== null).map(({ pid }) => pid);
  let quietest = null;
  for (let attempt = 0; attempt < amounts.attempts; attempt++) {
    const load = new OtherLoad(pids);
    const result = await work();
    const otherLoad = load.cores();
    if (quietest === null || otherLoad < quietest.otherLoad) quietest = { ...result, otherLoad };
    if (otherLoad <= TOLERATED_LOAD) break;
  }
  return quietest;
}

/**
 * Rounds of A B A B: in each, every side solves the same problem with the same noise, one after the other. One unrecorded round comes
 * first, and a round that another program disturbed is made again.
 *
 * @param {Bench} bench
 * @param {string} planner
 * @param {import('../cases.mjs').Settings} settings
 * @param {{ rounds: number, gaps?: boolean, precisions?: readonly ('fp32' | 'int8')[] }} options
 * @returns {Promise<{ reference: any, fp32: any, int8: any, otherLoad: number }[]>} the answers; null where a side is not open
 */
export async function solveInRounds(
  bench,
  planner,
  settings,
  { rounds, gaps = false, precisions = ['fp32', 'int8'] },
) {
  const sides = [
    ['reference', bench.reference],
    ...precisions.map((precision) => [precision, bench.ours[precision]]),
  ].filter(([, side]) => side !== null);
  const makeRound = async (round) => {
    const answers = { reference: null, fp32: null, int8: null };
    for (const [name, side] of sides) {
      await sleep(PAUSE_MS);
      const which = { problem: Math.max(0, round), noiseIndex: round + 1 };
      answers[name] = await solveOnce(bench, side, planner, settings, { ...which, gaps });
    }
    return answers;
  };
  await makeRound(-1);
  const answers = [];
  for (let round = 0; round < rounds; round++) answers.push(await whenQuiet(bench, () => makeRound(round)));
  return answers;
}

/** Pairs of one figure of each answer, `[{ ours, reference, otherLoad }]`, for our side in that precision. */
export function pairsOf(answers, precision, figure) {
  return answers.map((answer) => ({
    ours: answer[precision] === null ? null : figure(answer[precision]),
    reference: figure(answer.reference),
    otherLoad: answer.otherLoad,
  }));
}
