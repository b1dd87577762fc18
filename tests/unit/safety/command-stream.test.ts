import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/safety/command.js';
import {
  CommandStream,
  type CommandStreamOptions,
  type Guidance,
  type PlanAcceptance,
} from '../../../src/safety/command-stream.js';
import { CommandValidator } from '../../../src/safety/command-validator.js';
import type { ActionSpec } from '../../../src/core/model-spec.js';
import type { JointLimit, Plan } from '../../../src/core/types.js';
import type { Timeline } from '../../../src/timeline/timeline.js';
import { jointLimit, jointSemantics, ms, planOf, thrownBy, timelineFor } from '../../fixtures/robot.js';

const PERIOD_MS = 20;

/** A stream, a robot that is measured where the test says, and a clock to tick them with. */
class Bench {
  readonly stream: CommandStream;
  readonly timeline: Timeline;
  /** Age of a reading when it arrives. */
  readonly #readingAgeMs: number;
  #timeMs: number;
  /** Measured positions of the robot at each tick; null: no readings. */
  #measured: readonly number[] | null = null;
  #velocity: Float64Array;
  constructor(
    options: {
      limits?: readonly JointLimit[];
      tolerance?: number;
      startMs?: number;
      action?: Partial<ActionSpec>;
      readingAgeMs?: number;
    } & Pick<CommandStreamOptions, 'speedScale' | 'softStartS' | 'retreatsFar'> = {},
  ) {
    const limits = options.limits ?? [jointLimit('j')];
    const semantics = jointSemantics(limits, options.action);
    this.#timeMs = options.startMs ?? 0;
    this.#readingAgeMs = options.readingAgeMs ?? 10;
    this.#velocity = new Float64Array(limits.length);
    this.timeline = timelineFor(limits, semantics);
    this.stream = new CommandStream({
      ...options,
      limits,
      semantics,
      commandPeriodNs: ms(PERIOD_MS),
      trackingTolerances: limits.map(() => options.tolerance ?? Infinity),
      timeline: this.timeline,
    });
  }
  get nowNs(): bigint {
    return ms(this.#timeMs);
  }
  anchor(...positions: number[]): void {
    this.stream.anchor(Float64Array.from(positions));
  }
  /** From now on the robot is measured there, whatever was commanded. */
  measure(...positions: number[]): void {
    this.#measured = positions;
  }
  /** One reading. */
  read(stampMs: number, ...positions: number[]): void {
    const reading = {
      stampNs: ms(stampMs),
      position: Float64Array.from(positions),
      velocity: this.#velocity,
    };
    this.timeline.addReading(reading, this.nowNs, 0.1);
  }
  setPlan(plan: Plan, { fromRest = false, revision = this.stream.revision } = {}): PlanAcceptance {
    return this.stream.setPlan(plan, { revision, fromRest }, this.nowNs - 1n);
  }
  tick(guidance?: Guidance): Command {
    if (this.#measured !== null) this.read(this.#timeMs - this.#readingAgeMs, ...this.#measured);
    const command = this.stream.tick(this.nowNs, guidance);
    this.#timeMs += PERIOD_MS;
    if (command === null) throw new Error('no command');
    return command;
  }
  ticks(count: number): Command[] {
    return Array.from({ length: count }, () => this.tick());
  }
  skip(milliseconds: number): void {
    this.#timeMs += milliseconds;
  }
}

function anchoredAt(position: number, options: ConstructorParameters<typeof Bench>[0] = {}): Bench {
  const bench = new Bench(options);
  bench.anchor(position);
  return bench;
}

const velocityOf = (command: Command): number => command.velocities[0] ?? NaN;
const positionOf = (command: Command): number => command.positions[0] ?? NaN;

describe('the command stream', () => {
  it('sends nothing before it is anchored, then holds the pose it is given', () => {
    const bench = new Bench();
    expect(bench.stream.tick(0n)).toBeNull();
    bench.anchor(0.7);
    expect(bench.tick()).toMatchObject({ mode: 'hold', reason: 'no plan', positions: Float64Array.of(0.7) });
  });

  it('follows the actions of a plan by time, then brakes to rest', () => {
    const bench = anchoredAt(0);
    expect(bench.setPlan(planOf(0, [[0.125], [-0.125]]))).toBe('accepted');
    const commands = bench.ticks(12);
    expect(commands.slice(0, 5).map(velocityOf)).toEqual(Array<number>(5).fill(0.125));
    expect(commands.slice(6, 10).map(velocityOf)).toEqual(Array<number>(4).fill(-0.125));
    expect(commands[9]).toMatchObject({ mode: 'plan', reason: '' });
    expect(commands[10]).toMatchObject({ mode: 'hold', reason: 'plan exhausted' });
    expect(commands[11]?.velocities[0]).toBe(0);
  });

  it('stamps commands with the tick, and begins the trajectory with the command itself', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, [[1]]));
    bench.tick();
    const command = bench.tick();
    expect(command.stampNs).toBe(ms(20));
    expect(command.points[0]).toEqual({
      timeFromStartNs: ms(20),
      positions: command.positions,
      velocities: command.velocities,
    });
    expect(command.points.at(-1)?.velocities[0]).toBe(0);
  });

