/** The thread that plans: answers `open` and `solve` with what bench/ours.mjs does. */
import { parentPort } from 'node:worker_threads';

import { openOurs } from '../ours.mjs';
import { readTensors, writeTensors } from './tensor-file.mjs';

/** @type {Map<string, ReturnType<typeof readTensors>>} */
const files = new Map();
let ours = null;

/** A file of tensors, read once: the harness never writes another under the same name. */
function tensorsIn(path) {
  if (!files.has(path)) files.set(path, readTensors(path));
  return files.get(path);
}

/** Row `index` along the first axis. */
function row({ data, shape }, index) {
  const size = data.length / shape[0];
  return { data: data.subarray(index * size, (index + 1) * size), shape: shape.slice(1) };
}

const operations = {
  async open({ folder, threads, device, precision }) {
    await ours?.dispose();
    ours = null;
    files.clear();
    ours = await openOurs({ folder }, { precision, threads, device });
    return { versions: ours.versions, device: ours.device };
  },

  async profile() {
    return { runs: await ours.profile() };
  },

  async solve({ planner, problems, problem, noise, settings, trace: traceFile = null, savings, profiled }) {
    const tensors = tensorsIn(problems);
    const trace = await ours.plan(
      planner,
      { history: row(tensors.get('history'), problem), goal: row(tensors.get('goal'), problem) },
      tensorsIn(noise).get('noise'),
      settings,
      { savings, profiled },
    );
    const { iterations } = trace;
    if (traceFile !== null) writeTrace(traceFile, iterations, settings);
    return {
      totalMs: trace.totalMs,
      iterationMs: iterations.map(({ ms }) => ms),
      runMs: iterations.map(({ runMs }) => runMs),
      bestCosts: iterations.map(({ costs }) => costs.reduce((min, cost) => Math.min(min, cost), Infinity)),
      meanCosts: iterations.map(({ costs }) => costs.reduce((sum, cost) => sum + cost, 0) / costs.length),
    };
  },
};

function writeTrace(file, iterations, { samples, horizon }) {
  const names = ['candidates', 'costs', 'mean', 'std'];
  const actionDim = iterations[0].mean.length / horizon;
  const plan = [horizon, actionDim];
  const shapes = { candidates: [samples, ...plan], costs: [samples], mean: plan, std: plan };
  writeTensors(
    file,
    Object.fromEntries(
      names.map((name) => {
        const rows = iterations.map((iteration) => iteration[name]);
        const data = new Float32Array(rows.reduce((sum, values) => sum + values.length, 0));
        rows.forEach((values, index) => data.set(values, index * values.length));
        return [name, { data, shape: [rows.length, ...shapes[name]] }];
      }),
    ),
  );
}

parentPort.on('message', async ({ op, ...fields }) => {
  try {
    parentPort.postMessage(await operations[op](fields));
  } catch (error) {
    parentPort.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
