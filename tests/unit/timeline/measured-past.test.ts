import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ReadingLog } from '../../../src/timeline/reading-log.js';
import { ms } from '../../fixtures/robot.js';

const ELBOW = { name: 'elbow', wraps: false, restTolerance: 0.0625, velocity: 2 };
const WRIST = { name: 'wrist', wraps: true, restTolerance: 0.0625, velocity: 2 };

/** `[time in ms, elbow, wrist, velocity of both or NaN]` */
type Row = readonly [number, number, number, number?];

function logOf(rows: readonly Row[]): ReadingLog {
  const log = new ReadingLog([ELBOW, WRIST]);
  for (const [atMs, elbow, wrist, velocity = NaN] of rows) {
    log.add({
      stampNs: ms(atMs),
      position: Float64Array.of(elbow, wrist),
      velocity: Float64Array.of(velocity, velocity),
    });
  }
  return log;
}

const positions = (log: ReadingLog, atMs: number): number[] => [
  ...log.positionAt(ms(atMs), new Float64Array(2)),
];
const velocities = (log: ReadingLog, atMs: number): number[] => [
  ...log.velocityAt(ms(atMs), new Float64Array(2)),
];

it('a reading of another number of joints is refused', () => {
  const log = logOf([]);
  const two = new Float64Array(2);
  const one = new Float64Array(1);
  expect(() => {
    log.add({ stampNs: 0n, position: one, velocity: two });
  }).toThrow(RangeError);
  expect(() => {
    log.add({ stampNs: 0n, position: two, velocity: one });
  }).toThrow(RangeError);
  expect(log.newest).toBeNull();
});

describe('positions that were measured', () => {
  it('lie on a straight line between the readings around a time, whatever their gaps', () => {
    const gaps = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 90 }), fc.double({ min: -3, max: 3, noNaN: true })),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(gaps, fc.double({ min: 0, max: 1, noNaN: true }), (steps, share) => {
        let atMs = 1000;
        const rows = steps.map(([gapMs, position]): Row => [(atMs += gapMs), position, 0]);
        const log = logOf(rows);
        for (const [index, [fromMs, from]] of rows.entries()) {
          const [toMs, to] = rows[index + 1] ?? [fromMs + 50, from];
          const timeMs = Math.floor(fromMs + share * (toMs - fromMs));
          const expected = from + ((timeMs - fromMs) / (toMs - fromMs)) * (to - from);
          expect(positions(log, timeMs)[0]).toBeCloseTo(expected, 9);
        }
      }),
    );
  });

  it('are the first ones before them, and the newest after them', () => {
    const log = logOf([
      [100, 1, 0],
      [200, 2, 0],
    ]);
    expect(positions(log, 0)[0]).toBe(1);
    expect(positions(log, 300)[0]).toBe(2);
  });

  it('take the shorter direction where a joint wraps, and only there', () => {
    const log = logOf([
      [0, 3, 3],
      [100, -3, -3],
    ]);
    const [elbow, wrist] = positions(log, 50);
    expect(elbow).toBeCloseTo(0, 9);
    expect(wrist).toBeCloseTo(Math.PI, 9);
  });

  it('are not known before the first reading, nor after all were forgotten', () => {
    const log = logOf([]);
    expect(positions(log, 0)).toEqual([NaN, NaN]);
    expect(velocities(log, 0)).toEqual([NaN, NaN]);
    expect(log.newest).toBeNull();
    log.add({ stampNs: 5n, position: new Float64Array(2), velocity: new Float64Array(2) });
    expect(log.newest?.stampNs).toBe(5n);
    log.clear();
    expect(log.newest).toBeNull();
    expect(positions(log, 0)).toEqual([NaN, NaN]);
  });

  it('are forgotten after 512 readings', () => {
    const log = logOf(Array.from({ length: 513 }, (_, index): Row => [10 * index, index, 0]));
    expect(positions(log, 0)[0]).toBe(1);
    expect(positions(log, 5115)[0]).toBeCloseTo(511.5, 9);
  });
});

