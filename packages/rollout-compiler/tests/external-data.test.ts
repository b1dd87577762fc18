import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PlanContext } from '../../../src/core/ports.js';
import { createRng } from '../../../src/math/rng.js';
import { RolloutCompiler, type RolloutRequest } from '../src/compile-rollout.js';
import { readModel } from '../src/onnx/model-file.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { parseManifest } from '../../../src/model/manifest.js';
import { addLargeWeights, changeGraph, moveDataOut } from '../../../tests/fixtures/change-graph.js';
import { largestDifference } from '../../../tests/fixtures/graph-run.js';
import { TinyModelCopy, tinyModelFolder } from '../../../tests/fixtures/tiny-model.js';

const DATA = 'predictor.data';
const HORIZON = 3;
const CANDIDATES = 5;
/** Two matrices of 80,000 float32. */
const LARGE_BYTES = 2 * 80_000 * 4;

const request: RolloutRequest = {
  objective: {
    metric: 'squared_latent_distance',
    steps: 'all',
    expression: null,
    weights: { action: 0, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 },
  },
  horizon: HORIZON,
  precision: 'float32',
};
const context: PlanContext = {
  history: { data: Float32Array.of(0.1, 0.2, 0.3, 0.4), shape: [1, 2, 1, 2] },
  goal: { data: Float32Array.of(0.7, -0.4), shape: [1, 1, 2] },
  committed: new Float32Array(0),
};

async function costsOf(model: LoadedModel, precision: RolloutRequest['precision'] = 'float32') {
  const { block, joints } = model.manifest.action;
  const candidates = new Float32Array(CANDIDATES * HORIZON * block * joints.length);
  createRng(3).normals(candidates);
  const scorer = await model.rollouts.scorer({ ...request, precision });
  const costs = (await scorer.score(context, candidates)).slice();
  await scorer.dispose();
  return costs;
}

