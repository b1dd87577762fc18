import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import type { JointReading } from '../../../src/core/types.js';
import { JointMerge, MAX_JOIN_NS } from '../../../src/timeline/joint-merge.js';
import { JointStateReader } from '../../../src/timeline/joint-state-reader.js';
import { ms } from '../../fixtures/robot.js';

interface Table {
  readonly maxGapMs: number;
  readonly cases: readonly {
    readonly name: string;
    readonly joints: readonly string[];
    readonly wraps?: readonly string[];
    readonly messages: readonly (readonly [number, Readonly<Record<string, number | null>>])[];
    readonly readings: readonly (readonly [number, readonly number[]])[];
  }[];
}

const table = JSON.parse(readFileSync('tests/fixtures/joint-merge.json', 'utf8')) as Table;

describe('the table that the tests of training run, too', () => {
  it('has the silence that is bridged here', () => {
    expect(ms(table.maxGapMs)).toBe(MAX_JOIN_NS);
  });

  it.each(table.cases.map((row) => [row.name, row] as const))('%s', (_, { joints, wraps, ...row }) => {
    const reader = new JointStateReader(
      joints.map((name) => ({
        name,
        wraps: wraps?.includes(name) === true,
        restTolerance: 0,
        velocity: Infinity,
      })),
    );
    const readings = row.messages.flatMap(([stampMs, joints]) => {
      const position = Object.values(joints).map((value) => value ?? NaN);
      try {
        return reader.read({ name: Object.keys(joints), position, velocity: [] }, ms(stampMs)) ?? [];
      } catch (error) {
        expect(error).toBeInstanceOf(JepaMpcError);
        return [];
      }
    });
    expect(readings.map(({ stampNs }) => stampNs)).toEqual(row.readings.map(([stampMs]) => ms(stampMs)));
    for (const [index, [, expected]] of row.readings.entries())
      for (const [joint, value] of expected.entries())
        expect(readings[index]?.position[joint]).toBeCloseTo(value, 12);
  });
});

/** A joint that never accelerates by more than 8 rad/s²: its phase and angular frequency, rad/s. */
interface Swing {
  readonly phase: number;
  readonly frequency: number;
}
const MAX_ACCELERATION = 8;
const AMPLITUDE = 0.5;
const positionAt = ({ phase, frequency }: Swing, atMs: number): number =>
  AMPLITUDE * Math.sin(phase + (frequency * atMs) / 1000);
const velocityAt = ({ phase, frequency }: Swing, atMs: number): number =>
  AMPLITUDE * frequency * Math.cos(phase + (frequency * atMs) / 1000);
const swing: fc.Arbitrary<Swing> = fc.record({
  phase: fc.double({ min: 0, max: 6, noNaN: true }),
  frequency: fc.double({ min: 0, max: Math.sqrt(MAX_ACCELERATION / AMPLITUDE), noNaN: true }),
});

const STEP_MS = 10;
const ROUNDS = 20;

/** Delays of the state of each joint in each whole message `[ROUNDS][J]`, ms, and how often it comes. */
const deliveries = (joints: number, delayMs: fc.Arbitrary<number>) =>
  fc.array(
    fc.array(fc.record({ delayMs, copies: fc.integer({ min: 1, max: 2 }) }), {
      minLength: joints,
      maxLength: joints,
    }),
    { minLength: ROUNDS, maxLength: ROUNDS },
  );

/** What comes of whole messages every 10 ms that are taken apart, each state with a delay of its own. */
function merged(
  swings: readonly Swing[],
  rounds: readonly (readonly { readonly delayMs: number; readonly copies: number }[])[],
): JointReading[] {
  const arrivals = rounds.flatMap((states, round) =>
    states.flatMap(({ delayMs, copies }, joint) =>
      Array.from({ length: copies }, (_, copy) => ({
        joint,
        stampMs: round * STEP_MS,
        atMs: round * STEP_MS + delayMs + 7 * copy,
      })),
    ),
  );
  arrivals.sort((one, other) => one.atMs - other.atMs);
  const merge = new JointMerge(swings.map(() => false));
  return arrivals.flatMap(({ joint, stampMs }) => {
    const of = swings[joint];
    if (of === undefined) throw new RangeError('a joint that there is not');
    merge.add(joint, ms(stampMs), positionAt(of, stampMs), velocityAt(of, stampMs));
    return merge.take() ?? [];
  });
}

