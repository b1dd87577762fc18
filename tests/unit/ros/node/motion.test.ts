import { EMPTY, Subject } from 'rxjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Command } from '../../../../src/safety/command-stream.js';
import { validateParameters } from '../../../../src/params/validate.js';
import type { ControlLoop } from '../../../../src/loop/control-loop.js';
import { Motion } from '../../../../src/ros/node/motion.js';
import type { NodeClock } from '../../../../src/ros/node/node-clock.js';
import { ProblemLog } from '../../../../src/ros/diagnostics/problem-log.js';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A loop whose joint takes 3 s to brake. */
class SlowLoop {
  readonly plans$ = EMPTY;
  readonly problems$ = EMPTY;
  readonly condition = { level: 'ok', reasons: [] };
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
  tick(nowNs: bigint): Command {
    this.lastTickNs = nowNs;
    if (this.#braking) this.velocity = Math.max(0, this.velocity - 0.02);
    return { velocities: Float64Array.of(this.velocity) } as unknown as Command;
  }
}

let loop: SlowLoop;
let sent: number[];
let ended: number;
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
    log: silent,
    problems: new ProblemLog(silent),
    onCommand: ({ velocities }) => sent.push(velocities[0] ?? NaN),
    onNoCommand: () => undefined,
    onEnd: () => {
      ended += 1;
    },
    onPlan: () => undefined,
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

it('does not wait for ever for a robot that never comes to rest', async () => {
  const motion = motionOn('commands');
  Object.defineProperty(loop, 'isAtRest', { value: false });
  void motion.brakeToRest();
  await pass(3900, true);
  expect(motion.isRunning).toBe(true);
  await pass(200, true);
  expect([ended, motion.isRunning]).toEqual([1, false]);
});

it('one trajectory is enough: it holds the whole ramp', async () => {
  const motion = motionOn('joint_trajectory');
  await motion.brakeToRest();
  expect(sent).toHaveLength(1);
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