  it('leaves the arrays of a command to its receiver', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, Array<number[]>(10).fill([1])));
    const command = bench.tick();
    const copy = structuredClone(command);
    bench.ticks(20);
    expect(command).toEqual(copy);
  });

  it('hands over to a new plan at its frame plus the committed actions, never earlier', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, [[0.1], [0.1], [0.1]]));
    bench.ticks(3);
    bench.setPlan(planOf(40, [[9], [0.2], [0.2]], 1));
    const commands = bench.ticks(5);
    // Ticks at 60, 80, 100, 120, 140 ms.
    expect(commands.map(velocityOf)).toEqual([0.1, 0.1, 0.1, 0.1, 0.2].map(Math.fround));
  });

  it('reports the end of the plan in force', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(100, [[1], [1]], 1));
    expect(bench.stream.planEndNs(ms(150))).toBeNull();
    expect(bench.stream.planEndNs(ms(200))).toBe(ms(300));
  });

  it('refuses plans from frames that are not newer', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(50, [[1]]));
    expect(bench.setPlan(planOf(50, [[1]]))).toBe('stale');
    expect(bench.setPlan(planOf(40, [[1]]))).toBe('stale');
  });

  it.each([
    ['of another number of joints', planOf(0, [[1, 1]]), 'model.signature-mismatch'],
    ['without actions', { ...planOf(0, [[1]]), actions: new Float32Array() }, 'model.signature-mismatch'],
    ['that commits more than it has', planOf(0, [[1]], 2), 'model.signature-mismatch'],
    ['without a period', { ...planOf(0, [[1]]), periodMs: 0 }, 'model.signature-mismatch'],
    ['with NaN', planOf(0, [[1], [NaN]]), 'planner.not-finite'],
  ])('refuses a plan %s and goes on with the running one', (_what, plan, code) => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(-1, [[0.1]]));
    expect(thrownBy(() => bench.setPlan(plan)).code).toBe(code);
    expect(bench.tick().mode).toBe('plan');
  });
});

describe('a hold', () => {
  it('brakes within the acceleration limit, says why, and takes no plans', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, [[0.5], [0.5]]));
    bench.ticks(4);
    bench.stream.hold('paused');
    expect(bench.setPlan(planOf(80, [[1]]))).toBe('holding');
    const commands = bench.ticks(3);
    for (const [index, velocity] of [0.3, 0.1, 0].entries()) {
      expect(velocityOf(commands[index] ?? bench.tick())).toBeCloseTo(velocity, 6);
    }
    expect(commands[0]).toMatchObject({ mode: 'hold', reason: 'paused' });
  });

  it('ends with resume: plans that were asked for before it began are stale, those asked for since count', () => {
    const bench = anchoredAt(0);
    bench.ticks(3);
    const before = bench.stream.revision;
    bench.stream.hold('paused');
    bench.ticks(2);
    const since = bench.stream.revision;
    bench.stream.resume();
    expect(bench.setPlan(planOf(59, [[1], [1]]), { revision: before })).toBe('stale');
    expect(bench.setPlan(planOf(60, [[1], [1]]), { revision: since })).toBe('accepted');
    expect(bench.tick().mode).toBe('plan');
  });
});

