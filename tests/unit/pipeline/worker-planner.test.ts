import { afterEach, describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { Logger } from '../../../src/core/types.js';
import { NO_EXTRAS } from '../../../src/pipeline/planner-port.js';
import type { PlanRequest } from '../../../src/pipeline/planner-port.js';
import { WorkerPlanner } from '../../../src/pipeline/worker-planner.js';
import { defaultTuning as tuning } from '../../fixtures/default-tuning.js';
import { frame, loadSettings } from '../../fixtures/plan-message.js';

/** The worker as it is built: a thread cannot be started from TypeScript on every supported Node. */
const builtWorker = new URL('../../../dist/cli/planner-worker.js', import.meta.url);
const dyingWorker = new URL('../../fixtures/dying-worker.mjs', import.meta.url);

const frameAt = (stampMs: number, red: number, green: number): FrameSet =>
  frame(BigInt(stampMs) * 1_000_000n, red, green);

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
    const model = await worker.load(loadSettings);
    expect(model.joints).toHaveLength(2);
    const now = frameAt(1000, 100, 100);
    const history = Array.from({ length: model.window }, () => now);
    const plan = await worker.plan(request(0, history, frameAt(1, 200, 100)));
    expect(plan.frameStampNs).toBe(1_000_000_000n);
    expect(plan.statistics.goalDistance).toBeGreaterThan(0);
    const [shoulder = 0] = plan.actions.subarray(2);
    expect(shoulder).toBeGreaterThan(0.3);
  });

  it('tells the log of whoever started it how it gets on', async () => {
    lines.length = 0;
    await planner(builtWorker).load({ ...loadSettings, warmUp: tuning });
    expect(lines.join('\n')).toMatch(/model read and checked in \d+ ms: tiny, licence Apache-2.0/);
    expect(lines.some((line) => line.startsWith('warmed up in'))).toBe(true);
  });

  it('gives the same plans for the same seed and frames', async () => {
    const run = async (): Promise<Float32Array[]> => {
      const worker = planner(builtWorker);
      const { window } = await worker.load(loadSettings);
      const goal = frameAt(1, 30, 220);
      const sets = [frameAt(1000, 100, 100), frameAt(1200, 105, 110)];
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
    const { window } = await worker.load(loadSettings);
    const good = frameAt(1000, 100, 100);
    const bad: FrameSet = { ...good, frames: good.frames.map((image) => ({ ...image, encoding: 'nv12' })) };
    const goal = frameAt(1, 200, 100);
    const filled = (set: FrameSet): FrameSet[] => Array.from({ length: window }, () => set);
    await expect(worker.plan(request(0, filled(bad), goal))).rejects.toMatchObject({
      code: 'image.encoding',
    });
    await expect(worker.plan(request(0, filled(good), goal))).resolves.toBeDefined();
  });

  it('passes on why a model does not load', async () => {
    const missing = { ...loadSettings, modelFolder: 'tests/fixtures/no-such-model' };
    await expect(planner(builtWorker).load(missing)).rejects.toMatchObject({ code: 'model.missing-file' });
  });

  it('a worker that dies fails the plan, and can be loaded again', async () => {
    const worker = planner(dyingWorker);
    await worker.load(loadSettings);
    const now = frameAt(1000, 1, 1);
    await expect(worker.plan(request(0, [now], now))).rejects.toMatchObject({ code: 'planner.worker-died' });
    await expect(worker.plan(request(1, [now], now))).rejects.toMatchObject({ code: 'planner.worker-died' });
    await expect(worker.load(loadSettings)).resolves.toBeDefined();
  });

  it('takes one job at a time', async () => {
    const worker = planner(builtWorker);
    const { window } = await worker.load(loadSettings);
    const now = frameAt(1000, 100, 100);
    const history = Array.from({ length: window }, () => now);
    const first = worker.plan(request(0, history, now));
    await expect(worker.plan(request(1, history, now))).rejects.toMatchObject({ code: 'planner.not-ready' });
    await expect(first).resolves.toBeDefined();
  });
});
