import { afterEach, describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { Logger } from '../../../src/core/types.js';
import { NO_EXTRAS } from '../../../src/pipeline/planner-port.js';
import type { PlanRequest } from '../../../src/pipeline/planner-port.js';
import { WorkerPlanner } from '../../../src/pipeline/worker-planner.js';
import { defaultTuning as tuning } from '../../fixtures/default-tuning.js';

/** The worker as it is built: a thread cannot be started from TypeScript on every supported Node. */
const builtWorker = new URL('../../../dist/cli/planner-worker.js', import.meta.url);
const dyingWorker = new URL('../../fixtures/dying-worker.mjs', import.meta.url);

const settings = {
  modelFolder: 'tests/fixtures/tiny-model',
  device: 'cpu',
  threads: 1,
  seed: 4,
  warmUp: null,
} as const;

/** A frame of one colour; the tiny model reads the pose of its two joints from red and green. */
function frame(stampMs: number, red: number, green: number): FrameSet {
  const data = new Uint8Array(16 * 16 * 3);
  for (let pixel = 0; pixel < data.length; pixel += 3) data.set([red, green, 0], pixel);
  const stampNs = BigInt(stampMs) * 1_000_000n;
  return { stampNs, frames: [{ stampNs, width: 16, height: 16, encoding: 'rgb8', step: 48, data }] };
}

function request(planIndex: number, history: readonly FrameSet[], goal: FrameSet): PlanRequest {
  const joints = {
    position: new Float64Array(2),
    lower: new Float64Array(2).fill(-1),
    upper: new Float64Array(2).fill(1),
  };
  return { planIndex, history, goal, committed: new Float32Array(2), joints, tuning, extras: NO_EXTRAS };
}

const lines: string[] = [];
const note = (line: string): void => {
  lines.push(line);
};
const log: Logger = { debug: note, info: note, warn: note, error: note };

const started: WorkerPlanner[] = [];

function planner(entry: URL): WorkerPlanner {
  const created = new WorkerPlanner(entry, log);
  started.push(created);
  return created;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.dispose()));
});

describe('the planner worker', () => {
  it('loads a model and plans from frames towards the goal image', async () => {
    const worker = planner(builtWorker);
    const model = await worker.load(settings);
    expect(model.joints).toHaveLength(2);
    const now = frame(1000, 100, 100);
    const history = Array.from({ length: model.window }, () => now);
    const plan = await worker.plan(request(0, history, frame(1, 200, 100)));
    expect(plan.frameStampNs).toBe(1_000_000_000n);
    expect(plan.statistics.goalDistance).toBeGreaterThan(0);
    const [shoulder = 0] = plan.actions.subarray(2);
    expect(shoulder).toBeGreaterThan(0.3);
  });

  it('tells the log of whoever started it how it gets on', async () => {
    lines.length = 0;
    await planner(builtWorker).load({ ...settings, warmUp: tuning });
    expect(lines.join('\n')).toMatch(/model read and checked in \d+ ms: tiny, licence Apache-2.0/);
    expect(lines.some((line) => line.startsWith('warmed up in'))).toBe(true);
  });

  it('gives the same plans for the same seed and frames', async () => {
    const run = async (): Promise<Float32Array[]> => {
      const worker = planner(builtWorker);
      const { window } = await worker.load(settings);
      const goal = frame(1, 30, 220);
      const sets = [frame(1000, 100, 100), frame(1200, 105, 110)];
      const plans: Float32Array[] = [];
      for (const [index, set] of sets.entries()) {
        const history = Array.from({ length: window }, (_, age) => sets[index - window + 1 + age] ?? set);
        plans.push((await worker.plan(request(index, history, goal))).actions);
      }
      return plans;
    };
    expect(await run()).toEqual(await run());
  });

  it('names a frame that it cannot read, and goes on', async () => {
    const worker = planner(builtWorker);
    const { window } = await worker.load(settings);
    const good = frame(1000, 100, 100);
    const bad: FrameSet = { ...good, frames: good.frames.map((image) => ({ ...image, encoding: 'yuv422' })) };
    const goal = frame(1, 200, 100);
    const filled = (set: FrameSet): FrameSet[] => Array.from({ length: window }, () => set);
    await expect(worker.plan(request(0, filled(bad), goal))).rejects.toMatchObject({
      code: 'image.encoding',
    });
    await expect(worker.plan(request(0, filled(good), goal))).resolves.toBeDefined();
  });

  it('passes on why a model does not load', async () => {
    const missing = { ...settings, modelFolder: 'tests/fixtures/no-such-model' };
    await expect(planner(builtWorker).load(missing)).rejects.toMatchObject({ code: 'model.missing-file' });
  });

  it('a worker that dies fails the plan, and can be loaded again', async () => {
    const worker = planner(dyingWorker);
    await worker.load(settings);
    const now = frame(1000, 1, 1);
    await expect(worker.plan(request(0, [now], now))).rejects.toMatchObject({ code: 'planner.worker-died' });
    await expect(worker.plan(request(1, [now], now))).rejects.toMatchObject({ code: 'planner.worker-died' });
    await expect(worker.load(settings)).resolves.toBeDefined();
  });

  it('takes one job at a time', async () => {
    const worker = planner(builtWorker);
    const { window } = await worker.load(settings);
    const now = frame(1000, 100, 100);
    const history = Array.from({ length: window }, () => now);
    const first = worker.plan(request(0, history, now));
    await expect(worker.plan(request(1, history, now))).rejects.toMatchObject({ code: 'planner.not-ready' });
    await expect(first).resolves.toBeDefined();
  });
});