describe('the tracking guard', () => {
  function blockedArm(): { bench: Bench; trip: Command[] } {
    const bench = anchoredAt(0, { tolerance: 0.1 });
    bench.measure(0);
    bench.setPlan(planOf(0, Array<number[]>(20).fill([1])));
    return { bench, trip: bench.ticks(60) };
  }

  it('holds when the robot does not follow, and names the joint and the tolerance', () => {
    const { bench, trip } = blockedArm();
    const first = trip.find((command) => command.mode === 'hold');
    expect(first?.reason).toMatch(/joint 'j' is 0\.1\d\d from where it should be \(tolerance 0\.1\)/);
    expect(bench.stream.fault).toBe(first?.reason);
    expect(bench.setPlan(planOf(9000, [[1]]))).toBe('holding');
  });

  it('goes back to the measured pose within the limits and stays there', () => {
    const { trip } = blockedArm();
    const validator = new CommandValidator([jointLimit('j')], ms(PERIOD_MS));
    expect(trip.map((command) => validator.check(command))).toEqual(trip.map(() => null));
    expect(Math.max(...trip.map(positionOf))).toBeGreaterThan(0.1);
    expect(trip.at(-1)?.positions[0]).toBeCloseTo(0, 6);
    expect(trip.at(-1)?.velocities[0]).toBeCloseTo(0, 6);
  });

  it('outlasts resume; anchor clears it and takes the pose it is given', () => {
    const { bench } = blockedArm();
    bench.stream.resume();
    expect(bench.tick().mode).toBe('hold');
    bench.anchor(0.4);
    bench.measure(0.4);
    expect(bench.stream.fault).toBeNull();
    expect(bench.setPlan(planOf(1220, [[0.1]]))).toBe('accepted');
    const first = bench.tick();
    expect(first.mode).toBe('plan');
    // At 10 rad/s² to 0.1 rad/s within 0.01 s, then on for as long.
    expect(positionOf(first)).toBeCloseTo(0.4 + 0.0005 + 0.001, 9);
  });

  it('refuses plans from before anchor even when a hold ends between it and the next tick', () => {
    const { bench } = blockedArm();
    bench.stream.hold('fault');
    const before = bench.stream.revision;
    bench.anchor(0.4);
    bench.stream.resume();
    expect(bench.setPlan(planOf(1210, [[1]]), { revision: before })).toBe('stale');
  });

  it('compares a reading with what was desired at its stamp, however old it is', () => {
    const bench = anchoredAt(0, { tolerance: 0.3 });
    bench.setPlan(planOf(0, Array<number[]>(20).fill([2])));
    const sent = bench.ticks(30);
    // 2 rad/s: 0.4 rad since 200 ms ago. The robot follows perfectly, and its readings arrive late.
    const positionAt = (tick: number): number => positionOf(sent[tick] ?? bench.tick());
    for (let tick = 15; tick < 20; tick++) {
      bench.read((tick + 1) * PERIOD_MS, positionAt(tick));
      expect(bench.tick().mode).toBe('plan');
    }
    expect(bench.stream.fault).toBeNull();
  });

  it('goes on as it is while no reading comes: silence is no fault of the robot', () => {
    const bench = anchoredAt(0, { tolerance: 0.1 });
    bench.setPlan(planOf(0, Array<number[]>(20).fill([2])));
    bench.read(0, 0);
    expect(bench.ticks(40).every(({ mode }) => mode === 'plan')).toBe(true);
    bench.stream.hold('joint_states: the last is 0.80 s old');
    const braked = Array.from({ length: 20 }, () => velocityOf(bench.tick('blind')));
    expect(Math.min(...braked)).toBe(0);
    expect(bench.stream.fault).toBeNull();
  });

  it('does not believe one message, but two in a row, and every other one', () => {
    const off = (bench: Bench, stampMs: number): void => {
      bench.read(stampMs, 1);
    };
    const single = anchoredAt(0, { tolerance: 0.1 });
    single.tick();
    for (let time = 2; time < 10; time++) {
      if (time === 5) off(single, time * 2);
      else single.read(time * 2, 0);
      expect(single.tick().reason).toBe('no plan');
    }
    const twice = anchoredAt(0, { tolerance: 0.1 });
    twice.tick();
    off(twice, 1);
    expect(twice.tick().reason).toBe('no plan');
    off(twice, 2);
    expect(twice.tick().reason).toContain("joint 'j' is 1.000 from where it should be");
    const alternating = anchoredAt(0, { tolerance: 0.1 });
    alternating.tick();
    for (let time = 1; time < 7; time++) {
      alternating.read(time, time % 2);
      alternating.tick();
    }
    expect(alternating.stream.fault).not.toBeNull();
  });

  it('never goes back by readings that are old or contradict each other', () => {
    const bench = anchoredAt(0, { tolerance: 0.1 });
    bench.tick();
    for (let time = 1; time < 12; time++) {
      bench.read(time, time % 2);
      expect(positionOf(bench.tick())).toBe(0);
    }
    expect(bench.stream.fault).not.toBeNull();
    bench.measure(0.4);
    for (let tick = 0; tick < 20; tick++) expect(positionOf(bench.tick('blind'))).toBe(0);
    bench.ticks(100);
    expect(positionOf(bench.tick())).toBeCloseTo(0.4, 6);
  });

  it.each([
    // Three tolerances, and 0.2 rad of braking from 2 rad/s at 10 rad/s².
    [0.499, 0.499],
    [0.501, 0],
    [-2.5, 0],
  ])('that finds the robot at %d goes to %d: an encoder that jumps must not move the robot', (at, goal) => {
    const bench = anchoredAt(0, { tolerance: 0.1 });
    bench.tick();
    bench.measure(at);
    bench.ticks(150);
    expect(bench.stream.fault).not.toBeNull();
    expect(positionOf(bench.tick())).toBeCloseTo(goal, 6);
  });

  it('goes however far where efforts are commanded: a desired state far away would be a lasting force', () => {
    const bench = anchoredAt(0, { tolerance: 0.1, retreatsFar: true });
    bench.tick();
    bench.measure(-2.5);
    bench.ticks(150);
    expect(positionOf(bench.tick())).toBeCloseTo(-2.5, 6);
  });

  it('reaches further where the jerk limit makes braking longer', () => {
    const bench = anchoredAt(0, { tolerance: 0.1, limits: [jointLimit('j', { jerk: 100 })] });
    bench.tick();
    bench.measure(0.59);
    bench.ticks(150);
    expect(positionOf(bench.tick())).toBeCloseTo(0.59, 6);
  });

  it('brakes while it goes back as soon as readings are too old, and begins again from there', () => {
    const { bench } = blockedArm();
    bench.stream.anchor(Float64Array.of(0));
    bench.measure(-0.45);
    for (let tick = 0; tick < 100 && velocityOf(bench.tick()) > -1; tick++);
    const braking = Array.from({ length: 10 }, () => velocityOf(bench.tick('blind')));
    expect(braking.at(-1)).toBe(0);
    expect(velocityOf(bench.tick())).toBeLessThan(0);
  });

  it('ignores whole revolutions of a continuous joint', () => {
    const wheel = jointLimit('wheel', { continuous: true, lower: -Infinity, upper: Infinity });
    const bench = new Bench({ limits: [wheel], tolerance: 0.2 });
    bench.anchor(3.1);
    bench.setPlan(planOf(0, Array<number[]>(5).fill([0.5])));
    bench.ticks(10);
    bench.measure(3.19 - 2 * Math.PI);
    expect(bench.tick().mode).toBe('plan');
    expect(bench.tick().mode).toBe('plan');
  });
});

