import { writeTensors } from '../tensor-file.mjs';
import { problemsFile } from './rounds.mjs';

/**
 * Costs of candidates by the reference's float32 model: the judge of what other precisions claim.
 *
 * @param {import('./rounds.mjs').Bench} bench
 * @param {number} problem
 * @param {{ data: Float32Array, shape: readonly number[] }} candidates `[S, H, A]`
 * @returns {Promise<Float32Array>} `[S]`
 */
export async function scoreWithReference(bench, problem, candidates) {
  const file = bench.inputs.fresh('candidates');
  writeTensors(file, { candidates });
  const { costs } = await bench.reference.ask('score', {
    problems: await problemsFile(bench),
    problem,
    candidates: file,
  });
  return Float32Array.from(costs);
}
