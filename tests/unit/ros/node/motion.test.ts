import { Subject } from 'rxjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { JepaMpcError } from '../../../../src/core/errors.js';
import type { Command } from '../../../../src/safety/command.js';
import type { Condition } from '../../../../src/safety/watchdog.js';
import { validateParameters } from '../../../../src/params/validate.js';
import type { ControlLoop } from '../../../../src/loop/control-loop.js';
import type { PlanReport } from '../../../../src/loop/replanning.js';
import { Motion } from '../../../../src/ros/node/motion.js';
import type { NodeClock } from '../../../../src/ros/node/node-clock.js';
import { ProblemLog } from '../../../../src/ros/diagnostics/problem-log.js';

const log = (text: string): void => void logged.push(text);
const logger = { debug: log, info: log, warn: log, error: log };

const OK: Condition = { level: 'ok', reasons: [] };

/** Frames stopped: held for their age. */
function heldFor(ageS: number): Condition {
  const found = `the newest is ${String(ageS)} s old`;
  const reason = {
    name: 'image',
    id: 'image-silent',
    level: 'hold',
    found,
    limit: '0.5 s',
    clears: 'the next frame',
  } as const;
  return { level: 'hold', reasons: [reason] };
}

/** A loop whose joint takes 3 s to brake. */
class SlowLoop {
  readonly plans$ = new Subject<PlanReport>();
  readonly problems$ = new Subject<JepaMpcError>();
  condition = OK;
  isBlocked = false;
  velocity = 3;
  lastTickNs: bigint | null = null;
  #braking = false;
  get brakingTimeS(): number {
    return this.velocity;
  }
  get isAtRest(): boolean {
    return this.velocity === 0;
  }
  start(): void {
    this.#braking = false;
  }
  stop(): void {
    this.#braking = false;
  }
  brake(): void {
    this.#braking = true;
  }
  tick(nowNs: bigint): Command | null {
    this.lastTickNs = nowNs;
    if (this.isBlocked) return null;
    if (this.#braking) this.velocity = Math.max(0, this.velocity - 0.02);
    return { velocities: Float64Array.of(this.velocity) } as unknown as Command;
  }
}

let loop: SlowLoop;
let sent: number[];
let ended: number;
let withheld: number;
let reported: PlanReport[];
let logged: string[];
let ticks: Subject<bigint>;
let nowNs: bigint;

function motionOn(commandInterface: 'commands' | 'joint_trajectory'): Motion {
  const motion = new Motion({
    clock: {
      get nowNs() {
        return nowNs;
      },
      ticks: () => ticks,
    } as unknown as NodeClock,
    parameters: () => validateParameters({ 'command.interface': commandInterface }),
    log: logger,
    problems: new ProblemLog(logger),
    onCommand: ({ velocities }) => sent.push(velocities[0] ?? NaN),
    onNoCommand: () => {
      withheld += 1;
    },
    onEnd: () => {
      ended += 1;
    },
    onPlan: (_loop, report) => reported.push(report),
  });
  motion.start(loop as unknown as ControlLoop);
  return motion;
}

/** Lets time pass, with or without a clock that ticks. */
async function pass(ms: number, isTicking: boolean): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    await vi.advanceTimersByTimeAsync(20);
    if (!isTicking) continue;
    nowNs += 20_000_000n;
    ticks.next(nowNs);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  loop = new SlowLoop();
  sent = [];
  ended = 0;
  withheld = 0;
  reported = [];
  logged = [];
  ticks = new Subject();
  nowNs = 1_000_000_000n;
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([true, false])(
  'single set-points lead slow joints along their whole ramp, however long it is (the clock ticks: %s)',
  async (isTicking) => {
    const motion = motionOn('commands');
    await pass(100, true);
    void motion.brakeToRest();
    await pass(5000, isTicking);
    expect(sent.at(-1)).toBe(0);
    const steps = sent.map((velocity, i) => Math.abs(velocity - (sent[i - 1] ?? velocity)));
    expect(Math.max(...steps)).toBeLessThanOrEqual(0.02 + 1e-9);
    expect([ended, motion.isRunning]).toEqual([1, false]);
  },
);

it('a second request to brake joins the first, and no step of the ramp is sent early', async () => {
  const motion = motionOn('commands');
  await pass(100, true);
  const before = sent.length;
  const first = motion.brakeToRest();
  expect(motion.brakeToRest()).toBe(first);
  // No tick of its own: the ramp begins with the next one.
  expect(sent).toHaveLength(before);
  await pass(5000, true);
  expect([sent.at(-1), ended]).toEqual([0, 1]);
});

it('a request after a brake that failed brakes again', async () => {
  const motion = motionOn('commands');
  await pass(100, true);
  const failing = vi.spyOn(loop, 'tick').mockImplementationOnce(() => {
    throw new Error('the publisher is gone');
  });
  const failed = expect(motion.brakeToRest()).rejects.toThrow('the publisher is gone');
  await pass(400, false);
  await failed;
  failing.mockRestore();
  void motion.brakeToRest();
  await pass(5000, true);
  expect([sent.at(-1), ended]).toEqual([0, 1]);
});

it('a loop that is started while another brakes is braked on its own request', async () => {
  const motion = motionOn('commands');
  void motion.brakeToRest();
  const second = new SlowLoop();
  second.velocity = 0.1;
  motion.start(second as unknown as ControlLoop);
  await pass(40, true);
  void motion.brakeToRest();
  await pass(1000, true);
  expect([second.velocity, motion.isRunning]).toEqual([0, false]);
});

it('does not wait forever for a robot that never comes to rest', async () => {
  const motion = motionOn('commands');
  Object.defineProperty(loop, 'isAtRest', { value: false });
  void motion.brakeToRest();
  await pass(3900, true);
  expect(motion.isRunning).toBe(true);
  await pass(200, true);
  expect([ended, motion.isRunning]).toEqual([1, false]);
});

it('the last trajectory is enough: it holds the whole ramp', async () => {
  const motion = motionOn('joint_trajectory');
  await pass(100, true);
  const before = sent.length;
  await motion.brakeToRest();
  // Nothing comes late: whoever asked may move the robot now.
  await pass(400, true);
  expect([sent.length, withheld]).toEqual([before, 1]);
  expect(motion.isRunning).toBe(false);
});

it('goes on when it is started again while it brakes', async () => {
  const motion = motionOn('commands');
  void motion.brakeToRest();
  await pass(100, true);
  motion.start(loop as unknown as ControlLoop);
  await pass(6000, true);
  expect([ended, motion.isRunning]).toEqual([0, true]);
});

it('sends one command for each tick, none before it is started and none after it is stopped', async () => {
  const motion = motionOn('commands');
  await pass(100, true);
  expect([sent.length, motion.isRunning]).toEqual([5, true]);
  motion.stop();
  await pass(100, true);
  expect([sent.length, motion.isRunning]).toEqual([5, false]);
});

it('has a tick without a command replaced', async () => {
  motionOn('commands');
  loop.isBlocked = true;
  await pass(60, true);
  expect([sent, withheld]).toEqual([[], 3]);
});

it('logs why the robot is held once, however its age grows, and when it follows plans again', async () => {
  motionOn('commands');
  await pass(20, true);
  for (const ageS of [0.5, 0.52, 0.54]) {
    loop.condition = heldFor(ageS);
    await pass(20, true);
  }
  loop.condition = OK;
  await pass(40, true);
  expect(logged).toEqual([
    'hold: image: the newest is 0.5 s old (limit 0.5 s; clears with the next frame)',
    'following plans',
  ]);
});

it('reports a plan after the command that is due, and none once it is stopped', async () => {
  const motion = motionOn('commands');
  const report = { late: false } as PlanReport;
  loop.plans$.next(report);
  ticks.next(nowNs);
  expect([sent.length, reported]).toEqual([1, []]);
  await vi.advanceTimersByTimeAsync(1);
  expect(reported).toEqual([report]);
  loop.plans$.next(report);
  motion.stop();
  await vi.advanceTimersByTimeAsync(1);
  expect(reported).toHaveLength(1);
});
