import { VirtualTimeScheduler } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';

import { EffortLaw } from '../../../src/control/effort-law.js';
import { Proprioception } from '../../../src/control/proprioception.js';
import { parseUrdf } from '../../../src/control/urdf.js';
import { DEFAULT_WATCHDOG_THRESHOLDS } from '../../../src/control/watchdog.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import type { FrameSet, ModelInfo } from '../../../src/core/model-info.js';
import type { Plan } from '../../../src/core/types.js';
import { ControlLoop } from '../../../src/pipeline/control-loop.js';
import type { PlanReport } from '../../../src/pipeline/control-loop.js';
import type { PlannerPort, PlanRequest } from '../../../src/pipeline/planner-port.js';
import { jointSemantics } from '../control/fixtures.js';
import { defaultTuning as tuning } from '../../fixtures/default-tuning.js';
import { planningFacts } from '../../fixtures/planning-facts.js';

const model: ModelInfo = {
  name: 'test',
  sha256: '',
  device: 'cpu',
  cameras: [{ name: 'image', topic: 'image', wanted: 'colour' }],
  joints: ['a'],
  periodMs: 100,
  block: 2,
  window: 2,
  latent: { tokens: 1, dim: 1 },
  goalKind: 'image',
  proprioception: [],
  planning: planningFacts,
};
const limits = [{ name: 'a', lower: -2, upper: 2, velocity: 1, acceleration: 10, effort: 1 }];

const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;
const frameAt = (ms: number): FrameSet => ({ stampNs: ns(ms), frames: [] });

/** A planner that answers when told to. */
class ManualPlanner implements PlannerPort {
  readonly requests: PlanRequest[] = [];
  #answer: { resolve: (plan: Plan) => void; reject: (error: Error) => void } | null = null;

  load(): Promise<ModelInfo> {
    return Promise.resolve(model);
  }