describe('whole messages that are taken apart', () => {
  it('give the positions of whole messages, however late each joint comes, if those of one joint stay in order', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(swing, { minLength: 3, maxLength: 3 }), delays, (swings, delaysMs) => {
        const rounds = Array.from({ length: ROUNDS }, () =>
          delaysMs.map((delayMs) => ({ delayMs, copies: 1 })),
        );
        const readings = merged(swings, rounds);
        expect(readings.map(({ stampNs }) => stampNs)).toEqual(
          Array.from({ length: ROUNDS }, (_, round) => ms(round * STEP_MS)),
        );
        for (const { stampNs, position, velocity } of readings) {
          const atMs = Number(stampNs) / 1e6;
          expect([...position]).toEqual(swings.map((of) => positionAt(of, atMs)));
          expect([...velocity]).toEqual(swings.map((of) => velocityAt(of, atMs)));
        }
      }),
    );
  });

  it('give the positions of whole messages up to what acceleration allows, in any order and repeated', () => {
    const maxDelayMs = 45;
    // Between the states that a position is taken from lie at most those that are still on their way.
    const gapS = (maxDelayMs + 2 * STEP_MS) / 1000;
    const tolerance = (MAX_ACCELERATION * gapS ** 2) / 8;
    fc.assert(
      fc.property(
        fc.array(swing, { minLength: 3, maxLength: 3 }),
        deliveries(3, fc.integer({ min: 0, max: maxDelayMs })),
        (swings, rounds) => {
          const readings = merged(swings, rounds);
          let last = -1n;
          for (const { stampNs, position } of readings) {
            expect(stampNs).toBeGreaterThan(last);
            last = stampNs;
            expect(stampNs % ms(STEP_MS)).toBe(0n);
            const atMs = Number(stampNs) / 1e6;
            for (const [joint, of] of swings.entries())
              expect(Math.abs((position[joint] ?? NaN) - positionAt(of, atMs))).toBeLessThanOrEqual(
                tolerance,
              );
          }
          expect(last).toBe(ms((ROUNDS - 1) * STEP_MS));
        },
      ),
    );
  });
});

describe('a joint', () => {
  /** Readings of two joints, of which the second comes once, at the end. */
  const readAt = (firstMs: readonly number[], secondMs: number): JointReading | null => {
    const merge = new JointMerge([false, false]);
    for (const atMs of firstMs) merge.add(0, ms(atMs), atMs, 2 * atMs);
    merge.add(1, ms(secondMs), -1, NaN);
    return merge.take();
  };

  it('has the velocity between those around the time, and none where one of them is not measured', () => {
    const reading = readAt([0, 10], 4);
    expect(reading?.position).toEqual(Float64Array.of(4, -1));
    expect(reading?.velocity[0]).toBeCloseTo(8, 12);
    expect(reading?.velocity[1]).toBeNaN();
    const merge = new JointMerge([false, false]);
    merge.add(0, 0n, 0, NaN);
    merge.add(0, 10n, 1, 1);
    merge.add(1, 5n, 0, 0);
    expect(merge.take()?.velocity[0]).toBeNaN();
  });

  it('is not known before its first state', () => {
    expect(readAt([10, 20], 9)).toBeNull();
    expect(readAt([10, 20], 10)?.position[0]).toBe(10);
  });

  it('keeps 1024 states for a time that another joint comes with late', () => {
    const many = Array.from({ length: 1100 }, (_, index) => index);
    expect(readAt(many, 1099 - 1024 + 1)?.position[0]).toBe(76);
    expect(readAt(many, 1099 - 1024)).toBeNull();
    // One that is older than all that are kept is not put in front of them.
    expect(readAt([...many, 2.5], 75.5)).toBeNull();
    // One between them is, and the oldest is forgotten.
    expect(readAt([...many, 500.5], 500.5)?.position[0]).toBe(500.5);
    expect(readAt([...many, 500.5], 76)).toBeNull();
    expect(readAt([...many, 500.5], 1099)?.position[0]).toBe(1099);
    // One that is repeated takes no room.
    expect(readAt([...many, ...many.slice(-50)], 76)?.position[0]).toBe(76);
  });

  it('keeps as many whatever its number is, and leaves those of the others alone', () => {
    const many = Array.from({ length: 1100 }, (_, index) => index);
    for (const [full, extra, lastMs, expected] of [
      [[0, 2], [], 76, 76],
      [[1, 2], [], 76, 76],
      [[0, 2], [[2, 2.5]], 1099, 1099],
      [[0, 2], [[0, 500.5]], 77, 77],
      [[1, 2], [[1, 500.5]], 76, null],
    ] as const) {
      const merge = new JointMerge([false, false, false]);
      for (const joint of full) for (const atMs of many) merge.add(joint, ms(atMs), atMs, 0);
      for (const [joint, atMs] of extra) merge.add(joint, ms(atMs), atMs, 0);
      const single = full[0] === 0 ? 1 : 0;
      merge.add(single, ms(lastMs), lastMs, 0);
      const reading = merge.take();
      if (expected === null) expect(reading).toBeNull();
      else expect(reading?.position).toEqual(Float64Array.of(expected, expected, expected));
    }
  });

  it('has the stamp of its newest state, whatever comes late', () => {
    const merge = new JointMerge([false, true]);
    expect([merge.newestNs(0), merge.newestNs(1)]).toEqual([null, null]);
    merge.add(1, 20n, 1, 0);
    merge.add(1, 10n, 1, 0);
    expect([merge.newestNs(0), merge.newestNs(1)]).toEqual([null, 20n]);
    merge.clear();
    expect(merge.newestNs(1)).toBeNull();
  });

  it('belongs to no reading of before everything was forgotten', () => {
    const merge = new JointMerge([false]);
    merge.add(0, 20n, 1, 0);
    expect(merge.take()?.stampNs).toBe(20n);
    expect(merge.take()).toBeNull();
    merge.add(0, 10n, 1, 0);
    expect(merge.take()).toBeNull();
    merge.clear();
    merge.add(0, 10n, 3, 0);
    expect(merge.take()).toEqual({
      stampNs: 10n,
      position: Float64Array.of(3),
      velocity: Float64Array.of(0),
    });
  });
});
