import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandStream, type Command } from '../../../src/control/command-stream.js';
import { CommandValidator } from '../../../src/control/command-validator.js';
import type { ActionSpec } from '../../../src/core/model-spec.js';
import type { JointLimit } from '../../../src/core/types.js';
import { jointLimit, jointSemantics, ms, planOf, thrownBy } from './fixtures.js';

const PERIOD_MS = 20;

/** A stream for one joint and a clock to tick it with. */
class Bench {
  readonly stream: CommandStream;
  #timeMs: number;
  constructor(
    options: {
      limits?: readonly JointLimit[];
      tolerance?: number;
      startMs?: number;
      action?: Partial<ActionSpec>;
    } = {},
  ) {
    const limits = options.limits ?? [jointLimit('j')];
    this.#timeMs = options.startMs ?? 0;
    this.stream = new CommandStream({
      limits,
      semantics: jointSemantics(limits, options.action),
      commandPeriodNs: ms(PERIOD_MS),
      trackingTolerance: options.tolerance ?? Infinity,
    });
  }
  measure(...positions: number[]): void {
    const velocity = new Float64Array(positions.length);
    this.stream.setReading({ stampNs: ms(this.#timeMs), position: Float64Array.from(positions), velocity });
  }
  tick(): Command {
    const command = this.stream.tick(ms(this.#timeMs));
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

function anchoredAt(position: number, options: { tolerance?: number } = {}): Bench {
  const bench = new Bench(options);
  bench.measure(position);
  return bench;
}

const velocityOf = (command: Command): number => command.velocities[0] ?? NaN;
const positionOf = (command: Command): number => command.positions[0] ?? NaN;

describe('the command stream', () => {
  it('says nothing before it knows the pose, then holds the measured one', () => {
    const bench = new Bench();
    expect(bench.stream.tick(0n)).toBeNull();
    bench.measure(0.7);
    expect(bench.tick()).toMatchObject({ mode: 'hold', reason: 'no plan', positions: Float64Array.of(0.7) });
  });

  it('follows the actions of a plan by time, then brakes to rest', () => {
    const bench = anchoredAt(0);
    expect(bench.stream.setPlan(planOf(0, [[0.125], [-0.125]]))).toBe('accepted');
    const commands = bench.ticks(12);
    expect(commands.slice(0, 5).map(velocityOf)).toEqual(Array<number>(5).fill(0.125));
    expect(commands.slice(6, 10).map(velocityOf)).toEqual(Array<number>(4).fill(-0.125));
    expect(commands[9]).toMatchObject({ mode: 'plan', reason: '' });
    expect(commands[10]).toMatchObject({ mode: 'hold', reason: 'plan exhausted' });
    expect(commands[11]?.velocities[0]).toBe(0);
  });

  it('stamps commands with the tick, and begins the trajectory with the command itself', () => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(0, [[1]]));
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

  it('hands over to a new plan at its frame plus the committed actions, never earlier', () => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(0, [[0.1], [0.1], [0.1]]));
    bench.ticks(3);
    bench.stream.setPlan(planOf(40, [[9], [0.2], [0.2]], 1));
    const commands = bench.ticks(5);
    // Ticks at 60, 80, 100, 120, 140 ms.
    expect(commands.map(velocityOf)).toEqual([0.1, 0.1, 0.1, 0.1, 0.2].map(Math.fround));
  });

  it('foresees for a new plan what it goes on to send', () => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(0, [[0.1], [0.3]]));
    bench.stream.setPlan(planOf(40, [[0], [0.2], [0.2]], 1));
    bench.ticks(2);
    const foreseen = [...bench.stream.plannedActions(ms(40), 4, 100)];
    // 40 to 140 ms: 0.1 three times, 0.3 twice; then the second plan's 0.2 to its end at 340 ms; then nothing.
    for (const [index, value] of [0.18, 0.2, 0.2, 0].entries()) expect(foreseen[index]).toBeCloseTo(value, 6);
  });

  it('foresees rest without a plan and while holding, and no more than the velocity limit', () => {
    const bench = anchoredAt(0);
    expect([...bench.stream.plannedActions(0n, 2, 100)]).toEqual([0, 0]);
    bench.stream.setPlan(planOf(0, [[5]]));
    expect([...bench.stream.plannedActions(0n, 1, 100)]).toEqual([2]);
    bench.stream.hold('paused');
    expect([...bench.stream.plannedActions(0n, 1, 100)]).toEqual([0]);
  });

  it('reports the end of the plan in force', () => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(100, [[1], [1]], 1));
    expect(bench.stream.planEndNs(ms(150))).toBeNull();
    expect(bench.stream.planEndNs(ms(200))).toBe(ms(300));
  });

  it('refuses plans from frames that are not newer', () => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(50, [[1]]));
    expect(bench.stream.setPlan(planOf(50, [[1]]))).toBe('stale');
    expect(bench.stream.setPlan(planOf(40, [[1]]))).toBe('stale');
  });

