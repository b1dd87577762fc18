import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { LoadedModel } from '../../../src/model/load-model.js';
import { loadModel } from '../../../src/model/load-model.js';
import { Explainer } from '../../../src/worker/explainer.js';
import { FrameEncoder } from '../../../src/worker/frame-encoder.js';
import type { DistanceMap, ExplanationRequest } from '../../../src/worker/planner-port.js';
import { defaultValues } from '../../fixtures/planners.js';

const REACHER = fileURLToPath(new URL('../../../models/reacher', import.meta.url));
const SIDE = 128;

/** A grey picture with a dark bar in the given columns, in the upper half. */
function bar(stampNs: bigint, left: number, right: number): FrameSet {
  const data = new Uint8Array(SIDE * SIDE * 3).fill(180);
  for (let y = 0; y < SIDE / 2; y++) data.fill(30, (y * SIDE + left) * 3, (y * SIDE + right) * 3);
  return {
    stampNs,
    frames: [{ stampNs, width: SIDE, height: SIDE, encoding: 'rgb8', step: 3 * SIDE, data }],
  };
}

const REQUEST: ExplanationRequest = {
  frame: bar(5n, 32, 64),
  goal: bar(6n, 96, 112),
  values: defaultValues,
  patches: 8,
};

let model: LoadedModel;
let explainer: Explainer;

beforeEach(async () => {
  model = await loadModel(REACHER, { device: 'cpu' });
  explainer = new Explainer(model, new FrameEncoder(model));
});

afterEach(() => model.dispose());

/** The map, and in how many pieces it was made. */
async function explained(request: ExplanationRequest, budgetMs: number): Promise<[DistanceMap, number]> {
  let map = await explainer.explain({ type: 'explain', begin: request, budgetMs });
  let pieces = 1;
  for (; map === null; pieces++) map = await explainer.explain({ type: 'explain', begin: null, budgetMs });
  return [map, pieces];
}

describe('an explanation of the distance', () => {
  it('is by the metric of the objective, and marks what can be seen in the frame', async () => {
    const [map] = await explained(REQUEST, Infinity);
    const frames = new FrameEncoder(model);
    const latent = await frames.encode(REQUEST.frame);
    const goal = await frames.encodeGoal(REQUEST.goal);
    const [distance = NaN] = (await model.temporalDistance?.distance(latent, goal)) ?? [];
    expect(map.distance).toBeCloseTo(distance, 5);
    expect(map).toMatchObject({ stampNs: 5n, cameras: [{ width: SIDE, height: SIDE }] });
    const [{ contributions } = { contributions: new Float32Array(0) }] = map.cameras;
    expect(contributions).toHaveLength(SIDE * SIDE);
    let largest = 0;
    for (const [i, contribution] of contributions.entries()) {
      const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
      // Patches of 16 pixels: those that the edge of the bar runs along have more than one colour.
      if (y >= SIDE / 2 || x < 32 || x >= 64) expect(Math.abs(contribution)).toBeLessThan(1e-4);
      if (Math.abs(contribution) > Math.abs(largest)) largest = contribution;
    }
    expect(map.largest).toBe(largest);
  });

  it('finds what stands out in a patch', async () => {
    const shifted = { ...REQUEST, frame: bar(5n, 40, 56) };
    const [map] = await explained(shifted, Infinity);
    expect(Math.abs(map.largest)).toBeGreaterThan(0.01);
  });

  it('is made in pieces that end within their budget, if one patch does, and is the same then', async () => {
    const [whole, few] = await explained(REQUEST, Infinity);
    const [inPieces, many] = await explained(REQUEST, 0);
    expect(few).toBe(2);
    expect(many).toBe(1 + 8 * 8);
    expect(inPieces).toEqual(whole);
  });

  it('refuses a frame that it cannot read, and goes on with the next', async () => {
    const broken = { ...REQUEST, frame: { stampNs: 5n, frames: [] } };
    await expect(explained(broken, 5)).rejects.toMatchObject({ code: 'image.size' });
    await expect(explainer.explain({ type: 'explain', begin: null, budgetMs: 5 })).rejects.toMatchObject({
      code: 'planner.not-ready',
    });
    await expect(explained(REQUEST, 5)).resolves.toBeDefined();
  });
});
