import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ExternalData, readModel } from '../../../packages/rollout-compiler/src/index.js';
import { parseManifest } from '../../../src/model/manifest.js';
import { parseSafetensors } from '../../../src/model/safetensors.js';
import { countParameters, refuseNotANumber } from '../../../src/model/weights.js';
import { changeGraph, moveDataOut } from '../../fixtures/change-graph.js';
import {
  answersOrNames,
  byteMutationsOf,
  isFiniteThroughout,
  jsonMutationsOf,
  mutationsOf,
} from '../../fixtures/fuzzing.js';
import { readTinyManifest, tinyModelFolder } from '../../fixtures/tiny-model.js';

const MANIFEST = ['model.manifest-invalid', 'model.unsupported'] as const;
const GRAPH = ['model.unreadable', 'model.missing-file', 'model.not-finite'] as const;

describe('a manifest changed anywhere', () => {
  it('is read without a NaN, or is refused by name', async () => {
    const manifest = await readTinyManifest();
    fc.assert(
      fc.property(jsonMutationsOf(manifest), (changed) => {
        const read = answersOrNames(() => parseManifest(JSON.stringify(changed), 'manifest.json'), MANIFEST);
        if (read !== undefined) expect(isFiniteThroughout(read)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is read or refused by name as text, too', async () => {
    const text = await readFile(join(tinyModelFolder, 'manifest.json'), 'utf8');
    fc.assert(
      fc.property(mutationsOf(text, ['"__proto__": {},', '1e999', '\\ud800', '//']), (changed) => {
        const read = answersOrNames(() => parseManifest(changed, 'manifest.json'), MANIFEST);
        if (read !== undefined) expect(isFiniteThroughout(read)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('golden vectors changed anywhere', () => {
  it('give tensors of their shapes, or are refused by name', async () => {
    const bytes = await readFile(join(tinyModelFolder, 'golden.safetensors'));
    const headerLength = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as unknown;
    const data = bytes.subarray(8 + headerLength);
    const withHeader = (changed: unknown): Buffer => {
      const text = Buffer.from(JSON.stringify(changed));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([length, text, data]);
    };
    fc.assert(
      fc.property(fc.oneof(byteMutationsOf(bytes), jsonMutationsOf(header).map(withHeader)), (changed) => {
        const tensors = answersOrNames(() => parseSafetensors(changed, 'golden'), ['model.unreadable']);
        for (const { data: values, shape } of tensors?.values() ?? [])
          expect(values.length).toBe(shape.reduce((total, size) => total * size, 1));
      }),
      { numRuns: 500 },
    );
  });
});

describe('an ONNX file changed anywhere', () => {
  let folder: string;
  let graph: Uint8Array;
  const DATA = 'predictor.data';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jepa-mpc-fuzz-'));
    const bytes = await readFile(join(tinyModelFolder, 'predictor.onnx'));
    let data: Uint8Array = new Uint8Array();
    graph = changeGraph(bytes, (inside) => {
      data = moveDataOut(inside, DATA);
    });
    await writeFile(join(folder, DATA), data);
    await writeFile(join(folder, 'predictor.onnx'), graph);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is read with the data of its folder alone, or is refused by name', () => {
    const subject = join(folder, 'predictor.onnx');
    const read = (bytes: Uint8Array): void => {
      answersOrNames(() => {
        const model = readModel(bytes, subject);
        const external = new ExternalData(folder, subject, subject);
        const files = external.check(model);
        expect([...files].every((file) => file === DATA)).toBe(true);
        refuseNotANumber(model, subject, external);
        external.takeInSmall(model);
        external.pinDown(model);
        return countParameters(model);
      }, GRAPH);
    };
    read(graph);
    fc.assert(fc.property(byteMutationsOf(graph), read), { numRuns: 500 });
  });

  it('finds no data by any other location, offset or length', () => {
    const subject = join(folder, 'predictor.onnx');
    const number = fc.constantFrom(
      '-1',
      '1e9',
      '0x10',
      'NaN',
      '',
      '9007199254740993',
      '18446744073709551615',
      '1.5',
      ' 4',
      '0',
    );
    const location = fc.oneof(
      fc.constantFrom(
        '../predictor.data',
        '/etc/passwd',
        '..',
        '.',
        '',
        'predictor.data/',
        './predictor.data',
        'a/../predictor.data',
        'predictor.data\0',
        'predictor.onnx',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(
        location,
        number,
        number,
        fc.array(fc.bigInt(-2n, 2n ** 62n), { maxLength: 3 }),
        (where, offset, length, dims) => {
          answersOrNames(() => {
            const model = readModel(graph, subject);
            for (const tensor of model.graph?.initializer ?? []) {
              tensor.dims = dims;
              for (const entry of tensor.externalData) {
                if (entry.key === 'location') entry.value = where;
                if (entry.key === 'offset') entry.value = offset;
                if (entry.key === 'length') entry.value = length;
              }
            }
            const external = new ExternalData(folder, subject, subject);
            external.check(model);
            external.takeInSmall(model);
            refuseNotANumber(model, subject, external);
          }, GRAPH);
        },
      ),
      { numRuns: 300 },
    );
  });
});
