import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import type { FrameSet, ModelInfo } from '../../../../src/core/model-info.js';
import { Goals } from '../../../../src/goals/goals.js';
import { parameterSchema } from '../../../../src/params/schema.js';
import { ProblemLog } from '../../../../src/ros/diagnostics/problem-log.js';
import { ReachGoalAction } from '../../../../src/ros/goals/reach-goal-action.js';
import type {
  GoalHandle,
  ReachGoalFeedback,
  ReachGoalRequest,
  ReachGoalResult,
} from '../../../../src/ros/goals/reach-goal-server.js';
import type { ImageMessage } from '../../../../src/ros/topics/messages.js';
import type { Condition } from '../../../../src/safety/watchdog.js';
import { ms, planOf } from '../../../fixtures/robot.js';

/** OUTCOME_* of ReachGoal.action. */
const OUTCOME = {
  reached: 1,
  timed_out: 2,
  unreachable: 3,
  canceled: 4,
  preempted: 5,
  stopped: 6,
  invalid: 7,
};

/** How old a frame is when the plan from it comes. */
const FRAME_AGE_MS = 130;

const model = {
  cameras: [{ name: 'front', topic: 'image', wanted: 'colour' }],
} as unknown as ModelInfo;

const image = (encoding = 'rgb8'): ImageMessage => ({
  header: { stamp: { sec: 0, nanosec: 0 } },
  width: 1,
  height: 1,
  encoding,
  is_bigendian: 0,
  step: encoding === 'rgb8' ? 3 : 1,
  data: new Uint8Array(encoding === 'rgb8' ? 3 : 1),
});

/** A goal of a client. */
class Handle implements GoalHandle {
  readonly request: ReachGoalRequest;
  readonly feedback: ReachGoalFeedback[] = [];
  readonly states: string[] = [];
  isGone = false;

  constructor(request: Partial<ReachGoalRequest>) {
    const defaults = { goal_images: [], goal_name: '', tolerance: 0, timeout: { sec: 0, nanosec: 0 } };
    this.request = { ...defaults, ...request };
  }

  publishFeedback(feedback: ReachGoalFeedback): void {
    if (this.isGone) throw new Error('client is gone');
    this.feedback.push(feedback);
  }

  succeed(): void {
    this.states.push('succeeded');
  }

  abort(): void {
    this.states.push('aborted');
  }

  canceled(): void {
    this.states.push('canceled');
  }
}

let action: ReachGoalAction;
let goals: Goals;
let condition: Condition | null;
/** Goals by name, and how long the store takes to read one. */
let saved: Map<string, FrameSet>;
let readMs: number;
let logged: string[];
/** What came of a goal. */
let results: Map<Handle, ReachGoalResult>;

