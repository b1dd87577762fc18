/** `node --test bench/tests` (needs the built `dist`). */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { markdown } from '../harness/report.mjs';
import { quantile, summarise } from '../harness/statistics.mjs';
import { readTensors, writeTensors } from '../harness/tensor-file.mjs';

test('the ratio is taken within each pair, then its median', () => {
  const runs = [
    { ours: 1, reference: 2 },
    { ours: 9, reference: 3 },
    { ours: 4, reference: 5 },
  ];
  const { ours, reference, ratio, ratioRange } = summarise(runs);
  assert.deepEqual([ours, reference, ratio, ratioRange], [4, 3, 0.8, [0.5, 3]]);
});

test('a side without figures gives no ratio, and a target never reached counts as infinite', () => {
  assert.equal(summarise([{ ours: null, reference: 2 }]).ratio, null);
  const { ratio, ratioRange } = summarise([
    { ours: 1, reference: 2 },
    { ours: Infinity, reference: 2 },
    { ours: Infinity, reference: 2 },
  ]);
  assert.deepEqual([ratio, ratioRange], [Infinity, [0.5, Infinity]]);
});

test('runs that other programs disturbed are counted', () => {
  const runs = [0, 0.05, 0.8].map((otherLoad) => ({ ours: 1, reference: 1, otherLoad }));
  assert.equal(summarise(runs).disturbed, 1);
});

test('quantiles lie between the two nearest values', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([7], 0.99), 7);
});

test('tensors come back from a file as they were written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-bench-test-'));
  try {
    const file = join(folder, 'a.safetensors');
    const backing = Float32Array.from({ length: 8 }, (_, i) => i / 3);
    const tensors = {
      view: { data: backing.subarray(2, 8), shape: [2, 3] },
      one: { data: Float32Array.of(-1), shape: [1] },
    };
    writeTensors(file, tensors);
    for (const [name, { data, shape }] of readTensors(file)) {
      assert.deepEqual([[...data], [...shape]], [[...tensors[name].data], tensors[name].shape]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the table says what was not measured and what was never reached', () => {
  const machine = {
    processor: 'P',
    cores: 2,
    memoryGb: 8,
    threads: 2,
    devices: { ours: 'cpu', reference: 'cpu' },
    versions: {},
    loadAtStart: 0,
    date: 'today',
  };
  const results = [
    { case: 'a', metric: 'time_to_99_percent', ...summarise([{ ours: Infinity, reference: 12.345 }]) },
    { case: 'b', metric: 'ms_per_iteration_fp32', ...summarise([{ ours: null, reference: 5 }]) },
  ];
  const table = markdown({ machine, results, notes: [], seed: 1, quick: false });
  assert.match(table, /\| a \| time_to_99_percent \|.*never.*12\.3/);
  assert.match(table, /\| b \| ms_per_iteration_fp32 \|.*\| - \| 5 \(5\.\.5\) \| - \|/);
  assert.ok(table.indexOf('| b |') < table.indexOf('| a |'), 'metrics come in their own order');
});
