import { readdirSync, readFileSync } from 'node:fs';

import { afterEach, describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { Logger } from '../../../src/core/types.js';
import { NO_EXTRAS } from '../../../src/worker/planner-port.js';
import type { PlanRequest } from '../../../src/worker/planner-port.js';
import { WorkerPlanner } from '../../../src/worker/worker-planner.js';
import { defaultValues as values } from '../../fixtures/planners.js';
import { frame, loadFrom, loadSettings } from '../../fixtures/plan-message.js';

/** The worker as it is built: not every supported Node runs TypeScript. */
const builtWorker = new URL('../../../dist/src/worker/planner-worker.js', import.meta.url);
const dyingWorker = new URL('../../fixtures/dying-worker.mjs', import.meta.url);
const hangingWorker = new URL('../../fixtures/hanging-worker.mjs', import.meta.url);

const frameAt = (stampMs: number, red: number, green: number): FrameSet =>
  frame(BigInt(stampMs) * 1_000_000n, red, green);

function request(planIndex: number, history: readonly FrameSet[], goal: FrameSet): PlanRequest {
  const joints = {
    position: new Float64Array(2),
    lower: new Float64Array(2).fill(-1),
    upper: new Float64Array(2).fill(1),
  };
  return { planIndex, history, goal, committed: new Float32Array(2), joints, values, extras: NO_EXTRAS };
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

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Processes that this one has started and that have not ended. */
function children(): number[] {
  const tasks = `/proc/${String(process.pid)}/task`;
  const lists = readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/children`, 'utf8'));
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
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
    await planner(builtWorker).load({ ...loadSettings, warmUp: values });
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
    const missing = loadFrom('tests/fixtures/no-such-model');
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

  it('explains a distance between plans, which are the same as without', async () => {
    const goal = frameAt(1, 30, 220);
    const run = async (explains: boolean): Promise<Float32Array[]> => {
      const worker = planner(builtWorker);
      const { window } = await worker.load(loadSettings);
      const frames = Array.from({ length: 12 }, (_, i) => frameAt(1000 + 200 * i, 100 + i, 100));
      let plannedAfter = 0;
      const map = explains
        ? worker.explain({ frame: frameAt(900, 100, 100), goal, values, patches: 16 })
        : null;
      const busy = explains ? worker.explain({ frame: goal, goal, values, patches: 1 }) : null;
      if (busy !== null) await expect(busy).rejects.toMatchObject({ code: 'planner.not-ready' });
      const plans: Float32Array[] = [];
      for (const [index, set] of frames.entries()) {
        const history = Array.from({ length: window }, (_, age) => frames[index - window + 1 + age] ?? set);
        plans.push((await worker.plan(request(index, history, goal))).actions);
        plannedAfter += 1;
      }
      const found = await map;
      expect(plannedAfter).toBe(frames.length);
      if (explains) {
        expect(found).toMatchObject({ stampNs: 900_000_000n, cameras: [{ width: 16, height: 16 }] });
        expect(found?.distance).toBeGreaterThan(0);
      }
      return plans;
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('an explanation ends with the worker', async () => {
    const worker = planner(hangingWorker);
    await worker.load(loadSettings);
    const now = frameAt(1000, 1, 1);
    const map = worker.explain({ frame: now, goal: now, values, patches: 4 });
    map.catch(() => undefined);
    await worker.dispose();
    await expect(map).rejects.toMatchObject({ code: 'planner.worker-died' });
    await expect(worker.explain({ frame: now, goal: now, values, patches: 4 })).rejects.toMatchObject({
      code: 'planner.worker-died',
    });
  });

  it('ends in the middle of a plan that hangs, and can be loaded again', async () => {
    lines.length = 0;
    const worker = planner(hangingWorker);
    await worker.load(loadSettings);
    const now = frameAt(1000, 1, 1);
    const plan = worker.plan(request(0, [now], now));
    plan.catch(() => undefined);
    await expect.poll(() => lines.length).toBe(2);
    const pid = Number(lines[0]);
    expect(isRunning(pid)).toBe(true);
    await worker.dispose();
    await expect(plan).rejects.toMatchObject({ code: 'planner.worker-died' });
    expect(isRunning(pid)).toBe(false);
    await expect(worker.load(loadSettings)).resolves.toBeDefined();
  });

  it('ends a load that takes longer than it may, and says what to do', async () => {
    lines.length = 0;
    const worker = planner(hangingWorker);
    const hanging = loadFrom('hangs-loading', 1.5);
    await expect(worker.load(hanging)).rejects.toMatchObject({
      code: 'planner.worker-died',
      message: expect.stringContaining(
        'no model after 1.5 s of loading, expected a loaded model within planning.load_timeout_s',
      ) as string,
    });
    const pid = Number(lines[0]);
    await expect.poll(() => isRunning(pid)).toBe(false);
    await expect(worker.load(loadSettings)).resolves.toBeDefined();
  });

  it('says which plans may have to wait until something is compiled', async () => {
    const worker = planner(builtWorker);
    const int8 = { ...values, 'rollout.precision': 'int8' as const };
    const longer = { ...values, 'sampling.horizon': 7 };
    const { window } = await worker.load({ ...loadSettings, warmUp: values });
    expect(worker.mayCompile(values)).toBe(false);
    expect(worker.mayCompile(longer)).toBe(true);
    const now = frameAt(1000, 100, 100);
    const history = Array.from({ length: window }, () => now);
    const goal = frameAt(1, 200, 100);
    await worker.plan({ ...request(0, history, goal), values: longer });
    expect(worker.mayCompile(longer)).toBe(false);
    // Built beside the one in force, for which the next plan may have to wait.
    await worker.plan({ ...request(1, history, goal), values: int8 });
    expect(worker.mayCompile(int8)).toBe(true);
    await worker.plan({ ...request(2, history, goal), values: int8 });
    expect(worker.mayCompile(int8)).toBe(false);
    // Reduced precision is judged by the first real frame.
    await worker.load({ ...loadSettings, warmUp: int8 });
    expect(worker.mayCompile(int8)).toBe(true);
  });

  it('ends in the middle of a run of ONNX Runtime', async () => {
    const worker = planner(builtWorker);
    const { window } = await worker.load(loadSettings);
    const [pid = 0] = children();
    const now = frameAt(1000, 100, 100);
    const history = Array.from({ length: window }, () => now);
    const long = {
      ...values,
      'sampling.samples': 100_000,
      'sampling.horizon': 40,
      'sampling.iterations': 100,
    };
    const plan = worker.plan({ ...request(0, history, frameAt(1, 200, 100)), values: long });
    plan.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isRunning(pid)).toBe(true);
    await worker.dispose();
    expect(isRunning(pid)).toBe(false);
  });

  it('starts no process for a load that was overtaken by the end', async () => {
    const worker = planner(dyingWorker);
    await worker.load(loadSettings);
    const again = worker.load(loadSettings);
    const ended = worker.dispose();
    await expect(again).rejects.toMatchObject({ code: 'planner.worker-died' });
    await ended;
    expect(children()).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'goes on planning through a %s that the terminal sends to all processes',
    async (signal) => {
      const worker = planner(builtWorker);
      const { window } = await worker.load(loadSettings);
      const [pid = 0] = children();
      process.kill(pid, signal);
      const now = frameAt(1000, 100, 100);
      const history = Array.from({ length: window }, () => now);
      await expect(worker.plan(request(0, history, now))).resolves.toBeDefined();
    },
  );
});
