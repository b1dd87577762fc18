import { VirtualTimeScheduler } from 'rxjs';
import { UNHINDERED, type OperatorState } from '../../../src/safety/operator-state.js';
import { beforeEach, describe, expect, it } from 'vitest';

import { EffortLaw } from '../../../src/safety/effort-law.js';
import { Proprioception } from '../../../src/robot/proprioception.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import type { FrameSet, ModelInfo } from '../../../src/core/model-info.js';
import type { Plan } from '../../../src/core/types.js';
import { ControlLoop } from '../../../src/loop/control-loop.js';
import type { ControlLoopOptions, LoopValues } from '../../../src/loop/loop-options.js';
import type { PlanReport } from '../../../src/loop/replanning.js';
import { asOneMove } from '../../../src/loop/one-move.js';
import type { PlannerPort, PlanRequest } from '../../../src/worker/planner-port.js';
import { jointLimit, jointSemantics } from '../../fixtures/robot.js';
import { validateParameters } from '../../../src/params/validate.js';
import { defaultValues } from '../../fixtures/planners.js';
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
const limits = [jointLimit('a', { lower: -2, upper: 2, velocity: 1, effort: 1 })];

const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;
const frameAt = (ms: number): FrameSet => ({ stampNs: ns(ms), frames: [] });

/** A planner that answers when told to. */
class ManualPlanner implements PlannerPort {
  readonly requests: PlanRequest[] = [];
  compiles = false;
  /** How long a plan and its search are said to have taken. */
  searchMs = 0;
  /** Whether something is said to have been compiled for the plan. */
  warmUp = false;
  #answer: { resolve: (plan: Plan) => void; reject: (error: Error) => void } | null = null;

  load(): Promise<ModelInfo> {
    return Promise.resolve(model);
  }