describe('a predictor with its data in another file', () => {
  let copy: TinyModelCopy;
  let elsewhere: string;

  /** @param location what the predictor calls the file */
  async function moveOut(location: string): Promise<Uint8Array> {
    let data: Uint8Array = new Uint8Array();
    await copy.changeFile('predictor.onnx', (bytes) =>
      changeGraph(bytes, (graph) => {
        addLargeWeights(graph);
        data = moveDataOut(graph, location);
      }),
    );
    return data;
  }

  const listData = (sha256: string): Promise<void> =>
    copy.changeManifest((manifest) => {
      manifest.graphs.predictor.data = [{ file: DATA, sha256 }];
    });

  /** Costs are those of the model whose data is inside; in int8 too, whose codes are made of the numbers in the file. */
  async function expectSameCosts(): Promise<void> {
    const [model, inside] = [
      await loadModel(copy.folder, { device: 'cpu' }),
      await loadModel(tinyModelFolder, { device: 'cpu' }),
    ];
    const expected = await costsOf(inside);
    expect(largestDifference(await costsOf(model), expected)).toBeLessThan(1e-6);
    expect(largestDifference(await costsOf(model, 'int8'), expected)).toBeLessThan(0.05);
    await model.dispose();
    await inside.dispose();
  }

  beforeEach(async () => {
    copy = await TinyModelCopy.create();
    elsewhere = await mkdtemp(join(tmpdir(), 'elsewhere-'));
  });

  afterEach(async () => {
    await copy.remove();
    await rm(elsewhere, { recursive: true });
  });

  it('is loaded, compiled and planned with as any other', async () => {
    await writeFile(copy.path(DATA), await moveOut(DATA));
    await expectSameCosts();
  });

  it('leaves its large tensors there when it is compiled', async () => {
    await writeFile(copy.path(DATA), await moveOut(DATA));
    const model = await loadModel(copy.folder, { device: 'cpu' });
    const { latent, history, action } = model.manifest;
    const predictor = { bytes: await readFile(copy.path('predictor.onnx')), subject: 'predictor.onnx' };
    const sources = { folder: copy.folder, latent, history, action, predictor, distance: null };
    const compiled = new RolloutCompiler(sources).iteration(request);
    expect(compiled.length).toBeLessThan(LARGE_BYTES / 10);
    const external = readModel(compiled, 'compiled').graph?.initializer.filter(
      ({ externalData }) => externalData.length > 0,
    );
    expect(external?.map(({ dims }) => dims.map(Number))).toEqual([
      [2, 40_000],
      [40_000, 2],
    ]);
    await model.dispose();
  });

  it('is refused by the name of a file that is missing', async () => {
    await writeFile(copy.path(DATA), await moveOut(DATA));
    await unlink(copy.path(DATA));
    await expect(loadModel(copy.folder, { device: 'cpu' })).rejects.toMatchObject({
      code: 'model.missing-file',
      facts: { subject: copy.path(DATA), expected: expect.stringContaining('of tensor') as string },
    });
  });

  it.each([
    ['above the model folder', (folder: string) => `../${folder}/secret`],
    ['anywhere', (_: string, path: string) => path],
    ['nowhere', () => ''],
  ])('is refused with a path that leads %s', async (_, locationOf) => {
    const path = join(elsewhere, 'secret');
    const name = elsewhere.slice(elsewhere.lastIndexOf('/') + 1);
    await writeFile(path, await moveOut(locationOf(name, path)));
    await expect(loadModel(copy.folder, { device: 'cpu' })).rejects.toMatchObject({
      code: 'model.unreadable',
      facts: { expected: 'a file inside the model folder' },
    });
  });

  it('is refused with a link that leads out of the model folder', async () => {
    await writeFile(join(elsewhere, 'secret'), await moveOut(DATA));
    await symlink(join(elsewhere, 'secret'), copy.path(DATA));
    await expect(loadModel(copy.folder, { device: 'cpu' })).rejects.toMatchObject({
      code: 'model.unreadable',
      facts: { expected: 'a file inside the model folder' },
    });
  });

  describe('of a model whose files are links, as in the cache of a hub', () => {
    let blobs: string;

    /** Moves a file of the folder to another place and leaves a link to it. */
    async function link(file: string, target: string): Promise<void> {
      await rename(copy.path(file), target);
      await symlink(target, copy.path(file));
    }

    beforeEach(async () => {
      blobs = join(elsewhere, 'blobs');
      await mkdir(blobs);
      await writeFile(copy.path(DATA), await moveOut(DATA));
      for (const file of ['manifest.json', 'golden.safetensors', 'encoder.onnx', 'distance.onnx'])
        await link(file, join(blobs, createHash('sha256').update(file).digest('hex')));
    });

    it('is loaded and planned with where the data is linked, too', async () => {
      await link('predictor.onnx', join(blobs, 'aaaa'));
      await link(DATA, join(blobs, 'bbbb'));
      await listData(
        createHash('sha256')
          .update(await readFile(copy.path(DATA)))
          .digest('hex'),
      );
      await expectSameCosts();
    });

    it('is loaded and planned with when the data is only next to the real file', async () => {
      await link('predictor.onnx', join(blobs, 'predictor.onnx'));
      await rename(copy.path(DATA), join(blobs, DATA));
      await listData(
        createHash('sha256')
          .update(await readFile(join(blobs, DATA)))
          .digest('hex'),
      );
      await expectSameCosts();
    });

    it('is loaded and planned with where only the graph is a link', async () => {
      await link('predictor.onnx', join(blobs, 'predictor.onnx'));
      await expectSameCosts();
    });

    it.each([
      ['with data that leads out of both folders', () => link(DATA, join(elsewhere, 'secret'))],
      [
        'with data next to the real file that leads out of its folder',
        async () => {
          await rename(copy.path(DATA), join(elsewhere, 'secret'));
          await symlink(join(elsewhere, 'secret'), join(blobs, DATA));
        },
      ],
    ])('is refused %s', async (_, arrange) => {
      await link('predictor.onnx', join(blobs, 'predictor.onnx'));
      await arrange();
      await expect(loadModel(copy.folder, { device: 'cpu' })).rejects.toMatchObject({
        code: 'model.unreadable',
        facts: { expected: 'a file inside the model folder' },
      });
    });
  });

  it('is refused when the file is cut off', async () => {
    const data = await moveOut(DATA);
    await writeFile(copy.path(DATA), data);
    await truncate(copy.path(DATA), data.length - 1);
    await expect(loadModel(copy.folder, { device: 'cpu' })).rejects.toMatchObject({
      code: 'model.unreadable',
      facts: { expected: expect.stringContaining('cut off') as string },
    });
  });

  it('is refused when the file has another hash than the manifest says', async () => {
    await writeFile(copy.path(DATA), await moveOut(DATA));
    await listData('0'.repeat(64));
    await expect(loadModel(copy.folder, { device: 'cpu' })).rejects.toMatchObject({
      code: 'model.hash-mismatch',
      facts: { subject: copy.path(DATA) },
    });
  });

  it('is loaded with a warning while no hash stands for the file, and without one when it does', async () => {
    const data = await moveOut(DATA);
    await writeFile(copy.path(DATA), data);
    const warnings: string[] = [];
    const ignore = (): void => undefined;
    const logger = {
      debug: ignore,
      info: ignore,
      warn: (line: string) => void warnings.push(line),
      error: ignore,
    };
    await (await loadModel(copy.folder, { device: 'cpu', logger })).dispose();
    expect(warnings).toEqual([expect.stringContaining(DATA)]);
    await listData(createHash('sha256').update(data).digest('hex'));
    await (await loadModel(copy.folder, { device: 'cpu', logger })).dispose();
    expect(warnings).toHaveLength(1);
  });

  it('is refused by the compiler when nothing says where the file is', async () => {
    await moveOut(DATA);
    const bytes = await readFile(copy.path('predictor.onnx'));
    const manifest = parseManifest(await readFile(copy.path('manifest.json'), 'utf8'), 'manifest.json');
    const { latent, history, action } = manifest;
    const predictor = { bytes, subject: 'predictor.onnx' };
    const compiler = new RolloutCompiler({ latent, history, action, predictor, distance: null });
    expect(() => compiler.iteration(request)).toThrow(/data outside the file/);
  });
});