describe('a late plan', () => {
  const slow = planOf(0, [[0.5], [1], [1]]);

  it('from rest is done as a whole, from now on, when the robot still rests', () => {
    const bench = anchoredAt(0);
    bench.ticks(200);
    expect(bench.setPlan(slow, { fromRest: true })).toBe('accepted');
    const speeds = bench.ticks(20).map(velocityOf);
    expect(speeds.filter((speed) => Math.abs(speed - 0.5) < 1e-9).length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...speeds)).toBeCloseTo(1, 9);
  });

  it('from rest is stale when something else moves the robot by now', () => {
    const bench = anchoredAt(0);
    bench.ticks(195);
    expect(bench.setPlan(planOf(3890, Array<number[]>(5).fill([0.2])))).toBe('accepted');
    bench.ticks(5);
    expect(bench.setPlan(planOf(3895, [[0.5]]), { fromRest: true })).toBe('stale');
  });

  it('that was made while moving takes over with the action that is due by now, within the acceleration limit', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, Array<number[]>(10).fill([0.2])));
    bench.ticks(10);
    expect(bench.setPlan(planOf(10, [[9], [9], [0.8], [0.8]], 1))).toBe('accepted');
    expect(velocityOf(bench.tick())).toBeCloseTo(0.4, 6);
  });

  it('that is over by now is stale', () => {
    const bench = anchoredAt(0);
    bench.ticks(50);
    expect(bench.setPlan(slow)).toBe('stale');
    expect(bench.tick().reason).toBe('no plan');
  });
});