  mayCompile(): boolean {
    return this.compiles;
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
      committed: request.committed.length,
      statistics: {
        planIndex: request.planIndex,
        encodeMs: 0,
        encoded: 1,
        warmUp: this.warmUp,
        planMs: this.searchMs,
        bestCost: 0,
        meanCost: 0,
        goalDistance: 0,
        samples: 1,
        elitesStd: 0,
        elitesStdByIteration: [0],
        costVariation: 0.1,
        actionsAtBounds: 0,
        rests: false,
        rollout: 'host',
        fallbacks: [],
        iterations: iterationsOf(request),
        searchMs: this.searchMs,
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

function iterationsOf(request: PlanRequest | undefined): number {
  return (request?.values['sampling.iterations'] ?? NaN) || model.planning.plannerDefaults.iterations;
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

/** How old frames and readings are when they come: nothing is brand-new. */
const FRAME_AGE_MS = 40;
const READING_AGE_MS = 10;

/** Time on the clock of the loop. */
let nowMs: number;
const at = (ms: number): bigint => {
  nowMs = ms;
  return ns(ms);
};

/** A reading that comes now. */
function read(ms: number, position: number, velocity = 0): void {
  const reading = { position: Float64Array.of(position), velocity: Float64Array.of(velocity) };
  loop.onReading({ stampNs: ns(ms - READING_AGE_MS), ...reading }, at(ms));
}

/** A frame that comes now. */
function see(ms: number): void {
  loop.onFrame(frameAt(ms - FRAME_AGE_MS), at(ms));
}

/** A robot that rests there, until it is known to. */
function restAt(position: number, untilMs = 940): void {
  for (let ms = untilMs - 200; ms <= untilMs; ms += 20) read(ms, position);
}

interface World {
  readonly frames?: boolean;
  readonly readings?: boolean;
}

/** Feeds frames every 100 ms and joint states and ticks every 20 ms, as a robot that follows perfectly; returns the last command. */
function runUntil(
  fromMs: number,
  toMs: number,
  { frames = true, readings = true }: World = {},
): ReturnType<ControlLoop['tick']> {
  let command: ReturnType<ControlLoop['tick']> = null;
  for (let ms = fromMs; ms <= toMs; ms += 20) {
    const position = command?.positions ?? robot;
    if (readings) read(ms, position[0] ?? NaN);
    if (frames && ms % 100 === 0) see(ms);
    command = loop.tick(at(ms));
    if (command !== null) robot = command.positions;
  }
  return command;
}

/** Where the robot was commanded to be last. */
let robot: Float64Array;

const values: LoopValues = {
  ...validateParameters({
    'command.soft_start_s': 0,
    'planning.timeout_s': 1,
    'planning.load_timeout_s': 60,
    'planning.latency': 'fixed',
  }),
  ...defaultValues,
};

/** A loop for this test; what differs comes last. */
function makeLoop(overrides: Partial<ControlLoopOptions> = {}): ControlLoop {
  return new ControlLoop({
    model,
    planner,
    limits,
    semantics: jointSemantics(limits),
    commandPeriodNs: ns(20),
    trackingTolerances: [0.3],
    clock: {
      get nowNs() {
        return ns(nowMs);
      },
      stepS: 0,
      isSimulated: false,
    },
    values: () => values,
    restartPlanner: () => {
      restarts += 1;
      return Promise.resolve();
    },
    scheduler,
    ...overrides,
  });
}

beforeEach(() => {
  planner = new ManualPlanner();
  scheduler = new VirtualTimeScheduler();
  reports = [];
  problems = [];
  restarts = 0;
  robot = Float64Array.of(0.5);
  loop = makeLoop();
  loop.plans$.subscribe((report) => reports.push(report));
  loop.problems$.subscribe((problem) => problems.push(problem));
  loop.onGoal(frameAt(1));
  restAt(0.5);
  loop.start(at(940));
});

describe('if the model takes proprioception, the control loop', () => {
  const urdf = parseUrdf('<robot name="none"><link name="base"/></robot>');
  function seeing(kind: 'joint_position' | 'joint_velocity'): void {
    loop = makeLoop({ proprioception: new Proprioception([{ kind, joint: 'a' }], ['a'], urdf) });
    loop.plans$.subscribe((report) => reports.push(report));
    loop.onGoal(frameAt(1));
  }
  const newest = (): number | undefined => planner.requests.at(-1)?.history.at(-1)?.proprioception?.[0];

  it('gives each frame where the joints were when it was taken, between the readings around it', () => {
    seeing('joint_position');
    restAt(0.5, 880);
    loop.start(at(880));
    loop.onReading(
      { stampNs: ns(950), position: Float64Array.of(0.5), velocity: Float64Array.of(1) },
      at(955),
    );
    loop.onReading(
      { stampNs: ns(970), position: Float64Array.of(0.54), velocity: Float64Array.of(1) },
      at(975),
    );
    loop.onFrame(frameAt(960), at(1000));
    expect(newest()).toBeCloseTo(0.52, 12);
    expect(planner.requests[0]?.goal.proprioception).toBeUndefined();
  });

  it('captures a goal at rest, at the joint positions of its stamp, and without them where they are old', () => {
    seeing('joint_velocity');
    expect(loop.capturedGoal).toBeNull();
    read(940 + READING_AGE_MS, 0.5, 1);
    loop.onFrame(frameAt(960), at(965));
    read(980 + READING_AGE_MS, 0.54, 1);
    const { joints, proprioception } = loop.capturedGoal ?? {};
    expect(joints?.['a']).toBeCloseTo(0.52, 12);
    expect(loop.newestFrame?.proprioception?.[0]).toBeCloseTo(1, 12);
    expect(proprioception).toEqual(Float64Array.of(0));
    const staleMs = 980 + 1000 * values['watchdog.joint_states_timeout_s'];
    loop.onFrame(frameAt(staleMs), at(staleMs));
    expect(loop.capturedGoal?.joints?.['a']).toBeCloseTo(0.54, 12);
    loop.onFrame(frameAt(staleMs + 1), at(staleMs + 1));
    expect(loop.capturedGoal).toEqual({ stampNs: ns(staleMs + 1), frames: [] });
  });

  it('moves them on by what was commanded where the newest reading is older than the frame', async () => {
    seeing('joint_position');
    restAt(0.5);
    loop.start(at(940));
    runUntil(1000, 1000);
    await planner.finish(0.5);
    runUntil(1020, 1200);
    await planner.finish(0.5);
    const { reading } = loop;
    runUntil(1220, 1300, { readings: false });
    const moved = 0.05 * (Number(ns(1260) - (reading?.stampNs ?? 0n)) / 1e8);
    expect(loop.newestFrame?.proprioception?.[0]).toBeCloseTo((reading?.position[0] ?? NaN) + moved, 2);
  });

  it('gives a velocity that the driver does not measure from positions, and no zero in its place', () => {
    seeing('joint_velocity');
    for (let ms = 800; ms <= 980; ms += 20) read(ms, 0.5, NaN);
    loop.start(at(980));
    for (let ms = 1000; ms <= 1100; ms += 20) read(ms, 0.5 + (ms - 980) / 1000, NaN);
    loop.onFrame(frameAt(1070), at(1110));
    expect(newest()).toBeCloseTo(1, 9);
  });

  it('does not plan from a frame before the first reading', () => {
    seeing('joint_position');
    loop.start(at(980));
    see(1000);
    restAt(0.5, 1080);
    loop.tick(at(1080));
    expect(planner.requests).toHaveLength(0);
    see(1140);
    expect(planner.requests).toHaveLength(1);
  });
});

describe('where efforts are commanded, the control loop', () => {
  beforeEach(() => {
    loop = makeLoop({
      effortLaw: new EffortLaw(limits, [{ kp: 4, kd: 1 }]),
      values: () => ({ ...values, 'watchdog.joint_states_timeout_s': 0.1 }),
    });
    restAt(0.5);
    loop.start(at(940));
    loop.tick(at(940));
  });

  it('goes on regulating while it holds', () => {
    see(1000);
    read(1000, 0.4, 0.2);
    const command = loop.tick(at(1000));
    expect(command?.mode).toBe('hold');
    expect(command?.efforts?.[0]).toBeCloseTo(4 * 0.1 - 0.2, 12);
  });

  it('lets go when joint states are too old, and takes up again with the next', () => {
    read(1000, 0.4);
    expect(loop.tick(at(1080))?.efforts?.[0]).toBeCloseTo(0.4, 12);
    expect(loop.tick(at(1100))?.efforts?.[0]).toBe(0);
    read(1130, 0.45);
    expect(loop.tick(at(1140))?.efforts?.[0]).toBeCloseTo(0.2, 12);
  });

  it('counts a robot that still moves as not at rest', () => {
    read(1000, 0.5, 0.2);
    loop.tick(at(1000));
    expect(loop.isAtRest).toBe(false);
    read(1020, 0.5);
    loop.tick(at(1020));
    expect(loop.isAtRest).toBe(true);
  });
});

describe('the control loop plans because it was started', () => {
  it('with nobody subscribed to its plans, and never twice for several subscribers', async () => {
    loop = makeLoop();
    loop.onGoal(frameAt(1));
    restAt(0.5);
    loop.start(at(940));
    runUntil(1000, 1000);
    expect(planner.requests).toHaveLength(1);
    loop.plans$.subscribe();
    loop.plans$.subscribe();
    await planner.finish();
    runUntil(1020, 1200);
    expect(planner.requests).toHaveLength(2);
  });

  it('and neither before nor after it is stopped', () => {
    loop = makeLoop();
    loop.plans$.subscribe();
    loop.onGoal(frameAt(1));
    restAt(0.5, 880);
    see(900);
    expect(planner.requests).toHaveLength(0);
    loop.start(at(940));
    loop.stop();
    see(1000);
    expect(planner.requests).toHaveLength(0);
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
    const stamp = (ms: number): bigint => ns(ms - FRAME_AGE_MS);
    const planned = (): unknown => planner.requests.map((request) => request.history.at(-1)?.stampNs);
    expect(planned()).toEqual([stamp(1000)]);
    await planner.finish();
    expect(planned()).toEqual([stamp(1000), stamp(1400)]);
    expect(planner.requests[1]?.history[0]?.stampNs).toBe(stamp(1200));
  });

  it('a plan takes over one committed period after its frame, never earlier', async () => {
    runUntil(1000, 1000);
    await planner.finish();
    expect(runUntil(1020, 1040)?.mode).toBe('hold');
    const command = runUntil(1060, 1060);
    expect(command?.mode).toBe('plan');
    expect(command?.velocities[0]).toBeCloseTo(0.2);
    expect(reports).toHaveLength(1);
    expect(reports[0]?.late).toBe(false);
    expect(loop.frameToCommandMs).toBe(100);
  });

  it('gives the planner what has been sent since the frame, and what will be', async () => {
    runUntil(1000, 1080);
    await planner.finish(0.5);
    runUntil(1100, 1200);
    expect(Array.from(planner.requests[0]?.committed ?? [])).toEqual([0]);
    // The plan was late and took over at 1100: of 1060 to 1160, two ticks of rest had been sent, and three of 0.5 were due.
    expect(planner.requests[1]?.committed[0]).toBeCloseTo(0.3, 6);
    await planner.finish(0.5);
    runUntil(1220, 1300);
    expect(planner.requests[2]?.committed[0]).toBeCloseTo(0.5, 6);
  });

  it.each([5, 20, 40, 60, 80, 100, 150, 200])(
    'knows what was sent at a constant speed from a frame that is %d ms old',
    async (ageMs) => {
      runUntil(1000, 1000);
      await planner.finish(1);
      runUntil(1020, 1400, { frames: false });
      loop.onFrame(frameAt(1400 - ageMs), at(1400));
      expect([...(planner.requests.at(-1)?.committed ?? [])]).toEqual([1]);
    },
  );

  it('tells the planner where the joints were when the frame was taken, and their limits', () => {
    read(1010, 0.5);
    loop.onReading(
      { stampNs: ns(1040), position: Float64Array.of(0.54), velocity: Float64Array.of(1) },
      at(1045),
    );
    loop.onFrame(frameAt(1020), at(1060));
    expect(planner.requests[0]?.joints.position[0]).toBeCloseTo(0.52, 9);
    expect([...(planner.requests[0]?.joints.upper ?? [])]).toEqual(limits.map(({ upper }) => upper));
  });

  it('a plan that arrives after its turn is marked late and still used', async () => {
    runUntil(1000, 1000);
    await planner.finish();
    runUntil(1020, 1240);
    await planner.finish(0.5);
    expect(reports.map(({ late }) => late)).toEqual([false, true]);
    const command = runUntil(1260, 1400, { frames: false });
    expect(command?.mode).toBe('plan');
    expect(command?.velocities[0]).toBeCloseTo(0.5);
  });

  it('brakes when the camera goes quiet and goes on with the next frames', async () => {
    runUntil(1000, 1000);
    await planner.finish(0.1);
    runUntil(1020, 1460, { frames: false });
    expect(loop.condition.level).toBe('ok');
    const silent = runUntil(1480, 1580, { frames: false });
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
    expect(loop.reset(at(1010))).toMatchObject({ state: 'anchored', position: Float64Array.of(0.5) });
    await planner.finish();
    expect(reports).toHaveLength(0);
    expect(runUntil(1020, 1100)?.mode).toBe('hold');
    expect(planner.requests.at(-1)?.planIndex).toBe(0);
  });

  it('a reset while moving brakes first, without a step of the command, and then takes the measured pose', async () => {
    runUntil(1000, 1000);
    await planner.finish(1);
    const before = runUntil(1020, 1300, { frames: false })?.velocities[0] ?? NaN;
    expect(before).toBeCloseTo(1, 6);
    expect(loop.reset(at(1300)).state).toBe('braking');
    const velocities: number[] = [];
    for (let ms = 1320; ms <= 1700; ms += 20)
      velocities.push(runUntil(ms, ms, { frames: ms % 100 === 0 })?.velocities[0] ?? NaN);
    const steps = velocities.map((velocity, tick) => Math.abs(velocity - (velocities[tick - 1] ?? before)));
    expect(Math.max(...steps)).toBeLessThanOrEqual(10 * 0.02 + 1e-9);
    expect(problems).toEqual([]);
    expect(velocities.at(-1)).toBe(0);
    expect(loop.condition.reasons.map(({ name }) => name)).not.toContain('pose');
    expect(planner.requests.at(-1)?.planIndex).toBe(0);
  });

  it('started while the robot moves it sends nothing until that has come to rest', () => {
    loop = makeLoop();
    for (let ms = 740; ms <= 940; ms += 20) read(ms, ms / 1000, 1);
    loop.start(at(940));
    for (let ms = 960; ms <= 1100; ms += 20) {
      read(ms, 0.94);
      if (ms < 1040) expect(loop.tick(at(ms))).toBeNull();
    }
    expect(loop.tick(at(1100))?.positions[0]).toBe(0.94);
  });

  it('refuses a pose that two publishers contradict each other about, and changes nothing', () => {
    runUntil(1000, 1000);
    for (let ms = 1020; ms <= 1200; ms += 10) read(ms, ms % 20 === 0 ? 0.5 : 0);
    const outcome = loop.reset(at(1200));
    expect(outcome).toMatchObject({ state: 'refused' });
    expect('reason' in outcome && outcome.reason).toMatch(/joint 'a' is reported between 0\.000 and 0\.500/);
    expect(loop.tick(at(1220))?.positions[0]).toBe(0.5);
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

  it('a plan that waits for a compiler may take longer', async () => {
    planner.compiles = true;
    runUntil(1000, 1000);
    scheduler.flush();
    await settle();
    expect(problems[0]?.message).toContain('no plan within 61000 ms');
  });

  it('a robot that does not follow makes it hold until a reset', () => {
    runUntil(1000, 1000);
    for (let ms = 1020; ms <= 1200; ms += 20) {
      read(ms, 1.2);
      if (ms % 100 === 0) see(ms);
      loop.tick(at(ms));
    }
    expect(loop.condition.reasons.map((reason) => reason.name)).toContain('fault');
    for (let ms = 1220; ms <= 2600; ms += 20) {
      read(ms, 1.2);
      loop.tick(at(ms));
    }
    expect(loop.reset(at(2600)).state).toBe('anchored');
    see(2660);
    expect(loop.tick(at(2660))?.positions[0]).toBe(1.2);
    expect(loop.condition.reasons.map((reason) => reason.name)).not.toContain('fault');
  });

  describe('a robot that is pushed away', () => {
    /** What is commanded while the robot is measured 0.5 rad from where it was stopped. */
    function pushed(): number[] {
      const velocities: number[] = [];
      for (let ms = 1020; ms <= 2400; ms += 20) {
        read(ms, 1);
        const command = loop.tick(at(ms));
        velocities.push(command?.velocities[0] ?? NaN);
      }
      expect(loop.condition.reasons.map((reason) => reason.name)).toContain('fault');
      return velocities;
    }
    const operator = (change: Partial<OperatorState>): void => {
      loop = makeLoop({ operator: () => ({ ...UNHINDERED, ...change }) });
      loop.onGoal(frameAt(1));
      restAt(0.5);
      loop.start(at(940));
    };

    it('is followed after the fault, if nobody stopped it', () => {
      runUntil(1000, 1000);
      expect(Math.max(...pushed())).toBeGreaterThan(0.5);
    });

    it('is not followed while an emergency stop is latched', () => {
      operator({ emergencyStop: { id: 'emergency-stop', found: 'pressed' } });
      runUntil(1000, 1000);
      expect(pushed().every((velocity) => velocity === 0)).toBe(true);
    });

    it('is not followed while it is paused, or the node stops', () => {
      runUntil(1000, 1000);
      loop.setPaused(true);
      expect(pushed().every((velocity) => velocity === 0)).toBe(true);
      loop.setPaused(false);
      loop.brake('the node stops');
      for (let ms = 2420; ms <= 2600; ms += 20) {
        read(ms, 0.8);
        expect(loop.tick(at(ms))?.velocities[0]).toBe(0);
      }
    });

    it('is followed at the scaled speed', () => {
      operator({ speedScale: 0.1 });
      runUntil(1000, 1000);
      const fastest = Math.max(...pushed());
      expect(fastest).toBeGreaterThan(0.05);
      expect(fastest).toBeLessThanOrEqual(0.1 * 2 + 1e-9);
    });
  });

  it('a clock that is set forward does not make commands jump: periods count by a clock that nobody sets', async () => {
    runUntil(1000, 1000);
    await planner.finish(1);
    runUntil(1020, 1300);
    await planner.finish(1);
    const before = runUntil(1320, 1400)?.velocities[0] ?? NaN;
    const after = loop.tick(at(1720), 1)?.velocities[0] ?? NaN;
    expect(before).toBeCloseTo(1, 6);
    expect(Math.abs(after - before)).toBeLessThanOrEqual(0.2 + 1e-9);
    // Periods that were really missed count.
    expect(loop.tick(at(1740), 5)?.velocities[0]).toBe(0);
  });

  it.each([160, 300, 480, 2000])(
    'brakes in %d ms of silence on joint_states, never against the motion, and goes on by itself',
    async (silentMs) => {
      runUntil(1000, 1000);
      await planner.finish(1);
      runUntil(1020, 1300);
      await planner.finish(1);
      const moving = runUntil(1320, 1400);
      expect(moving?.velocities[0]).toBeCloseTo(1, 6);
      await planner.finish(1);
      const velocities: number[] = [];
      let deepest = 'ok';
      for (let ms = 1420; ms <= 1400 + silentMs; ms += 20) {
        velocities.push(runUntil(ms, ms, { readings: false })?.velocities[0] ?? NaN);
        if (loop.condition.level === 'hold') deepest = 'hold';
        if (ms % 100 === 0) await planner.finish(1);
      }
      expect(Math.min(...velocities)).toBeGreaterThanOrEqual(0);
      expect(deepest).toBe(silentMs >= 300 ? 'hold' : 'ok');
      if (silentMs >= 480) expect(velocities.at(-1)).toBe(0);
      runUntil(1420 + silentMs, 1500 + silentMs);
      await planner.finish(0.5);
      const after = runUntil(1520 + silentMs, 1640 + silentMs);
      expect(after).toMatchObject({ mode: 'plan', reason: '' });
      expect(loop.condition.reasons.map(({ name }) => name)).not.toContain('fault');
    },
  );

  it('one frame from the future blocks nothing, and refused frames keep nobody content', async () => {
    runUntil(1000, 1000);
    await planner.finish(0.5);
    loop.onFrame(frameAt(9000), at(1010));
    runUntil(1020, 1100);
    expect(planner.requests.at(-1)?.history.at(-1)?.stampNs).toBe(ns(1060));
    await planner.finish(0.5);
    for (let ms = 1120; ms <= 1700; ms += 20) {
      loop.onFrame(frameAt(ms + 200), at(ms));
      runUntil(ms, ms, { frames: false });
    }
    expect(loop.condition.reasons).toMatchObject([
      { name: 'image', level: 'hold', found: 'a stamp 0.20 s ahead of the clock' },
    ]);
    expect(loop.condition.reasons[0]?.clears).toContain('camera.stamps: arrival');
  });

  it('a clock that goes back makes it hold until a reset, which readings of the new time allow', () => {
    runUntil(5000, 5100);
    runUntil(1000, 1300);
    expect(loop.condition.reasons.map(({ name }) => name)).toContain('clock');
    expect(loop.reset(at(1300)).state).toBe('anchored');
    runUntil(1320, 1400);
    expect(loop.condition.reasons.map(({ name }) => name)).not.toContain('clock');
  });
});

describe('latency', () => {
  let valuesNow: LoopValues;

  /** Plans that take this long, or this long for each iteration, from frames every 100 ms; the loop runs on meanwhile. */
  async function planWithin(
    planMs: number | { readonly perIteration: number; readonly besides?: number },
    fromMs: number,
    toMs: number,
  ): Promise<number[]> {
    const velocities: number[] = [];
    let finishMs: number | null = null;
    for (let ms = fromMs; ms <= toMs; ms += 20) {
      const asked = planner.requests.length;
      if (finishMs !== null && ms >= finishMs) {
        finishMs = null;
        nowMs = ms;
        await planner.finish(0.25);
      }
      velocities.push(runUntil(ms, ms)?.velocities[0] ?? NaN);
      const newest = planner.requests.length > asked ? planner.requests.at(-1) : undefined;
      if (newest === undefined) continue;
      planner.searchMs = typeof planMs === 'number' ? 0 : planMs.perIteration * iterationsOf(newest);
      finishMs = ms + (typeof planMs === 'number' ? planMs : planner.searchMs + (planMs.besides ?? 0));
    }
    return velocities;
  }

  beforeEach(() => {
    valuesNow = { ...values, 'planning.latency': 'measured', 'planning.timeout_s': 1000 };
    loop = makeLoop({ values: () => valuesNow });
    loop.problems$.subscribe((problem) => problems.push(problem));
    loop.plans$.subscribe((report) => reports.push(report));
    loop.onGoal(frameAt(1));
    restAt(0.5);
    loop.start(at(940));
  });

  it.each([
    [20, 1],
    [60, 2],
    [160, 3],
  ])(
    'of plans that take %d ms, behind a camera of 40 ms, is measured and commits %d periods',
    async (planMs, periods) => {
      await planWithin(planMs, 1000, 3000);
      expect(planner.requests[0]?.committed).toHaveLength(1);
      expect(planner.requests.at(-1)?.committed).toHaveLength(periods);
      expect(reports.slice(-6).filter(({ late }) => late).length).toBeLessThanOrEqual(3);
    },
  );

  it.each([1000, 4000])(
    'of a planner that takes %d ms: it plans at rest, and the robot moves in between',
    async (planMs) => {
      const velocities = await planWithin(planMs, 1000, 1000 + 5 * (planMs + 1500));
      const steps = velocities.map((velocity, tick) => Math.abs(velocity - (velocities[tick - 1] ?? 0)));
      expect(Math.max(...steps)).toBeLessThanOrEqual(10 * 0.02 + 1e-9);
      // Four moves of 1 s at least.
      expect(velocities.filter((velocity) => velocity > 0.2).length).toBeGreaterThanOrEqual(4 * 45);
      expect(planner.requests.at(-1)?.committed).toHaveLength(0);
      // Nothing is known of the planner yet; from then on each plan is searched for as one move.
      expect(planner.requests[0]?.values).toEqual(defaultValues);
      expect(planner.requests[1]?.values).toEqual(asOneMove(defaultValues, model.planning));
      expect(planner.requests.length).toBeLessThanOrEqual(7);
    },
  );

  it('of a planner that was slow for a moment is soon forgotten: it plans on the move again', async () => {
    await planWithin(900, 1000, 6000);
    expect(iterationsOf(planner.requests.at(-1))).toBe(8);
    // A wide search of 480 ms, which alone would keep it at rest; 120 ms would have been enough on the move.
    await planWithin({ perIteration: 60 }, 6020, 40_000);
    expect(planner.requests.at(-1)?.values).toEqual(defaultValues);
    expect(planner.requests.at(-1)?.committed.length).toBeGreaterThan(0);
  });

  it('of a planner that is slow for another reason than its search is not taken for a wide search', async () => {
    await planWithin({ perIteration: 2.5, besides: 1000 }, 1000, 20_000);
    expect(planner.requests.slice(1).every((request) => request.values['sampling.iterations'] === 8)).toBe(
      true,
    );
    expect(planner.requests.length).toBeGreaterThan(6);
  });

  it('a wide search may take longer than one on the move, by as many iterations as it has more', async () => {
    valuesNow = { ...values, 'planning.latency': 'measured', 'planning.timeout_s': 2 };
    await planWithin(1000, 1000, 4000);
    expect(iterationsOf(planner.requests.at(-1))).toBe(8);
    expect(planner.requests.length).toBe(reports.length + 1);
    scheduler.flush();
    await settle();
    expect(problems[0]?.message).toContain('no plan within 8000 ms');
  });

  describe('in a simulation whose clock waits for each plan', () => {
    /** Frames of this age at every 100 ms, each planned from before time goes on. */
    async function planAtOnce(fromMs: number, toMs: number, ageMs: number): Promise<number[]> {
      const before = planner.requests.length;
      for (let ms = fromMs; ms <= toMs; ms += 20) {
        nowMs = ms;
        runUntil(ms, ms, { frames: false });
        if (ms % 100 !== 0) continue;
        loop.onFrame(frameAt(ms - ageMs), at(ms));
        if (planner.requests.length > reports.length) await planner.finish(0);
      }
      return planner.requests.slice(before).map(({ committed }) => committed.length);
    }

    function simulate(isSimulated: boolean): void {
      const clock = {
        get nowNs() {
          return ns(nowMs);
        },
        stepS: 0.02,
        isSimulated,
      };
      loop = makeLoop({ values: () => valuesNow, clock });
      reports = [];
      loop.plans$.subscribe((report) => reports.push(report));
      loop.onGoal(frameAt(1));
      restAt(0.5);
      loop.start(at(940));
    }

    it.each([
      [true, 1],
      [false, 2],
    ])('is forgotten with a reset if time is simulated: %s', async (isSimulated, first) => {
      simulate(isSimulated);
      expect(await planAtOnce(1200, 1600, 180)).toEqual([1, 2, 2, 2, 2]);
      expect(loop.reset(at(1600)).state).toBe('anchored');
      expect((await planAtOnce(1900, 2100, 180)).slice(0, 2)).toEqual([first, 2]);
    });

    it('counts a plan for which something was compiled meanwhile', async () => {
      simulate(true);
      planner.warmUp = true;
      expect(await planAtOnce(1200, 1400, 180)).toEqual([1, 2, 2]);
    });
  });

  it('makes a plan from every frame of a fast camera, and behind a late one once a control period', async () => {
    const planned = (): number[] =>
      planner.requests.map(({ history }) => Number(history.at(-1)?.stampNs ?? 0n) / 1e6);
    for (let ms = 1000; ms <= 3000; ms += 20) {
      nowMs = ms;
      if (planner.requests.length > reports.length) await planner.finish(0.25);
      runUntil(ms, ms, { frames: false });
      // Frames at 25 Hz; from 2 s on they are 120 ms late.
      if (ms % 40 === 0) loop.onFrame(frameAt(ms < 2000 ? ms - 10 : ms - 120), at(ms));
    }
    const gaps = planned().map((stamp, index) => stamp - (planned()[index - 1] ?? stamp - 40));
    expect(new Set(gaps.slice(0, 20))).toEqual(new Set([40]));
    expect(gaps.slice(-5).every((gap) => gap === 80 || gap === 120)).toBe(true);
  });
});
