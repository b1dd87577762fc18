import { afterEach, describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { Plan } from '../../../src/core/types.js';
import { NO_EXTRAS } from '../../../src/worker/planner-port.js';
import type { PlanRequest } from '../../../src/worker/planner-port.js';
import { WorkerPlanner } from '../../../src/worker/worker-planner.js';
import { defaultValues } from '../../fixtures/planners.js';
import { frame, loadSettings, silentLogger } from '../../fixtures/plan-message.js';

const countingWorker = new URL('../../fixtures/counting-worker.mjs', import.meta.url);

const values = {
  ...defaultValues,
  'sampling.samples': 4,
  'sampling.elites': 2,
  'sampling.iterations': 1,
  'sampling.horizon': 2,
};
const STEP_NS = 200_000_000n;
const goal = frame(1n, 200, 100);

/** Frames of a camera at 30 Hz. */
function streamOf(seconds: number): FrameSet[] {
  return Array.from({ length: seconds * 30 }, (_, i) =>
    frame(10_000_000_000n + (BigInt(i) * 1_000_000_000n) / 30n, i % 256, 100),
  );
}

/** Those a plan from the last of these is made from: it and the one nearest to a step before it. */
function windowOf(frames: readonly FrameSet[]): readonly FrameSet[] {
  const newest = frames.at(-1) ?? goal;
  const distance = ({ stampNs }: FrameSet): bigint => {
    const way = newest.stampNs - STEP_NS - stampNs;
    return way < 0n ? -way : way;
  };
  return [frames.slice(-12).reduce((a, b) => (distance(b) < distance(a) ? b : a)), newest];
}

let worker: WorkerPlanner | null = null;
let runs = 0;

async function load(): Promise<WorkerPlanner> {
  const debug = (line: string): void => {
    if (line === 'encoder run') runs += 1;
  };
  worker = new WorkerPlanner(countingWorker, { ...silentLogger, debug });
  await worker.load(loadSettings);
  runs = 0;
  return worker;
}

afterEach(async () => {
  await worker?.dispose();
  worker = null;
});

async function plan(from: readonly FrameSet[], change: Partial<PlanRequest> = {}): Promise<Plan> {
  if (worker === null) throw new Error('no worker');
  const joints = {
    position: new Float64Array(2),
    lower: new Float64Array(2).fill(-1),
    upper: new Float64Array(2).fill(1),
  };
  const committed = new Float32Array(2);
  const extras = NO_EXTRAS;
  return worker.plan({ planIndex: 1, history: from, goal, committed, joints, values, extras, ...change });
}

describe('latents by stamp', () => {
  it('encodes each frame of a minute at 30 Hz once, with a window of 2 frames 200 ms apart', async () => {
    await load();
    const frames = streamOf(60);
    let encoded = 0;
    for (let i = 0; i < frames.length; i++) {
      const { statistics } = await plan(windowOf(frames.slice(0, i + 1)), { planIndex: i });
      encoded += statistics.encoded;
    }
    expect(encoded).toBe(frames.length);
    // The goal is encoded too.
    expect(runs).toBe(frames.length + 1);
  }, 120_000);

  it('encodes no frame that no plan asks for', async () => {
    await load();
    const frames = streamOf(10);
    let plans = 0;
    for (let i = 0; i < frames.length; i += 3) {
      await plan(windowOf(frames.slice(0, i + 1)), { planIndex: plans });
      plans += 1;
    }
    expect(runs).toBe(plans + 1);
  }, 60_000);

  it('encodes the window again after a failed plan, and once only', async () => {
    await load();
    const frames = streamOf(1);
    for (let i = 0; i < 10; i++) await plan(windowOf(frames.slice(0, i + 1)));
    const refused = { ...values, 'objective.expression': 'q[3]' };
    await expect(plan(windowOf(frames.slice(0, 11)), { values: refused })).rejects.toMatchObject({
      code: 'objective.invalid',
    });
    expect((await plan(windowOf(frames.slice(0, 12)))).statistics.encoded).toBe(2);
    expect((await plan(windowOf(frames.slice(0, 12)))).statistics.encoded).toBe(0);
  });

  it('encodes anew after a reset, and after the clock went back to the same stamps', async () => {
    await load();
    const frames = streamOf(2);
    const [first = goal, second = goal] = frames;
    const plansFrom = async (red: number, planIndex: number): Promise<Float32Array> => {
      const now = frame(first.stampNs, red, 100);
      const { actions, statistics } = await plan([now, now], { planIndex });
      expect(statistics.encoded).toBe(1);
      return actions;
    };
    const before = await plansFrom(10, 0);
    expect(await plansFrom(250, 0)).not.toEqual(before);
    await plan([second, second]);
    // Stamps of the time before: nothing is left of them but the first, which is this frame.
    const earlier = frame(first.stampNs - 1n, 10, 100);
    expect((await plan([earlier, earlier])).statistics.encoded).toBe(1);
    expect((await plan([second, second])).statistics.encoded).toBe(1);
  });

  it('forgets frames that no window reaches any more', async () => {
    await load();
    const frames = streamOf(2);
    const [oldest = goal] = frames;
    await plan([oldest, oldest]);
    await plan(windowOf(frames));
    // More than a window before the newest: it has to come with its pixels again.
    const { statistics } = await plan([oldest, oldest]);
    expect(statistics.encoded).toBe(1);
  });
});
