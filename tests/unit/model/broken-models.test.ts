import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { TensorProto_DataType } from '../../../packages/rollout-compiler/src/onnx/onnx_pb.js';
import { loadModel } from '../../../src/model/load-model.js';
import { BROKEN_FOLDERS } from '../../fixtures/broken-models/folders.js';
import { BROKEN_GOLDEN_VECTORS } from '../../fixtures/broken-models/golden.js';
import { BROKEN_GRAPHS } from '../../fixtures/broken-models/graphs.js';
import { BROKEN_MANIFESTS } from '../../fixtures/broken-models/manifests.js';
import { golden, graph } from '../../fixtures/broken-models/spoil.js';
import { addTable, bytesOf, encoderDataOut } from '../../fixtures/broken-models/spoil-graph.js';
import { BROKEN_WEIGHTS } from '../../fixtures/broken-models/weights.js';
import { TinyModelCopy } from '../../fixtures/tiny-model.js';

/*
 * Every way to break a model folder that a careless exporter, a bad disk or a malicious stranger has: each is refused, by the code that
 * scripts match on, and with the name of what is wrong.
 */

const MUTATIONS = [
  ...BROKEN_MANIFESTS,
  ...BROKEN_FOLDERS,
  ...BROKEN_GRAPHS,
  ...BROKEN_WEIGHTS,
  ...BROKEN_GOLDEN_VECTORS,
];

describe('a broken model folder', () => {
  let copy: TinyModelCopy;

  beforeEach(async () => {
    copy = await TinyModelCopy.create();
  });

  afterEach(async () => {
    await copy.remove();
  });

  it('is one of at least 60 kinds, each tried once', () => {
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(MUTATIONS.map(([what]) => what)).size).toBe(MUTATIONS.length);
  });

  it('is not what a copy is before it is broken', async () => {
    await encoderDataOut(copy, (data) => data);
    await graph('encoder', (g) => {
      addTable(g, {
        dataType: TensorProto_DataType.FLOAT,
        rawData: bytesOf(Float32Array.of(1, -Infinity, 3, Infinity)),
      });
    })(copy);
    await golden(() => undefined)(copy);
    const model = await loadModel(copy.folder, { device: 'cpu' });
    await model.dispose();
  });

  it.each(MUTATIONS)('with %s is refused', async (_, spoil, code, names) => {
    await spoil(copy);
    const outcome = await loadModel(copy.folder, { device: 'cpu' }).catch((error: unknown) => error);
    if (!(outcome instanceof JepaMpcError)) throw new TypeError(`not refused: ${String(outcome)}`);
    const { subject, found, expected, remedy } = outcome.facts;
    expect(outcome.code, outcome.message).toBe(code);
    expect(`${subject} ${found}`).toContain(names);
    for (const fact of [subject, found, expected, remedy]) expect(fact).toMatch(/\S/);
  });
});