describe('released, the stream', () => {
  it('sends nothing until it is anchored again, at rest', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, Array<number[]>(10).fill([1])));
    bench.ticks(10);
    bench.stream.release();
    expect(bench.stream.tick(bench.nowNs)).toBeNull();
    expect(bench.stream.isAtRest).toBe(true);
    bench.anchor(1);
    expect(bench.tick()).toMatchObject({
      mode: 'hold',
      positions: Float64Array.of(1),
      velocities: Float64Array.of(0),
    });
  });
});

describe('time', () => {
  it('going backwards is a fault that anchor clears', () => {
    const bench = anchoredAt(0);
    bench.skip(1000);
    bench.tick();
    bench.skip(-500);
    expect(bench.tick()).toMatchObject({ mode: 'hold', reason: 'the clock went back by 0.480 s' });
    bench.anchor(0);
    bench.setPlan(planOf(540, [[1]]));
    expect(bench.tick().mode).toBe('plan');
  });

  it('lost in missed ticks is caught up along the braking ramp, as the robot does', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, Array<number[]>(10).fill([1])));
    const before = bench.ticks(6).at(-1);
    bench.skip(60);
    const after = bench.tick();
    // Three ramp ticks of 0.2 down, one up.
    expect(before?.velocities[0]).toBeCloseTo(1, 9);
    expect(velocityOf(after)).toBeCloseTo(0.6, 9);
    const rampEnd = before?.points[3]?.positions[0] ?? NaN;
    expect(positionOf(after)).toBeCloseTo(rampEnd + ((0.4 + 0.6) * 0.02) / 2, 9);
  });

  it('of a tick late by less than a period is jitter', () => {
    const bench = anchoredAt(0);
    bench.setPlan(planOf(0, Array<number[]>(10).fill([1])));
    bench.ticks(2);
    bench.skip(15);
    expect(velocityOf(bench.tick())).toBeCloseTo(0.6, 9);
  });
});

