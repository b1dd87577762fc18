import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import type { Logger } from '../../../src/core/types.js';
import { devicesToTry } from '../../../src/model/devices.js';
import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { goldenOffset } from '../../fixtures/golden-offset.js';
import { tinyModelFolder, TinyModelCopy } from '../../fixtures/tiny-model.js';

describe('a sound model', () => {
  let model: LoadedModel;

  beforeEach(async () => {
    model = await loadModel(tinyModelFolder, { device: 'cpu' });
  });

  afterEach(async () => {
    await model.dispose();
  });

  it('says what the command side needs to know', async () => {
    const manifest = await readFile(join(tinyModelFolder, 'manifest.json'));
    const { action, objective, plannerDefaults } = model.manifest;
    expect(model.info).toEqual({
      name: 'tiny',
      sha256: createHash('sha256').update(manifest).digest('hex'),
      device: 'cpu',
      cameras: [{ name: 'image', topic: 'image', wanted: 'colour' }],
      joints: ['shoulder', 'elbow'],
      periodMs: 100,
      block: 2,
      window: 2,
      latent: { tokens: 1, dim: 2 },
      goalKind: 'image',
      proprioception: [],
      planning: { action, objective, hasTemporalDistance: true, hasInverseDynamics: false, plannerDefaults },
    });
  });

  it('encodes a batch of images', async () => {
    const size = 3 * 16 * 16;
    const images = { data: new Float32Array(2 * size), shape: [2, 3, 16, 16] };
    images.data.fill(0.25, 0, 256);
    images.data.fill(-0.5, size + 256, size + 512);
    const latents = await model.encoder.encode([images]);
    expect(latents.shape).toEqual([2, 1, 2]);
    expect([...latents.data]).toEqual([0.5, 0, 0, -1]);
  });

  it('predicts from the newest latent of the window', async () => {
    const history = { data: Float32Array.of(9, 9, 1, 2), shape: [1, 2, 1, 2] };
    const next = await model.predictor.predict(history, {
      data: Float32Array.of(1, 0, 0.5, -1),
      shape: [1, 4],
    });
    expect(next.shape).toEqual([1, 1, 2]);
    expect(next.data[0]).toBeCloseTo(1 + 0.2 * 1.5, 6);
    expect(next.data[1]).toBeCloseTo(2 - 0.2, 6);
  });

  it('measures every latent of a batch, of any size, against the one goal', async () => {
    const goal = { data: Float32Array.of(0, 0), shape: [1, 1, 2] };
    const distance = async (...data: number[]): Promise<number[]> =>
      [
        ...((await model.temporalDistance?.distance(
          { data: Float32Array.from(data), shape: [data.length / 2, 1, 2] },
          goal,
        )) ?? []),
      ].map((value) => Number(value.toFixed(4)));
    expect(await distance(3, 4, 0, 0.4)).toEqual([12.5, 1]);
    expect(await distance(0.8, 0)).toEqual([2]);
  });

  it('refuses a run with inputs of the wrong size, by name', async () => {
    const wrong = { data: new Float32Array(3), shape: [1, 3] };
    const history = { data: new Float32Array(4), shape: [1, 2, 1, 2] };
    await expect(model.predictor.predict(history, wrong)).rejects.toMatchObject({ code: 'model.run-failed' });
  });
});