beforeEach(() => {
  vi.useFakeTimers({ now: 10_000 });
  condition = { level: 'ok', reasons: [] };
  saved = new Map([
    ['home', { stampNs: 0n, frames: [] }],
    ['shelf', { stampNs: 0n, frames: [] }],
  ]);
  readMs = 0;
  logged = [];
  results = new Map();
  const values = parameterSchema.parse({ 'goal.tolerance': 1, 'goal.settle_s': 0, 'goal.timeout_s': 60 });
  const log = (text: string): void => void logged.push(text);
  const logger = { debug: log, info: log, warn: log, error: log };
  const clock = {
    get nowNs() {
      return ms(Date.now());
    },
  };
  goals = new Goals({
    clock,
    parameters: () => values,
    log: logger,
    onStatus: () => undefined,
    onGoal: () => undefined,
    condition: () => condition,
  });
  action = new ReachGoalAction({
    goals,
    clock,
    parameters: () => values,
    model: () => model,
    problems: new ProblemLog(logger),
    services: {
      named: async (name) => {
        await new Promise((resolve) => setTimeout(resolve, readMs));
        const goal = saved.get(name);
        if (goal !== undefined) return goal;
        throw new JepaMpcError('goal.name', {
          subject: 'goal name',
          found: `"${name}"`,
          expected: 'home',
          remedy: 'Save it.',
        });
      },
      saveAs: (name, goal) => {
        saved.set(name, goal);
        return Promise.resolve();
      },
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A client sends a goal. */
async function send(request: Partial<ReachGoalRequest>): Promise<Handle> {
  const handle = new Handle(request);
  void action.execute(handle).then((result) => results.set(handle, result));
  await vi.advanceTimersByTimeAsync(1);
  return handle;
}

/** A plan for the goal in force comes, from a frame of a while ago. */
async function plan(goalDistance: number, goalStampNs = goals.current?.stampNs ?? -1n): Promise<void> {
  const made = planOf(Date.now() - FRAME_AGE_MS, [[0]]);
  const statistics = { ...made.statistics, goalDistance, bestCost: 7, planMs: 40 };
  const late = { ...made, goalStampNs, statistics };
  goals.onPlan(late);
  action.onPlan(late);
  await vi.advanceTimersByTimeAsync(100);
}

describe('a goal of a client', () => {
  it('that is reached succeeds, with the distance and the time', async () => {
    const handle = await send({ goal_images: [image()] });
    await plan(4);
    await plan(0.5);
    expect(handle.states).toEqual(['succeeded']);
    expect(results.get(handle)).toMatchObject({ outcome: OUTCOME.reached, final_distance: 0.5 });
    expect(results.get(handle)?.elapsed).toEqual({ sec: 0, nanosec: 101_000_000 });
    expect(goals.current).not.toBeNull();
  });

  it('gets feedback with each plan for it, and with no other', async () => {
    const handle = await send({ goal_images: [image()] });
    await plan(4);
    await plan(3, 1n);
    await plan(2);
    expect(handle.feedback).toEqual([
      {
        distance: 4,
        plan_cost: 7,
        plan_ms: 40,
        frame_age_ms: FRAME_AGE_MS,
        elapsed: { sec: 0, nanosec: 1e6 },
      },
      {
        distance: 2,
        plan_cost: 7,
        plan_ms: 40,
        frame_age_ms: FRAME_AGE_MS,
        elapsed: { sec: 0, nanosec: 201e6 },
      },
    ]);
  });

  it('gets no more feedback once it has ended', async () => {
    const handle = await send({ goal_images: [image()] });
    await plan(0.5);
    await plan(0.4);
    expect(handle.feedback).toEqual([]);
  });

  it('goes on when its feedback cannot be delivered', async () => {
    const handle = await send({ goal_images: [image()] });
    handle.isGone = true;
    await plan(4);
    expect(logged.at(-1)).toContain('client is gone');
    await plan(0.5);
    expect(handle.states).toEqual(['succeeded']);
  });

  it('takes tolerance and timeout from its request', async () => {
    const timeout = { sec: 2, nanosec: 500_000_000 };
    const handle = await send({ goal_images: [image()], tolerance: 0.1, timeout });
    await plan(0.5);
    expect(handle.states).toEqual([]);
    for (let tenths = 0; tenths < 25; tenths++) {
      await vi.advanceTimersByTimeAsync(100);
      goals.look();
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(handle.states).toEqual(['aborted']);
    expect(results.get(handle)?.outcome).toBe(OUTCOME.timed_out);
    expect(goals.current).toBeNull();
  });

  it('is aborted when another goal takes over', async () => {
    const first = await send({ goal_images: [image()] });
    const second = await send({ goal_name: 'home' });
    expect([first.states, second.states]).toEqual([['aborted'], []]);
    expect(results.get(first)?.outcome).toBe(OUTCOME.preempted);
    await plan(0.5);
    expect(second.states).toEqual(['succeeded']);
  });

  it('is aborted when it takes longer to read than a goal that was sent after it', async () => {
    readMs = 500;
    const first = await send({ goal_name: 'home' });
    readMs = 0;
    const second = await send({ goal_name: 'shelf' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(results.get(first)?.outcome).toBe(OUTCOME.preempted);
    expect(goals.report?.values['origin']).toBe('the action, saved goal shelf');
    await plan(0.5);
    expect(second.states).toEqual(['succeeded']);
  });

  it('is cancelled at once, and the robot has no goal any more', async () => {
    const handle = await send({ goal_images: [image()] });
    action.cancel(handle);
    await vi.advanceTimersByTimeAsync(1);
    expect(handle.states).toEqual(['canceled']);
    expect(results.get(handle)).toMatchObject({
      outcome: OUTCOME.canceled,
      reason: 'the client canceled it',
    });
    expect(goals.current).toBeNull();
  });

  it('that is cancelled while it is read never comes into force', async () => {
    readMs = 500;
    const handle = await send({ goal_name: 'home' });
    action.cancel(handle);
    await vi.advanceTimersByTimeAsync(1000);
    expect(handle.states).toEqual(['canceled']);
    expect(goals.current).toBeNull();
    expect(goals.report).toBeNull();
  });

  it('is stopped when the node shuts down', async () => {
    const handle = await send({ goal_images: [image()] });
    action.close();
    await vi.advanceTimersByTimeAsync(1);
    expect(results.get(handle)).toMatchObject({ outcome: OUTCOME.stopped, reason: 'the node is going down' });
  });

  it('of a node that is not active is aborted at once, with what to do', async () => {
    condition = null;
    const handle = await send({ goal_images: [image()] });
    expect(handle.states).toEqual(['aborted']);
    expect(results.get(handle)?.outcome).toBe(OUTCOME.stopped);
    expect(results.get(handle)?.reason).toContain('activate it');
  });
});

describe('a goal by name', () => {
  it('may be several, pursued in order', async () => {
    const handle = await send({ goal_name: 'home, shelf' });
    expect(goals.report?.values['origin']).toBe('the action, saved goal home');
    await plan(0.5);
    expect(goals.report?.values['origin']).toBe('the action, saved goal shelf');
    expect(handle.states).toEqual([]);
    await plan(0.5);
    expect(handle.states).toEqual(['succeeded']);
  });

  it('is saved when images come with it', async () => {
    await send({ goal_name: 'new', goal_images: [image()] });
    expect(saved.get('new')?.frames).toHaveLength(1);
  });
});

describe('a request that cannot be used', () => {
  it.each([
    ['an unknown name', { goal_name: 'home, nowhere' }, 'found "nowhere"'],
    ['neither image nor name', {}, 'found ""'],
    ['more images than cameras', { goal_images: [image(), image()] }, 'found 2 images, expected 1'],
    ['a grey image for a model of colours', { goal_images: [image('mono8')] }, 'mono8'],
    ['a negative tolerance', { goal_images: [image()], tolerance: -1 }, 'tolerance -1'],
    ['a tolerance that is no number', { goal_images: [image()], tolerance: NaN }, 'tolerance NaN'],
    [
      'a negative timeout',
      { goal_images: [image()], timeout: { sec: -1, nanosec: 0 } },
      'timeout -1000000000 ns',
    ],
  ])('(%s) is aborted with the reason, and the goal in force stays', async (_, request, reason) => {
    const before = goals.setUnstamped({ stampNs: 0n, frames: [] }, 'the topic');
    const handle = await send(request);
    await vi.advanceTimersByTimeAsync(10);
    expect(handle.states).toEqual(['aborted']);
    expect(results.get(handle)?.outcome).toBe(OUTCOME.invalid);
    expect(results.get(handle)?.reason).toContain(reason);
    expect(goals.current).toBe(before.goal);
  });
});