  it.each([
    ['of another number of joints', planOf(0, [[1, 1]]), 'model.signature-mismatch'],
    ['without actions', { ...planOf(0, [[1]]), actions: new Float32Array() }, 'model.signature-mismatch'],
    ['that commits more than it has', planOf(0, [[1]], 2), 'model.signature-mismatch'],
    ['without a period', { ...planOf(0, [[1]]), periodMs: 0 }, 'model.signature-mismatch'],
    ['with NaN', planOf(0, [[1], [NaN]]), 'planner.not-finite'],
  ])('refuses a plan %s and goes on with the running one', (_what, plan, code) => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(-1, [[0.1]]));
    expect(thrownBy(() => bench.stream.setPlan(plan)).code).toBe(code);
    expect(bench.tick().mode).toBe('plan');
  });

  it('refuses readings that are not finite or of another size', () => {
    const bench = anchoredAt(0);
    expect(
      thrownBy(() => {
        bench.measure(NaN);
      }).code,
    ).toBe('joint-states.not-finite');
    expect(
      thrownBy(() => {
        bench.measure(0, 0);
      }).code,
    ).toBe('joint-states.wrong-size');
  });
});

describe('a hold', () => {
  it('brakes within the acceleration limit, says why, and takes no plans', () => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(0, [[0.5], [0.5]]));
    bench.ticks(4);
    bench.stream.hold('paused');
    expect(bench.stream.setPlan(planOf(80, [[1]]))).toBe('holding');
    const commands = bench.ticks(3);
    for (const [index, velocity] of [0.3, 0.1, 0].entries()) {
      expect(velocityOf(commands[index] ?? bench.tick())).toBeCloseTo(velocity, 6);
    }
    expect(commands[0]).toMatchObject({ mode: 'hold', reason: 'paused' });
  });

  it('ends with resume: then plans from frames since the last tick count, older ones do not', () => {
    const bench = anchoredAt(0);
    bench.ticks(3);
    bench.stream.hold('paused');
    bench.ticks(2);
    bench.stream.resume();
    expect(bench.stream.setPlan(planOf(79, [[1], [1]]))).toBe('stale');
    expect(bench.stream.setPlan(planOf(80, [[1], [1]]))).toBe('accepted');
    expect(bench.tick().mode).toBe('plan');
  });
});