  plan(request: PlanRequest): Promise<Plan> {
    this.requests.push(request);
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
    });
  }

  /** Answers the running job with full speed ahead. */
  async finish(velocity = 1): Promise<void> {
    const request = this.requests.at(-1);
    const frame = request?.history.at(-1);
    if (request === undefined || frame === undefined) throw new Error('no job is running');
    this.#answer?.resolve({
      frameStampNs: frame.stampNs,
      goalStampNs: request.goal.stampNs,
      actions: new Float32Array(10).fill(velocity),
      actionSize: 1,
      periodMs: 100,
      committed: 1,
      statistics: {
        planIndex: request.planIndex,
        encodeMs: 0,
        encoded: 1,
        warmUp: false,
        planMs: 0,
        bestCost: 0,
        meanCost: 0,
        goalDistance: 0,
        iterations: 1,
        samples: 1,
        elitesStd: 0,
        rollout: 'host',
        searchMs: 0,
        fallbacks: [],
      },
    });
    await settle();
  }

  async fail(error: Error): Promise<void> {
    this.#answer?.reject(error);
    await settle();
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** Lets promises that are already decided take effect. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

let planner: ManualPlanner;
let scheduler: VirtualTimeScheduler;
let loop: ControlLoop;
let reports: PlanReport[];
let problems: JepaMpcError[];
let restarts: number;

/** Feeds frames every 100 ms and joint states and ticks every 20 ms, as a robot that follows perfectly; returns the last command. */
function runUntil(fromMs: number, toMs: number, frames = true): ReturnType<ControlLoop['tick']> {
  let command: ReturnType<ControlLoop['tick']> = null;
  for (let ms = fromMs; ms <= toMs; ms += 20) {
    const position = command?.positions ?? loop.reading?.position ?? Float64Array.of(0);
    loop.onReading({ stampNs: ns(ms), position: position.slice(), velocity: Float64Array.of(0) });
    if (frames && ms % 100 === 0) loop.onFrame(frameAt(ms));
    command = loop.tick(ns(ms));
  }
  return command;
}

beforeEach(() => {
  planner = new ManualPlanner();
  scheduler = new VirtualTimeScheduler();
  reports = [];
  problems = [];
  restarts = 0;
  loop = new ControlLoop({
    model,
    planner,
    limits,
    semantics: jointSemantics(limits),
    commandPeriodNs: ns(20),
    trackingTolerance: 0.3,
    committedPeriods: 1,
    settings: () => ({ tuning, thresholds: DEFAULT_WATCHDOG_THRESHOLDS, planTimeoutMs: 1000 }),
    restartPlanner: () => {
      restarts += 1;
      return Promise.resolve();
    },
    scheduler,
  });
  loop.plans$.subscribe((report) => reports.push(report));
  loop.problems$.subscribe((problem) => problems.push(problem));
  loop.onGoal(frameAt(1));
  loop.onReading({ stampNs: ns(980), position: Float64Array.of(0.5), velocity: Float64Array.of(0) });
  loop.start(ns(980));
});

describe('where the model is told of the robot, the control loop', () => {
  beforeEach(() => {
    const urdf = parseUrdf('<robot name="none"><link name="base"/></robot>');
    loop = new ControlLoop({
      model,
      planner,
      limits,
      semantics: jointSemantics(limits),
      proprioception: new Proprioception([{ kind: 'joint_position', joint: 'a' }], ['a'], urdf),
      commandPeriodNs: ns(20),
      trackingTolerance: 0.3,
      committedPeriods: 1,
      settings: () => ({ tuning, thresholds: DEFAULT_WATCHDOG_THRESHOLDS, planTimeoutMs: 1000 }),
      restartPlanner: () => Promise.resolve(),
      scheduler,
    });
    loop.plans$.subscribe((report) => reports.push(report));
    loop.onGoal(frameAt(1));
    loop.start(ns(980));
  });

  it('gives each frame where the joints were when it was taken', () => {
    loop.onReading({ stampNs: ns(990), position: Float64Array.of(0.5), velocity: Float64Array.of(1) });
    loop.onFrame(frameAt(1000));
    expect(planner.requests[0]?.history.at(-1)?.proprioception).toEqual(Float64Array.of(0.51));
    expect(planner.requests[0]?.goal.proprioception).toBeUndefined();
  });

  it('does not plan from a frame before the first reading', () => {
    loop.onFrame(frameAt(1000));
    loop.onReading({ stampNs: ns(1010), position: Float64Array.of(0.5), velocity: Float64Array.of(0) });
    expect(planner.requests).toHaveLength(0);
    loop.onFrame(frameAt(1100));
    expect(planner.requests).toHaveLength(1);
  });
});

describe('where efforts are commanded, the control loop', () => {
  beforeEach(() => {
    loop = new ControlLoop({
      model,
      planner,
      limits,
      semantics: jointSemantics(limits),
      effortLaw: new EffortLaw(limits, [{ kp: 4, kd: 1 }]),
      commandPeriodNs: ns(20),
      trackingTolerance: 0.3,
      committedPeriods: 1,
      settings: () => ({
        tuning,
        thresholds: { ...DEFAULT_WATCHDOG_THRESHOLDS, jointStatesAgeS: 0.1 },
        planTimeoutMs: 1000,
      }),
      restartPlanner: () => Promise.resolve(),
      scheduler,
    });
    loop.onReading({ stampNs: ns(980), position: Float64Array.of(0.5), velocity: Float64Array.of(0) });
    loop.start(ns(980));
    loop.tick(ns(980));
  });

  it('goes on regulating while it holds', () => {
    loop.onFrame(frameAt(1000));
    loop.onReading({ stampNs: ns(1000), position: Float64Array.of(0.4), velocity: Float64Array.of(0.2) });
    const command = loop.tick(ns(1000));
    expect(command?.mode).toBe('hold');
    expect(command?.efforts?.[0]).toBeCloseTo(4 * 0.1 - 0.2, 12);
  });

  it('lets go when joint states are too old, and takes up again with the next', () => {
    loop.onReading({ stampNs: ns(1000), position: Float64Array.of(0.4), velocity: Float64Array.of(0) });
    expect(loop.tick(ns(1100))?.efforts?.[0]).toBeCloseTo(0.4, 12);
    expect(loop.tick(ns(1120))?.efforts?.[0]).toBe(0);
    loop.onReading({ stampNs: ns(1130), position: Float64Array.of(0.45), velocity: Float64Array.of(0) });
    expect(loop.tick(ns(1140))?.efforts?.[0]).toBeCloseTo(0.2, 12);
  });

  it('counts a robot that still moves as not at rest', () => {
    loop.onReading({ stampNs: ns(1000), position: Float64Array.of(0.5), velocity: Float64Array.of(0.2) });
    loop.tick(ns(1000));
    expect(loop.isAtRest).toBe(false);
    loop.onReading({ stampNs: ns(1020), position: Float64Array.of(0.5), velocity: Float64Array.of(0) });
    loop.tick(ns(1020));
    expect(loop.isAtRest).toBe(true);
  });
});

describe('the control loop', () => {
  it('holds the measured pose until there is a plan', () => {
    const command = runUntil(1000, 1200);
    expect(command?.mode).toBe('hold');
    expect(command?.positions[0]).toBe(0.5);
    expect(command?.velocities[0]).toBe(0);
  });

  it('plans from the newest frame, one plan at a time', async () => {
    runUntil(1000, 1400);
    expect(planner.requests.map((request) => request.history.at(-1)?.stampNs)).toEqual([ns(1000)]);
    await planner.finish();
    expect(planner.requests.map((request) => request.history.at(-1)?.stampNs)).toEqual([ns(1000), ns(1400)]);
    expect(planner.requests[1]?.history[0]?.stampNs).toBe(ns(1200));
  });

  it('a plan takes over one committed period after its frame, never earlier', async () => {
    runUntil(1000, 1000);
    await planner.finish();
    expect(runUntil(1020, 1080)?.mode).toBe('hold');
    const command = runUntil(1100, 1100);
    expect(command?.mode).toBe('plan');
    expect(command?.velocities[0]).toBeCloseTo(0.2);
    expect(reports).toHaveLength(1);
    expect(reports[0]?.late).toBe(false);
    expect(loop.frameToCommandMs).toBe(100);
  });

  it('tells the planner what will be sent meanwhile', async () => {
    runUntil(1000, 1080);
    await planner.finish(0.5);
    runUntil(1100, 1200);
    expect(Array.from(planner.requests[0]?.committed ?? [])).toEqual([0]);
    expect(Array.from(planner.requests[1]?.committed ?? [])).toEqual([0.5]);
  });

  it('tells the planner where the joints were when the frame was taken, and their limits', () => {
    loop.onReading({ stampNs: ns(1040), position: Float64Array.of(0.5), velocity: Float64Array.of(1) });
    loop.onFrame(frameAt(1000));
    expect(planner.requests[0]?.joints.position[0]).toBeCloseTo(0.46, 9);
    expect([...(planner.requests[0]?.joints.upper ?? [])]).toEqual(limits.map(({ upper }) => upper));
  });

  it('a plan that arrives after its turn is marked late and still used', async () => {
    runUntil(1000, 1140);
    await planner.finish();
    expect(reports[0]?.late).toBe(true);
    expect(runUntil(1160, 1160)?.mode).toBe('plan');
  });

  it('brakes when the camera goes quiet and goes on with the next frames', async () => {
    runUntil(1000, 1000);
    await planner.finish(0.1);
    runUntil(1020, 1480, false);
    expect(loop.condition.level).toBe('ok');
    const silent = runUntil(1500, 1600, false);
    expect(silent?.mode).toBe('hold');
    expect(silent?.reason).toContain('image');
    expect(silent?.velocities[0]).toBe(0);
    runUntil(1620, 1700);
    await planner.finish(0.1);
    expect(runUntil(1720, 1820)?.mode).toBe('plan');
  });

  it('pauses and resumes', async () => {
    runUntil(1000, 1000);
    await planner.finish(0.5);
    runUntil(1020, 1160);
    loop.setPaused(true);
    expect(runUntil(1180, 1300)?.velocities[0]).toBe(0);
    const asked = planner.requests.length;
    runUntil(1320, 1500);
    expect(planner.requests.length).toBe(asked);
    loop.setPaused(false);
    runUntil(1520, 1600);
    await planner.finish(0.5);
    runUntil(1620, 1700);
    await planner.finish(0.5);
    expect(runUntil(1720, 1800)?.mode).toBe('plan');
  });

  it('sends nothing once stopped, after braking to rest', async () => {
    runUntil(1000, 1000);
    await planner.finish();
    runUntil(1020, 1200);
    loop.brake('told to stop');
    expect(loop.isAtRest).toBe(false);
    runUntil(1220, 1400);
    expect(loop.isAtRest).toBe(true);
    loop.stop();
    expect(runUntil(1420, 1420)).toBeNull();
  });

  it('a reset drops the plan in the making', async () => {
    runUntil(1000, 1000);
    loop.reset(ns(1010));
    await planner.finish();
    expect(reports).toHaveLength(0);
    expect(runUntil(1020, 1100)?.mode).toBe('hold');
    expect(planner.requests.at(-1)?.planIndex).toBe(0);
  });
});

describe('when things go wrong', () => {
  it('a failed plan is reported and the next frame is planned from again', async () => {
    runUntil(1000, 1000);
    await planner.fail(
      new JepaMpcError('planner.not-finite', {
        subject: 'costs',
        found: 'NaN',
        expected: 'numbers',
        remedy: 'Look.',
      }),
    );
    expect(problems.map((problem) => problem.code)).toEqual(['planner.not-finite']);
    runUntil(1020, 1100);
    expect(planner.requests).toHaveLength(2);
    expect(restarts).toBe(0);
  });

  it('a dead planner holds the robot and is started again', async () => {
    runUntil(1000, 1000);
    await planner.finish();
    runUntil(1020, 1100);
    const died = planner.fail(
      new JepaMpcError('planner.worker-died', {
        subject: 'worker',
        found: 'exit',
        expected: 'life',
        remedy: 'Wait.',
      }),
    );
    await died;
    expect(restarts).toBe(1);
    runUntil(1120, 1200);
    expect(planner.requests.length).toBeGreaterThan(2);
  });

  it('a planner that hangs counts as dead', async () => {
    runUntil(1000, 1000);
    scheduler.flush();
    await settle();
    expect(problems[0]?.message).toContain('no plan within 1000 ms');
    expect(restarts).toBe(1);
  });

  it('a robot that does not follow makes it hold until a reset', () => {
    runUntil(1000, 1000);
    loop.onReading({ stampNs: ns(1020), position: Float64Array.of(1.2), velocity: Float64Array.of(0) });
    loop.onFrame(frameAt(1020));
    loop.tick(ns(1020));
    loop.tick(ns(1040));
    expect(loop.condition.reasons.map((reason) => reason.name)).toContain('fault');
    loop.reset(ns(1040));
    expect(loop.tick(ns(1060))?.positions[0]).toBe(1.2);
    expect(loop.condition.reasons.map((reason) => reason.name)).not.toContain('fault');
  });

  it('joint states that stop coming make it hold', () => {
    runUntil(1000, 1100);
    for (let ms = 1120; ms <= 1700; ms += 20) {
      loop.onFrame(frameAt(ms));
      loop.tick(ns(ms));
    }
    expect(loop.condition.reasons.map((reason) => reason.name)).toContain('joint_states');
  });
});
