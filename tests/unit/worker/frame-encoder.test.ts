import { describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { Encoder } from '../../../src/core/ports.js';
import type { Tensor } from '../../../src/core/types.js';
import { manifestSchema, type ModelManifest } from '../../../src/model/manifest-schema.js';
import { FrameEncoder } from '../../../src/worker/frame-encoder.js';
import { readTinyManifest } from '../../fixtures/tiny-model.js';

/** Notes what it is given, under a name of its own. */
class NotingEncoder implements Encoder {
  readonly #given: [string, readonly Tensor[]][];
  readonly #name: string;

  constructor(name: string, given: [string, readonly Tensor[]][]) {
    this.#name = name;
    this.#given = given;
  }

  encode(inputs: readonly Tensor[]): Promise<Tensor> {
    this.#given.push([this.#name, inputs]);
    return Promise.resolve({ data: new Float32Array(2), shape: [1, 1, 2] });
  }
}

/** Goals through a model that takes position and velocity of the elbow: which graph got which proprioception, and how many inputs. */
async function encoded(
  goal: object,
  set: Partial<FrameSet>,
): Promise<{ by: string; inputs: number; proprioception: number[] }> {
  const manifest = manifestSchema.parse({
    ...(await readTinyManifest()),
    proprioception: {
      fields: ['joint_position', 'joint_velocity'].map((kind) => ({ kind, joint: 'elbow' })),
      mean: [0.5, 0.25],
      std: [2, 0.5],
    },
    goal,
  }) as unknown as ModelManifest;
  const given: [string, readonly Tensor[]][] = [];
  const frames = new FrameEncoder({
    manifest,
    encoder: new NotingEncoder('encoder', given),
    goalEncoder: new NotingEncoder('goalEncoder', given),
  });
  const data = new Uint8Array(3 * 16 * 16);
  const frame = { stampNs: 1n, width: 16, height: 16, encoding: 'rgb8', step: 48, data };
  await frames.encodeGoal({ stampNs: 1n, frames: [frame], ...set });
  const [[by, inputs] = ['nothing', []]] = given;
  const last = inputs.at(-1);
  return { by, inputs: inputs.length, proprioception: last?.shape.length === 2 ? [...last.data] : [] };
}

const FROM_IMAGES = { kind: 'image', proprioception: 'from_images' };
const AT_REST = Float64Array.of(1.5, 0);

describe('a goal whose goal encoder reads the joints from images', () => {
  it('is encoded by it from the picture alone', async () => {
    expect(await encoded(FROM_IMAGES, {})).toEqual({ by: 'goalEncoder', inputs: 1, proprioception: [] });
  });

  it('is encoded by the encoder if its joint positions were measured', async () => {
    const measured = { by: 'encoder', inputs: 2, proprioception: [0.5, -0.5] };
    expect(await encoded(FROM_IMAGES, { proprioception: AT_REST })).toEqual(measured);
  });
});

describe('a goal of another model', () => {
  it('goes through the goal encoder with its proprioception, or the mean where that is not known', async () => {
    const unknown = { by: 'goalEncoder', inputs: 2, proprioception: [0, 0] };
    expect(await encoded({ kind: 'image' }, {})).toEqual(unknown);
    const known = { by: 'goalEncoder', inputs: 2, proprioception: [0.5, -0.5] };
    expect(await encoded({ kind: 'image' }, { proprioception: AT_REST })).toEqual(known);
  });

  it('is its proprioception alone where goals are states', async () => {
    const state = { by: 'goalEncoder', inputs: 1, proprioception: [0.5, -0.5] };
    expect(await encoded({ kind: 'state' }, { proprioception: AT_REST })).toEqual(state);
  });
});
