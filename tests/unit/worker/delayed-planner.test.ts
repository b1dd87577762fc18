import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DelayedPlanner } from '../../../src/worker/delayed-planner.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import type { ModelInfo } from '../../../src/core/model-info.js';
import type { Plan } from '../../../src/core/types.js';
import type {
  DistanceMap,
  ExplainingPlanner,
  ExplanationRequest,
  PlannerSettings,
  PlanRequest,
} from '../../../src/worker/planner-port.js';

const DELAY_MS = 1000;
const PLAN_MS = 30;
const MODEL = { name: 'model' } as unknown as ModelInfo;
const SETTINGS = { seed: 1 } as unknown as PlannerSettings;
const REQUEST = { planIndex: 3 } as unknown as PlanRequest;
const MAP = { distance: 2 } as unknown as DistanceMap;
const PLAN = { cost: 1 } as unknown as Plan;
const FAILURE = new JepaMpcError('model.run-failed', {
  subject: 's',
  found: 'f',
  expected: 'e',
  remedy: 'r',
});

/** Takes `PLAN_MS` for each plan; what it is asked for is noted. */
class QuickPlanner implements ExplainingPlanner {
  readonly asked: unknown[] = [];
  failing = false;

  mayCompile(): boolean {
    return false;
  }

  load(settings: PlannerSettings): Promise<ModelInfo> {
    this.asked.push(settings);
    return Promise.resolve(MODEL);
  }

  plan(request: PlanRequest): Promise<Plan> {
    this.asked.push(request);
    return new Promise((resolve, reject) => {
      setTimeout(() => {
        if (this.failing) reject(FAILURE);
        else resolve(PLAN);
      }, PLAN_MS);
    });
  }

  explain(): Promise<DistanceMap> {
    return Promise.resolve(MAP);
  }

  dispose(): Promise<void> {
    this.asked.push('dispose');
    return Promise.resolve();
  }
}

let quick = new QuickPlanner();
let slow = new DelayedPlanner(quick, DELAY_MS);

/** The end of a job, and how long after its start it came. */
function outcomeOf(job: Promise<unknown>): Promise<{ ended: unknown; afterMs: number }> {
  const startMs = performance.now();
  const note = (ended: unknown): { ended: unknown; afterMs: number } => ({
    ended,
    afterMs: Math.round(performance.now() - startMs),
  });
  return job.then(note, note);
}

describe('DelayedPlanner', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    quick = new QuickPlanner();
    slow = new DelayedPlanner(quick, DELAY_MS);
  });

  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('hands a plan out that much later than the planner behind it', async () => {
    const outcome = outcomeOf(slow.plan(REQUEST));
    await vi.runAllTimersAsync();
    expect(await outcome).toEqual({ ended: PLAN, afterMs: PLAN_MS + DELAY_MS });
    expect(quick.asked).toEqual([REQUEST]);
  });

  it('hands an error out that much later, too', async () => {
    quick.failing = true;
    const outcome = outcomeOf(slow.plan(REQUEST));
    await vi.runAllTimersAsync();
    expect(await outcome).toEqual({ ended: FAILURE, afterMs: PLAN_MS + DELAY_MS });
  });

  it('loads and disposes without a delay', async () => {
    expect(await slow.load(SETTINGS)).toBe(MODEL);
    await slow.dispose();
    expect(quick.asked).toEqual([SETTINGS, 'dispose']);
  });

  it('explains without a delay', async () => {
    expect(await slow.explain({} as unknown as ExplanationRequest)).toBe(MAP);
  });

  it.each(['dispose', 'load'] as const)('%s ends the wait of the running job', async (way) => {
    const outcome = outcomeOf(slow.plan(REQUEST));
    await vi.advanceTimersByTimeAsync(400);
    if (way === 'load') await slow.load(SETTINGS);
    else await slow.dispose();
    expect(await outcome).toMatchObject({ ended: { code: 'planner.worker-died' }, afterMs: 400 });
    const again = outcomeOf(slow.plan(REQUEST));
    await vi.runAllTimersAsync();
    expect(await again).toEqual({ ended: PLAN, afterMs: PLAN_MS + DELAY_MS });
  });

  it('a job that is disposed of while it still plans does not wait either', async () => {
    const outcome = outcomeOf(slow.plan(REQUEST));
    await slow.dispose();
    await vi.advanceTimersByTimeAsync(PLAN_MS);
    expect(await outcome).toMatchObject({ ended: { code: 'planner.worker-died' }, afterMs: PLAN_MS });
  });
});