describe('velocities', () => {
  it('are those that were measured, on a straight line between two readings', () => {
    const log = logOf([
      [0, 0, 0, 1],
      [100, 9, 9, 2],
      [200, 9, 9, 6],
    ]);
    expect(velocities(log, 150)).toEqual([4, 4]);
    expect(velocities(log, 25)).toEqual([1.25, 1.25]);
    expect(velocities(log, 200)).toEqual([6, 6]);
    expect(velocities(log, 999)).toEqual([6, 6]);
    expect(velocities(log, -1)).toEqual([1, 1]);
  });

  it('are taken from positions 40 ms apart where none is measured', () => {
    // At rest up to 100 ms, then at 1 rad/s; every 10 ms.
    const log = logOf(
      Array.from({ length: 21 }, (_, index): Row => {
        const position = Math.max(0, index - 10) / 100;
        return [10 * index, position, position];
      }),
    );
    expect(velocities(log, 300)[0]).toBeCloseTo(1, 9);
    expect(velocities(log, 50)[0]).toBeCloseTo(0, 9);
    expect(velocities(log, 100)[0]).toBeCloseTo(0.25, 9);
    expect(velocities(log, 125)[0]).toBeCloseTo(0.75, 9);
  });

  it('are taken from the readings around a time where these are further apart', () => {
    const log = logOf([
      [0, 0, 0],
      [100, 1, 1],
      [200, 3, 3],
    ]);
    expect(velocities(log, 50)[0]).toBeCloseTo(10, 9);
    expect(velocities(log, 150)[0]).toBeCloseTo(20, 9);
    expect(velocities(log, 250)[0]).toBeCloseTo(20, 9);
    expect(velocities(log, -50)[0]).toBeCloseTo(10, 9);
  });

  it('take the shorter direction where a joint wraps', () => {
    const log = logOf([
      [0, 3, 3],
      [100, -3, -3],
    ]);
    const [elbow, wrist] = velocities(log, 100);
    expect(elbow).toBeCloseTo(-60, 9);
    expect(wrist).toBeCloseTo((2 * Math.PI - 6) / 0.1, 9);
  });

  it('are not known from a single reading without one', () => {
    expect(velocities(logOf([[0, 1, 1]]), 0)).toEqual([NaN, NaN]);
  });

  it('are taken from positions where one of two readings has none', () => {
    const log = logOf([
      [0, 0, 0, 5],
      [100, 1, 1],
      [200, 2, 2, 5],
    ]);
    expect(velocities(log, 50)[0]).toBeCloseTo(10, 9);
  });
});

describe('a settled pose', () => {
  const elbowAt = (readings: readonly (readonly [number, number])[]): string | number => {
    const pose = logOf(readings.map(([atMs, elbow]): Row => [atMs, elbow, 0])).settledPose();
    return 'position' in pose ? (pose.position[0] ?? NaN) : JSON.stringify(pose);
  };

  it('is agreed on by three readings over 100 ms, and is the newest of them', () => {
    expect(
      elbowAt([
        [0, 1],
        [50, 1.03125],
        [100, 1.0625],
      ]),
    ).toBe(1.0625);
  });

  it('is not known from fewer readings, a shorter time, or readings that are seconds apart', () => {
    expect(elbowAt([])).toContain('no joint states received');
    for (const atMs of [[0], [0, 200], [0, 50, 99.9], [0, 600, 1000.1]])
      expect(elbowAt(atMs.map((time) => [time, 1] as const))).toMatch(/few/);
    expect(
      elbowAt([
        [0, 1],
        [600, 1],
        [1000, 1],
      ]),
    ).toBe(1);
  });

  it('needs all readings of those 100 ms, and none before them', () => {
    const rest = Array.from({ length: 11 }, (_, index) => [500 + 10 * index, 1] as const);
    expect(elbowAt([[490, 3], ...rest])).toBe(1);
    expect(elbowAt([...rest.slice(1), [605, 3], [610, 1]])).toContain('disagreement');
    expect(elbowAt([[490, 3], ...rest.slice(1)])).toContain('disagreement');
  });

  it('is not one of a joint that moves by more than its tolerance, which is named with its range', () => {
    const text = elbowAt([
      [0, 1.25],
      [60, 1.0],
      [120, 1.125],
    ]);
    expect(text).toContain("joint 'elbow' is reported between 1.000 and 1.250 within 120 ms");
  });

  it('is distinguished from motion and from publishers that contradict each other, by twice the velocity limit', () => {
    const disagreementOf = (readings: readonly (readonly [number, number])[]): string => {
      const pose = logOf(readings.map(([atMs, elbow]): Row => [atMs, elbow, 0])).settledPose();
      return 'disagreement' in pose ? pose.disagreement : 'none';
    };
    const every = (stepMs: number, elbows: readonly number[]): string =>
      disagreementOf(elbows.map((elbow, index) => [stepMs * index, elbow] as const));
    expect(disagreementOf([])).toBe('missing');
    expect(every(62.5, [1, 1])).toBe('missing');
    expect(every(62.5, [1, 1.3125, 1.625])).toBe('moving');
    expect(every(62.5, [1.625, 1.3125, 1])).toBe('moving');
    expect(every(62.5, [1, 1.3125, 1.65])).toBe('contradiction');
    expect(every(62.5, [1, 1.35, 1.5])).toBe('contradiction');
    expect(every(62.5, [1, 2, 1])).toBe('contradiction');
    expect(every(10, [1, 1.25, 1, 1.25, 1, 1.25, 1, 1.25, 1, 1.25, 1])).toBe('contradiction');
  });

  it('is one of a joint that wraps, on either side of half a revolution', () => {
    const log = logOf([
      [0, 0, Math.PI - 0.01],
      [50, 0, -Math.PI + 0.01],
      [100, 0, Math.PI - 0.01],
    ]);
    expect('position' in log.settledPose()).toBe(true);
    expect(
      elbowAt([
        [0, Math.PI],
        [50, -Math.PI],
        [100, Math.PI],
      ]),
    ).toContain('disagreement');
  });

  it('belongs to whoever asked for it', () => {
    const log = logOf([0, 50, 100].map((atMs): Row => [atMs, 1, 1]));
    const pose = log.settledPose();
    if ('position' in pose) pose.position.fill(9);
    expect(log.newest?.position[0]).toBe(1);
  });
});
