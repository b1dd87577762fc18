/** `node --test bench/tests` (needs the built `dist`). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openOurs } from '../ours.mjs';
import { partOf, runsOf } from '../harness/node-times.mjs';

const event = (name, ts, dur, cat = 'Node') => ({ cat, name, ts, dur });

test('a merged operator belongs to the part that its result is named after', () => {
  assert.equal(partOf({ name: 'predictor/0/Gemm_7', output: ['predictor/0/v7'] }), 'predictor');
  assert.equal(partOf({ name: 'Gelu_token_3', output: ['', 'distance/v9'] }), 'distance');
  assert.equal(partOf({ name: 'ReorderInput', output: ['reorder'] }), 'other');
  assert.equal(partOf({ name: 'planner/0/Gemm_7', output: ['v7'] }), 'other');
});

test('kernel times are added up for each run and part, and what comes before the first run is left out', () => {
  const events = [
    event('a_kernel_time', 50, 7),
    event('model_run', 1000, 500, 'Session'),
    event('b_kernel_time', 1300, 20),
    event('a_kernel_time', 1100, 100),
    event('a_kernel_time', 1250, 25),
    event('unheard_of_kernel_time', 1350, 1),
    event('model_run', 2000, 400, 'Session'),
    event('b_kernel_time', 2100, 40),
  ];
  const parts = new Map([
    ['a', 'predictor'],
    ['b', 'distance'],
  ]);
  assert.deepEqual(runsOf(events, parts), [
    { runMs: 0.5, partMs: { predictor: 0.125, distance: 0.02, other: 0.001 } },
    { runMs: 0.4, partMs: { distance: 0.04 } },
  ]);
});

test("a profiled plan's operators are all known, and most of them are the model's", async () => {
  const folder = fileURLToPath(new URL('../../models/reacher', import.meta.url));
  const ours = await openOurs({ folder }, { precision: 'fp32', threads: 1, device: 'cpu' });
  const [samples, horizon, iterations] = [64, 3, 2];
  const tensor = (...shape) => ({
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.1),
    shape,
  });
  const problem = { history: tensor(2, 1, 32), goal: tensor(1, 32) };
  const settings = { samples, iterations, elites: 8, horizon, initial_std: 0.4, bound: 40, temperature: 1 };
  await ours.plan('cem', problem, tensor(iterations, samples, horizon, 4), settings, { profiled: true });
  const runs = await ours.profile();
  await ours.dispose();
  assert.equal(runs.length, iterations);
  for (const { partMs, runMs } of runs) {
    assert.deepEqual(
      Object.keys(partMs).filter((part) => part === 'other'),
      [],
    );
    assert.ok(partMs.predictor > 0 && partMs.distance > 0 && partMs.objective > 0);
    assert.ok(Object.values(partMs).reduce((sum, ms) => sum + ms) <= runMs);
  }
});
