import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { readModel } from '../../dist/packages/rollout-compiler/src/index.js';

/** Parts of a compiled rollout, as the names of its operators and values begin (packages/rollout-compiler/src/emit/emit-graph.ts). */
const PARTS = ['predictor', 'distance', 'objective', 'actions', 'plan', 'output'];
const KERNEL = '_kernel_time';

/**
 * Which part of the rollout asked for an operator that ONNX Runtime runs. Operators that it merged have names of its own, but what they
 * give keeps the name that we gave it, and with it its part; what it put in itself (a change of layout, say) is no one's: `other`.
 *
 * @param {{ name: string, output: readonly string[] }} node
 */
export function partOf({ name, output }) {
  for (const text of [name, ...output]) {
    const [part] = text.split('/', 1);
    if (text !== part && PARTS.includes(part)) return part;
  }
  return 'other';
}

/**
 * Reads what a profiled session left behind.
 *
 * @param {string} prefix its `profilePrefix`
 * @returns {{ runMs: number, partMs: Record<string, number> }[]} for each run, in order: how long ONNX Runtime took, and the time inside
 *   the kernels of each part. Kernels run one after the other, each with all threads, so these are wall-clock times; what is missing to
 *   `runMs` is what lies between the kernels.
 */
export function readNodeTimes(prefix) {
  const { graph } = readModel(readFileSync(`${prefix}.onnx`), prefix);
  const parts = new Map(graph.node.map((node) => [node.name, partOf(node)]));
  return runsOf(readEvents(prefix), parts);
}

/** The events of a profiled session, as ONNX Runtime writes them, in microseconds. */
export function readEvents(prefix) {
  const [file] = readdirSync(dirname(prefix)).filter(
    (name) => name.startsWith(basename(prefix)) && name.endsWith('.json'),
  );
  return JSON.parse(readFileSync(join(dirname(prefix), file), 'utf8'));
}

/**
 * @param {readonly { cat: string, name: string, ts: number, dur: number }[]} events in microseconds
 * @param {ReadonlyMap<string, string>} parts of each operator's name
 */
export function runsOf(events, parts) {
  const runs = events
    .filter(({ name }) => name === 'model_run')
    .toSorted((a, b) => a.ts - b.ts)
    .map(({ ts, dur }) => ({ end: ts + dur, us: dur, parts: {} }));
  const kernels = events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith(KERNEL))
    .toSorted((a, b) => a.ts - b.ts);
  let index = 0;
  for (const { name, ts, dur } of kernels) {
    while (index < runs.length && ts > runs[index].end) index++;
    const run = runs[index];
    if (run === undefined) break;
    const part = parts.get(name.slice(0, -KERNEL.length)) ?? 'other';
    if (ts >= run.end - run.us) run.parts[part] = (run.parts[part] ?? 0) + dur;
  }
  return runs.map(({ us, parts: kernelsUs }) => ({
    runMs: us / 1000,
    partMs: Object.fromEntries(Object.entries(kernelsUs).map(([part, kernelUs]) => [part, kernelUs / 1000])),
  }));
}