describe('the tracking guard', () => {
  function blockedArm(): { bench: Bench; trip: Command[] } {
    const bench = anchoredAt(0, { tolerance: 0.1 });
    bench.stream.setPlan(planOf(0, Array<number[]>(20).fill([1])));
    return { bench, trip: bench.ticks(40) };
  }

  it('holds when the robot does not follow, and names the joint and the tolerance', () => {
    const { bench, trip } = blockedArm();
    const first = trip.find((command) => command.mode === 'hold');
    expect(first?.reason).toMatch(/joint 'j' is 0\.1\d\d from where it should be \(tolerance 0\.1\)/);
    expect(bench.stream.fault).toBe(first?.reason);
    expect(bench.stream.setPlan(planOf(9000, [[1]]))).toBe('holding');
  });

  it('goes back to the measured pose within the limits and stays there', () => {
    const { trip } = blockedArm();
    const validator = new CommandValidator([jointLimit('j')], ms(PERIOD_MS));
    expect(trip.map((command) => validator.check(command))).toEqual(trip.map(() => null));
    expect(Math.max(...trip.map(positionOf))).toBeGreaterThan(0.1);
    expect(trip.at(-1)?.positions[0]).toBeCloseTo(0, 9);
    expect(trip.at(-1)?.velocities[0]).toBeCloseTo(0, 9);
  });

  it('outlasts resume; reanchor clears it and takes the measured pose', () => {
    const { bench } = blockedArm();
    bench.stream.resume();
    expect(bench.tick().mode).toBe('hold');
    bench.measure(0.4);
    bench.stream.reanchor(ms(820));
    expect(bench.stream.fault).toBeNull();
    expect(bench.stream.setPlan(planOf(800, [[1]]))).toBe('stale');
    expect(bench.stream.setPlan(planOf(820, [[0.1]]))).toBe('accepted');
    expect(bench.tick()).toMatchObject({
      mode: 'plan',
      positions: Float64Array.of(0.4 + (Math.fround(0.1) * 0.02) / 2),
    });
  });

  it('refuses plans from before reanchor even when a hold ends between it and the next tick', () => {
    const { bench } = blockedArm();
    bench.stream.hold('fault');
    bench.stream.reanchor(ms(820));
    bench.stream.resume();
    expect(bench.stream.setPlan(planOf(800, [[1]]))).toBe('stale');
  });

  it('does not mind whole turns of a continuous joint', () => {
    const wheel = jointLimit('wheel', { continuous: true, lower: -Infinity, upper: Infinity });
    const bench = new Bench({ limits: [wheel], tolerance: 0.2 });
    bench.measure(3.1);
    bench.stream.setPlan(planOf(0, Array<number[]>(5).fill([0.5])));
    bench.ticks(10);
    bench.measure(3.19 - 2 * Math.PI);
    expect(bench.tick().mode).toBe('plan');
  });
});

describe('time', () => {
  it('going backwards is a fault that reanchor clears', () => {
    const bench = anchoredAt(0);
    bench.skip(1000);
    bench.tick();
    bench.skip(-500);
    expect(bench.tick()).toMatchObject({ mode: 'hold', reason: 'the clock went back by 0.480 s' });
    bench.stream.reanchor(ms(540));
    bench.stream.setPlan(planOf(540, [[1]]));
    expect(bench.tick().mode).toBe('plan');
  });

  it('lost in missed ticks is caught up along the braking ramp, as the robot does', () => {
    const bench = anchoredAt(0);
    bench.stream.setPlan(planOf(0, Array<number[]>(10).fill([1])));
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
    bench.stream.setPlan(planOf(0, Array<number[]>(10).fill([1])));
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
    fc.record({ kind: fc.constantFrom('hold' as const, 'resume' as const) }),
    fc.record({ kind: fc.constant('skip' as const), by: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ kind: fc.constant('measure' as const), at: fc.double({ min: -2.6, max: 2.6, noNaN: true }) }),
  );
  const script = fc.array(fc.tuple(event, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(script, fc.constantFrom(Infinity, 0.3), (events, tolerance) => {
      const limits = [jointLimit('a'), jointLimit('b', { velocity: 1, acceleration: 3 })];
      const bench = new Bench({ limits, tolerance });
      bench.measure(0.5, -0.5);
      const validator = new CommandValidator(limits, ms(PERIOD_MS));
      let timeMs = 0;
      for (const [what, count] of events) {
        if (what.kind === 'plan')
          bench.stream.setPlan(planOf(timeMs, Array<number[]>(8).fill([what.a, what.b])));
        if (what.kind === 'hold') bench.stream.hold('test');
        if (what.kind === 'resume') bench.stream.resume();
        if (what.kind === 'measure') bench.measure(what.at, -what.at);
        if (what.kind === 'skip') {
          bench.skip(what.by);
          timeMs += what.by;
        }
        timeMs += count * PERIOD_MS;
        for (const command of bench.ticks(count)) expect(validator.check(command)).toBeNull();
      }
    }),
    { numRuns: 200 },
  );
});
