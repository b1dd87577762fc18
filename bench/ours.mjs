/** Our engine as the harness sees it: compiled rollouts and the planners of dist/, told to do what the reference does. */
import { createRequire } from 'node:module';

import { loadModel } from '../dist/model/load-model.js';
import { createPlanner } from '../dist/planning/registry.js';

const PRECISIONS = { fp32: 'float32', fp16: 'float16', int8: 'int8' };

/** What the reference's solvers do: nothing is kept but the mean (and iCEM's elites), and no deviation is too small. */
const AS_THE_REFERENCE = { minStd: 0, keep: 'mean', returned: 'mean' };

/**
 * @param {{ folder: string }} model
 * @param {{ precision: 'fp32' | 'fp16' | 'int8', threads: number, device: string }} options
 */
export async function openOurs({ folder }, { precision, threads, device = 'cpu' }) {
  const model = await loadModel(folder, { device, threads });
  const { latent, history, action, objective, plannerDefaults } = model.manifest;
  const joints = action.joints.length;
  /** @type {Map<string, import('../dist/model/compiled-scorer.js').CompiledScorer>} */
  const scorers = new Map();

  /** The candidates of the harness are model actions, within its own bound. */
  const actionWithin = (bound) => ({
    ...action,
    lower: action.mean.map((mean, i) => mean - bound * action.std[i]),
    upper: action.mean.map((mean, i) => mean + bound * action.std[i]),
  });

  async function scorerFor(horizon) {
    const key = String(horizon);
    if (!scorers.has(key)) {
      const weights = { action: plannerDefaults.actionPenalty, smoothness: 0, limit: 0, limitMargin: 0 };
      const spec = { metric: objective.default, steps: objective.steps, expression: null, weights };
      scorers.set(
        key,
        await model.rollouts.scorer({ objective: spec, horizon, precision: PRECISIONS[precision] }),
      );
    }
    return scorers.get(key);
  }

  return {
    device: model.device,
    versions: {
      'onnxruntime-node': createRequire(import.meta.url)('onnxruntime-node/package.json').version,
      node: process.versions.node,
    },

    async dispose() {
      for (const scorer of scorers.values()) await scorer.dispose();
      await model.dispose();
    },

    /**
     * One plan, traced.
     *
     * @param {string} planner cem, mppi or icem
     * @param {{ history: { data: Float32Array, shape: number[] }, goal: { data: Float32Array, shape: number[] } }} problem
     * @param {{ data: Float32Array, shape: number[] }} noise `[I, S, H, A]`, standard normal
     */
    async plan(planner, problem, noise, settings) {
      const { samples, iterations, elites, horizon, initial_std: std, bound, temperature } = settings;
      const scorer = await scorerFor(horizon);
      const trace = [];
      let lastMs = 0;
      let scoreMs = 0;
      const timed = {
        score: async (context, candidates) => {
          const beforeMs = performance.now();
          const costs = await scorer.score(context, candidates);
          scoreMs += performance.now() - beforeMs;
          return costs;
        },
      };
      const toModel = (raw) =>
        raw.map((value, i) => (value - action.mean[i % joints]) / action.std[i % joints]);
      const onIteration = ({ candidates, costs, mean, std: deviation }) => {
        const nowMs = performance.now();
        trace.push({
          ms: nowMs - lastMs,
          scoreMs,
          candidates: toModel(candidates),
          costs: costs.slice(),
          mean: toModel(mean),
          std: deviation.map((value, i) => value / action.std[i % joints]),
        });
        scoreMs = 0;
        lastMs = performance.now();
      };
      const made = createPlanner(planner, { latent, history, action: actionWithin(bound) }, timed, {
        ...AS_THE_REFERENCE,
        samples,
        iterations,
        elites,
        horizon,
        initialStd: std / bound,
        temperature,
        shrink: 1,
        keptElites: Math.min(5, elites),
        onIteration,
      });
      let drawn = 0;
      const rng = {
        normals: (out) => {
          out.set(noise.data.subarray(drawn, drawn + out.length));
          drawn += out.length;
        },
      };
      const context = {
        history: { data: problem.history.data, shape: [1, ...problem.history.shape] },
        goal: { data: problem.goal.data, shape: [1, ...problem.goal.shape] },
        committed: new Float32Array(0),
      };
      const startMs = performance.now();
      lastMs = startMs;
      await made.plan(null, context, rng);
      return { totalMs: performance.now() - startMs, iterations: trace };
    },
  };
}
