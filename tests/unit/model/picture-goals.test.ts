import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadModel, type LoadedModel } from '../../../src/model/load-model.js';
import { changeGraph } from '../../fixtures/change-graph.js';
import { declared } from '../../fixtures/onnx-nodes.js';
import { readJointsFromPictures } from '../../fixtures/picture-goals.js';
import { TinyModelCopy } from '../../fixtures/tiny-model.js';

describe('a goal encoder that takes images alone', () => {
  let copy: TinyModelCopy;
  let model: LoadedModel | null = null;

  beforeEach(async () => {
    copy = await TinyModelCopy.create();
    await readJointsFromPictures(copy);
  });

  afterEach(async () => {
    await model?.dispose();
    model = null;
    await copy.remove();
  });

  const load = async (): Promise<LoadedModel> => (model = await loadModel(copy.folder, { device: 'cpu' }));
  const counted = ({ info }: LoadedModel): readonly number[] | undefined =>
    info.planning.streams?.map(({ dims: [start] }) => start);

  it('is checked on its golden images, and makes the stream of proprioception count', async () => {
    const loaded = await load();
    const { golden } = loaded.graphs.find(({ name }) => name === 'goalEncoder') ?? {};
    expect(golden?.vector).toBe('goalEncoder.latent');
    const image = { data: new Float32Array(3 * 16 * 16).fill(0.25, 0, 256), shape: [1, 3, 16, 16] };
    const latent = await loaded.goalEncoder.encode([image]);
    expect([...latent.data]).toEqual([0.5, 0]);
    expect(counted(loaded)).toEqual([0, 1]);
  });

  it('has to be announced: it otherwise takes what the encoder takes', async () => {
    await copy.changeManifest((manifest) => Reflect.deleteProperty(manifest.goal, 'proprioception'));
    await expect(load()).rejects.toMatchObject({ code: 'model.signature-mismatch' });
  });

  it('does not count the stream of proprioception where that of a goal is not known', async () => {
    await copy.changeManifest((manifest) => {
      Reflect.deleteProperty(manifest.goal, 'proprioception');
      Reflect.deleteProperty(manifest.graphs, 'goalEncoder');
    });
    expect(counted(await load())).toEqual([0]);
  });

  it('must not take proprioception', async () => {
    await copy.changeFile('goalEncoder.onnx', (bytes) =>
      changeGraph(bytes, (graph) => {
        graph.input.push(declared('proprioception', [2]));
      }),
    );
    await expect(load()).rejects.toMatchObject({ code: 'model.signature-mismatch' });
  });
});
