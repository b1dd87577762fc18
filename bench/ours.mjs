/** Our engine for the harness: compiled rollouts and the planners of dist/, set up to do what the reference does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { loadModel } from '../dist/src/model/load-model.js';
import { makePlanner } from './harness/planner.mjs';
import { readNodeTimes } from './harness/node-times.mjs';
import { sessionRunMs } from './harness/session-clock.mjs';

/** Pause in which threads that spin for more work go to sleep. They would take a core from the other session. */
const PAUSE_MS = 100;

const PRECISIONS = { fp32: 'float32', fp16: 'float16', int8: 'int8' };

/** What the reference's solvers do: they keep nothing but the mean (and iCEM's elites), and have no minimum standard deviation. */
const AS_THE_REFERENCE = {
  'sampling.joint_min_std': [0],
  'sampling.keep': 'mean',
  'sampling.returned': 'mean',
  'actions.repeat': 1,
};

/**
 * @param {{ folder: string }} model
 * @param {{ precision: 'fp32' | 'fp16' | 'int8', threads: number, device: string }} options
 */
export async function openOurs({ folder }, { precision, threads, device = 'cpu' }) {
  const model = await loadModel(folder, { device, threads });
  const { latent, history, action, objective, plannerDefaults } = model.manifest;
  const joints = action.joints.length;
  /** @type {Map<string, import('../dist/src/model/compiled-scorer.js').CompiledScorer>} */
  const scorers = new Map();
  const profileFolder = mkdtempSync(join(tmpdir(), 'jepa-mpc-profile-'));

  /** The candidates of the harness are normalised actions, within a bound of their own. */
  const actionWithin = (bound) => ({
    ...action,
    lower: action.mean.map((mean, i) => mean - bound * action.std[i]),
    upper: action.mean.map((mean, i) => mean + bound * action.std[i]),
  });

  /** The scorer for a horizon and a set of savings, with or without timing its operators; compiled once. */
  async function scorerFor(horizon, savings, isProfiled) {
    const key = JSON.stringify([horizon, savings, isProfiled]);
    if (!scorers.has(key)) {
      const weights = {
        action: plannerDefaults.actionPenalty,
        smoothness: 0,
        limit: 0,
        limitMargin: 0,
        limitMarginM: 0,
      };
      const spec = { metric: objective.default, steps: objective.steps, expression: null, weights };
      const request = { objective: spec, horizon, precision: PRECISIONS[precision] };
      scorers.set(
        key,
        await model.rollouts.scorer(
          savings === undefined ? request : { ...request, savings },
          isProfiled ? { profilePrefix: join(profileFolder, 'rollout') } : {},
        ),
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
      rmSync(profileFolder, { recursive: true, force: true });
    },

    /** Times of the operators in each run of the profiled plans, in order; for one horizon. */
    async profile() {
      for (const [key, scorer] of scorers) {
        const [, , isProfiled] = JSON.parse(key);
        if (!isProfiled) continue;
        scorers.delete(key);
        await scorer.dispose();
      }
      return readNodeTimes(join(profileFolder, 'rollout'));
    },

    /**
     * One plan, traced.
     *
     * @param {string} planner cem, mppi or icem
     * @param {{ history: { data: Float32Array, shape: number[] }, goal: { data: Float32Array, shape: number[] } }} problem
     * @param {{ data: Float32Array, shape: number[] }} noise `[I, S, H, A]`, standard normal
     * @param {object} settings a planner's budget, as harness/cases.mjs has it
     * @param {object} [how]
     * @param {import('../dist/packages/rollout-compiler/src/index.js').Savings} [how.savings]
     * @param {boolean} [how.profiled] scores all candidates once more, after the plan, with a graph whose operators are timed: `profile`
     */
    async plan(planner, problem, noise, settings, { savings, profiled = false } = {}) {
      const { samples, iterations, elites, horizon, initial_std: std, bound, temperature } = settings;
      const scorer = await scorerFor(horizon, savings, false);
      const trace = [];
      const scored = [];
      let lastMs = 0;
      let runMs = 0;
      /** Time that only the observation takes. It is not part of the plan. */
      let observedMs = 0;
      const timed = {
        score: async (context, candidates) => {
          const ranMs = sessionRunMs();
          const costs = await scorer.score(context, candidates);
          runMs = sessionRunMs() - ranMs;
          return costs;
        },
      };
      const toModel = (raw) =>
        raw.map((value, i) => (value - action.mean[i % joints]) / action.std[i % joints]);
      const onIteration = ({ candidates, costs, mean, std: rawStd }) => {
        const nowMs = performance.now();
        if (profiled) scored.push(candidates.slice());
        trace.push({
          ms: nowMs - lastMs,
          runMs,
          candidates: toModel(candidates),
          costs: costs.slice(),
          mean: toModel(mean),
          std: rawStd.map((value, i) => value / action.std[i % joints]),
        });
        lastMs = performance.now();
        observedMs += lastMs - nowMs;
      };
      // Without the model's momentum: the reference has none of its own.
      const defaults = { ...plannerDefaults, momentum: undefined };
      const spec = { latent, history, action: actionWithin(bound), plannerDefaults: defaults };
      const parameters = {
        ...AS_THE_REFERENCE,
        'sampling.samples': samples,
        'sampling.iterations': iterations,
        'sampling.elites': elites,
        'sampling.horizon': horizon,
        'sampling.joint_initial_std': [std / bound],
        ...(temperature !== undefined && { 'mppi.temperature': temperature }),
        'icem.shrink': 1,
        'icem.kept_elites': Math.min(5, elites),
      };
      const made = makePlanner(planner, spec, timed, parameters, onIteration);
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
      const totalMs = performance.now() - startMs - observedMs;
      if (profiled) {
        const shadow = await scorerFor(horizon, savings, true);
        await sleep(PAUSE_MS);
        for (const candidates of scored) await shadow.score(context, candidates);
      }
      return { totalMs, iterations: trace };
    },
  };
}