it('passes the independent validator whatever is planned, held, measured and missed', () => {
  const event = fc.oneof(
    fc.record({
      kind: fc.constant('plan' as const),
      a: fc.float({ min: -50, max: 50, noNaN: true }),
      b: fc.float({ min: -50, max: 50, noNaN: true }),
    }),
    fc.record({ kind: fc.constantFrom('hold' as const, 'resume' as const, 'recover' as const) }),
    fc.record({ kind: fc.constant('scale' as const), to: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('skip' as const), by: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ kind: fc.constant('measure' as const), at: fc.double({ min: -2.6, max: 2.6, noNaN: true }) }),
  );
  const jerk = fc.oneof(fc.constant(Infinity), fc.double({ min: 10, max: 2000, noNaN: true }));
  const start = fc.double({ min: -2.8, max: 2.8, noNaN: true });
  const script = fc.array(fc.tuple(event, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(script, fc.constantFrom(Infinity, 0.3), jerk, start, (events, tolerance, jerk, start) => {
      const limits = [jointLimit('a', { jerk }), jointLimit('b', { velocity: 1, acceleration: 3, jerk })];
      let speedScale = 1;
      const bench = new Bench({ limits, tolerance, speedScale: () => speedScale, softStartS: () => 0.3 });
      bench.anchor(start, -start);
      const validator = new CommandValidator(limits, ms(PERIOD_MS));
      let timeMs = 0;
      for (const [what, count] of events) {
        if (what.kind === 'plan') bench.setPlan(planOf(timeMs, Array<number[]>(8).fill([what.a, what.b])));
        if (what.kind === 'hold') bench.stream.hold('test');
        if (what.kind === 'resume') bench.stream.resume();
        if (what.kind === 'recover') bench.stream.recover();
        if (what.kind === 'scale') speedScale = what.to;
        if (what.kind === 'measure') bench.measure(what.at, -what.at);
        if (what.kind === 'skip') {
          bench.skip(what.by);
          timeMs += what.by;
        }
        timeMs += count * PERIOD_MS;
        for (const command of bench.ticks(count)) expect(validator.check(command)).toBeNull();
      }
    }),
    { numRuns: 100 },
  );
});

describe('recovery', () => {
  it('moves a joint from outside its limits to the nearest position inside, at a tenth of its speed', () => {
    const bench = anchoredAt(3, { limits: [jointLimit('j', { jerk: 250 })] });
    bench.stream.hold('recovering');
    bench.stream.recover();
    expect(bench.stream.isRecovering).toBe(true);
    const commands = bench.ticks(120);
    expect(Math.min(...commands.map(velocityOf))).toBeCloseTo(-0.2, 9);
    expect(commands.at(-1)?.positions[0]).toBeCloseTo(2.6, 6);
    expect(bench.stream.isRecovering).toBe(false);
    expect(commands.every(({ mode }) => mode === 'hold')).toBe(true);
  });

  it('begun on the move brakes first, without a step, and returns to where it began', () => {
    const bench = anchoredAt(0, { limits: [jointLimit('j', { jerk: 250 })] });
    bench.setPlan(planOf(0, [[1], [1]]));
    const validator = new CommandValidator([jointLimit('j', { jerk: 250 })], ms(PERIOD_MS));
    const before = bench.ticks(9);
    bench.stream.hold('recovering');
    bench.stream.recover();
    const after = bench.ticks(60);
    expect([...before, ...after].map((command) => validator.check(command)).filter(Boolean)).toEqual([]);
    expect(after.at(-1)?.positions[0]).toBeCloseTo(before.at(-1)?.positions[0] ?? NaN, 6);
  });

  it('ends with a fault where the robot does not follow', () => {
    const bench = anchoredAt(3, { tolerance: 0.1 });
    bench.measure(3);
    bench.stream.hold('recovering');
    bench.stream.recover();
    bench.ticks(80);
    expect(bench.stream.fault).toMatch(/joint 'j' is 0\.1/);
    expect(bench.stream.isRecovering).toBe(false);
  });

  it('is cancelled by anchor', () => {
    const bench = anchoredAt(3);
    bench.stream.recover();
    bench.anchor(3);
    expect(bench.stream.isRecovering).toBe(false);
    bench.stream.hold('test');
    expect(positionOf(bench.tick())).toBe(3);
  });
});

describe('the speed', () => {
  const full = planOf(0, Array<number[]>(10).fill([1]));

  it('is the given share of what is planned, from the next tick on', () => {
    let speedScale = 0.5;
    const bench = anchoredAt(0, { speedScale: () => speedScale });
    bench.setPlan(full);
    expect(velocityOf(bench.ticks(10).at(-1) ?? bench.tick())).toBeCloseTo(0.5, 9);
    expect(bench.timeline.sent.actionAt(ms(180), 0)).toBeCloseTo(0.5, 9);
    speedScale = 0;
    expect(velocityOf(bench.tick())).toBeCloseTo(0.3, 9);
    expect(velocityOf(bench.ticks(3).at(-1) ?? bench.tick())).toBe(0);
    speedScale = 1;
    expect(velocityOf(bench.ticks(6).at(-1) ?? bench.tick())).toBeCloseTo(1, 9);
  });

  it('rises softly after anchor, once', () => {
    const bench = anchoredAt(0, { softStartS: () => 0.2 });
    bench.ticks(20);
    bench.setPlan(planOf(399, Array<number[]>(10).fill([1])));
    const velocities = bench.ticks(20).map(velocityOf);
    expect(velocities[0]).toBeCloseTo(0.1, 9);
    expect(velocities[5]).toBeCloseTo(0.55, 9);
    expect(velocities[12]).toBeCloseTo(1, 9);
  });

  it('leaves positions that are held as they are', () => {
    const bench = anchoredAt(0.5, { action: { kind: 'joint_position' }, speedScale: () => 0.5 });
    bench.setPlan(planOf(0, [[0.7]]));
    bench.tick();
    expect(bench.timeline.sent.actionAt(0n, 0)).toBeCloseTo(0.6, 6);
  });
});
