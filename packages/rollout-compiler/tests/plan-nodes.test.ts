import { describe, expect, it } from 'vitest';

import { createRng } from '../../../src/math/rng.js';
import { GraphBuilder } from '../src/graph/graph-builder.js';
import type { GraphProto } from '../src/onnx/onnx_pb.js';
import { planInputs, planNodes, type Refit } from '../src/nodes/plan-nodes.js';
import { graphOf, runGraph } from '../../../tests/fixtures/graph-run.js';

const PERIODS = 3;
const JOINTS = 2;
const TARGET = [0.4, -0.2, 0.1, 0.9, -0.9, 3];

/** The squared distance of a sequence from a target that lies outside the bounds in its last action. */
function planGraph(refit: Refit): GraphProto {
  const builder = new GraphBuilder();
  const inputs = planInputs(builder, PERIODS, JOINTS);
  const outputs = planNodes(builder, refit, inputs, (candidates) => {
    const difference = builder.sub(candidates, builder.floats(TARGET, [PERIODS, JOINTS]));
    return builder.reduce('ReduceSum', builder.mul(difference, difference), [1, 2], false);
  });
  const { mean, std, ...rest } = outputs;
  return graphOf(builder, Object.values(inputs), { ...rest, lastMean: mean, lastStd: std });
}

const full = (value: number) => ({
  data: new Float32Array(PERIODS * JOINTS).fill(value),
  shape: [PERIODS, JOINTS],
});
const single = (value: number) => ({ data: Float32Array.of(value), shape: [] });

function feeds(iterations: number, samples: number, overrides: object = {}) {
  const noise = new Float32Array(iterations * samples * PERIODS * JOINTS);
  createRng(3).normals(noise);
  return {
    noise: { data: noise, shape: [iterations, samples, PERIODS, JOINTS] },
    mean: full(0),
    std: full(0.5),
    lower: full(-1),
    upper: full(1),
    minStd: full(0.001),
    halfRange: full(1),
    elites: 8n,
    momentum: single(0),
    temperature: single(0.05),
    earlyStopStd: single(0),
    ...overrides,
  };
}

describe.each<Refit>(['elites', 'weights', 'steps'])('a plan in one graph, refitted by its %s', (refit) => {
  const graph = planGraph(refit);

  it('finds the best actions inside the bounds, iteration by iteration', async () => {
    const { best, bestCost, iterations, costs } = await runGraph(graph, feeds(12, 64));
    for (const [i, value] of best?.entries() ?? [])
      expect(Math.abs(value - Math.min(TARGET[i] ?? NaN, 1))).toBeLessThan(refit === 'weights' ? 0.4 : 0.05);
    expect(bestCost?.[0]).toBeCloseTo(Math.min(...(costs ?? [])), 5);
    expect(iterations?.[0]).toBe(12);
    expect(costs).toHaveLength(12 * 64);
    const meanOf = (iteration: number): number =>
      (costs ?? new Float32Array())
        .slice(iteration * 64, (iteration + 1) * 64)
        .reduce((sum, cost) => sum + cost, 0) / 64;
    expect(meanOf(11)).toBeLessThan(meanOf(0));
  });

  it('leaves decided actions alone', async () => {
    const lower = full(-1);
    const upper = full(1);
    lower.data.set([0.25, 0.5]);
    upper.data.set([0.25, 0.5]);
    const { best, lastMean } = await runGraph(graph, feeds(3, 32, { lower, upper }));
    expect([...(best?.subarray(0, 2) ?? [])]).toEqual([0.25, 0.5]);
    expect([...(lastMean?.subarray(0, 2) ?? [])]).toEqual([0.25, 0.5]);
  });

  it('gives the same plan for the same noise', async () => {
    const [first, second] = [await runGraph(graph, feeds(4, 32)), await runGraph(graph, feeds(4, 32))];
    expect(first).toEqual(second);
  });

  it('stops when the elites agree', async () => {
    const { iterations } = await runGraph(graph, feeds(12, 64, { earlyStopStd: single(10) }));
    expect(iterations?.[0]).toBe(1);
  });
});