describe('a third party’s folder', () => {
  let copy: TinyModelCopy;

  beforeEach(async () => {
    copy = await TinyModelCopy.create();
  });

  afterEach(async () => {
    await copy.remove();
  });

  async function refusal(): Promise<JepaMpcError> {
    try {
      const model = await loadModel(copy.folder, { device: 'cpu' });
      await model.dispose();
    } catch (error) {
      if (error instanceof JepaMpcError) return error;
      throw error;
    }
    throw new TypeError('the model was not refused');
  }

  it.each(['manifest.json', 'encoder.onnx', 'predictor.onnx', 'distance.onnx', 'golden.safetensors'])(
    'without %s is incomplete',
    async (file) => {
      await rm(copy.path(file));
      const error = await refusal();
      expect(error.code).toBe('model.missing-file');
      expect(error.facts.subject).toBe(copy.path(file));
    },
  );

  it.each(['encoder.onnx', 'golden.safetensors'])('with %s cut off does not have its hash', async (file) => {
    await truncate(copy.path(file), 200);
    const error = await refusal();
    expect(error.code).toBe('model.hash-mismatch');
    expect(error.facts.found).toContain('200 bytes');
  });

  it('with a manifest that is no JSON is refused', async () => {
    await writeFile(copy.path('manifest.json'), 'format: jepa-mpc-model\n');
    expect((await refusal()).code).toBe('model.manifest-invalid');
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['empty', () => new Uint8Array(0)],
    ['overwritten', (bytes: Buffer) => bytes.map((byte) => byte ^ 0x5a)],
  ])('with a predictor that was hashed when %s is unreadable', async (_, spoil) => {
    await copy.changeFile('predictor.onnx', spoil);
    const error = await refusal();
    expect(error.code).toBe('model.unreadable');
    expect(error.facts.subject).toBe(copy.path('predictor.onnx'));
  });

  it('with golden vectors that were hashed when cut off is unreadable', async () => {
    await copy.changeFile('golden.safetensors', (bytes) => bytes.subarray(0, bytes.length - 4));
    expect((await refusal()).code).toBe('model.unreadable');
  });

  it('with one graph in place of another has the wrong signature', async () => {
    const predictor = await readFile(copy.path('predictor.onnx'));
    await copy.changeFile('encoder.onnx', () => predictor);
    const error = await refusal();
    expect(error.code).toBe('model.signature-mismatch');
    expect(error.message).toMatch(
      /inputs history float32 \[batch, 2, 1, 2\].*expected inputs image float32 \[batch, 3, 16, 16\]/,
    );
  });

  it.each([
    ['camera size', { width: 32 }, /expected inputs image float32 \[batch, 3, 16, 32\]/],
    ['camera name', { name: 'wrist' }, /expected inputs wrist float32/],
  ])('with another %s in its manifest has the wrong signature', async (_, camera, message) => {
    await copy.changeManifest((manifest) => Object.assign(manifest.cameras[0] ?? {}, camera));
    const error = await refusal();
    expect(error.code).toBe('model.signature-mismatch');
    expect(error.message).toMatch(message);
  });

  it('with another block in its manifest has the wrong signature', async () => {
    await copy.changeManifest((manifest) => {
      manifest.action.block = 3;
    });
    const error = await refusal();
    expect(error.code).toBe('model.signature-mismatch');
    expect(error.facts.expected).toContain('actions float32 [batch, 6]');
  });

  it.each([
    ['NaN', NaN],
    ['another number', 0.5],
  ])('whose golden output holds %s is not what was exported', async (_, value) => {
    await copy.changeFile('golden.safetensors', (bytes) => {
      bytes.writeFloatLE(value, goldenOffset(bytes, 'predictor.next') + 8);
      return bytes;
    });
    const error = await refusal();
    expect(error.code).toBe('model.golden-mismatch');
    expect(error.facts.subject).toContain('predictor.next');
    expect(error.facts.expected).toBe(`${String(value)} within 0.00001`);
  });

  it('that computes NaN from its golden input is not what was exported', async () => {
    await copy.changeFile('golden.safetensors', (bytes) => {
      bytes.writeFloatLE(NaN, goldenOffset(bytes, 'encoder.image'));
      return bytes;
    });
    const error = await refusal();
    expect(error.code).toBe('model.golden-mismatch');
    expect(error.facts.found).toContain('NaN at entry [0, 0, 0]');
  });

  it('without a golden vector is refused by the name of the vector', async () => {
    await copy.changeFile('golden.safetensors', (bytes) =>
      Buffer.from(bytes.toString('latin1').replace('"distance.goal"', '"distance.gaol"'), 'latin1'),
    );
    const error = await refusal();
    expect(error.code).toBe('model.unreadable');
    expect(error.facts.found).toBe('no tensor "distance.goal"');
  });
});

describe('devices', () => {
  const logged: string[] = [];
  const log = (message: string): void => {
    logged.push(message);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log };

  beforeEach(() => {
    logged.length = 0;
    // No Vulkan driver, whatever this machine has: WebGPU then finds no adapter.
    process.env['VK_ICD_FILENAMES'] = '/nonexistent.json';
  });

  it('auto loads somewhere, and says why each device before that was not taken', async () => {
    const model = await loadModel(tinyModelFolder, { logger });
    const tried = ['cuda', 'tensorrt', 'webgpu', 'cpu'];
    const before = tried.slice(0, tried.indexOf(model.device));
    // What is known without trying is said first.
    expect(logged.toSorted()).toEqual(
      before
        .toSorted()
        .map((device) => expect.stringMatching(new RegExp(`^Device ${device} is not used: .{10}`)) as string),
    );
    await model.dispose();
  });

  it('auto makes no plan to compare devices by where only one works', async () => {
    const caches = await mkdtemp(join(tmpdir(), 'caches-'));
    process.env['XDG_CACHE_HOME'] = caches;
    const candidates = devicesToTry('auto').filter(({ whyNot }) => whyNot === null);
    let timed = 0;
    const timeMs = (): Promise<number> => Promise.resolve(++timed);
    const model = await loadModel(tinyModelFolder, { logger, plans: { settings: null, timeMs } });
    const skipped = logged.filter((line) => line.includes('is not used'));
    expect(timed > 0).toBe(skipped.length < 3);
    expect((await readdir(caches)).includes('jepa-mpc')).toBe(candidates.length > 1);
    await model.dispose();
    await rm(caches, { recursive: true });
  });

  it('a device asked for by name is not replaced by another', async () => {
    await expect(loadModel(tinyModelFolder, { device: 'webgpu', logger })).rejects.toMatchObject({
      code: 'model.device-unavailable',
    });
  });

  it('a broken file is not blamed on the device', async () => {
    const copy = await TinyModelCopy.create();
    await copy.changeFile('encoder.onnx', () => new Uint8Array(0));
    await expect(loadModel(copy.folder, { device: 'webgpu' })).rejects.toMatchObject({
      code: 'model.unreadable',
    });
    await copy.remove();
  });
});
