import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Latency } from '../../../src/timeline/latency.js';

/** Of plans that arrive `spacingMs` apart. */
function latencyOf(totalsMs: readonly number[], { warmUp = false, spacingMs = 33 } = {}): Latency {
  const latency = new Latency();
  for (const [index, totalMs] of totalsMs.entries()) {
    const arrivalNs = BigInt(index * spacingMs) * 1_000_000n;
    latency.notePlan({ arrivalNs, encodeMs: totalMs / 4, totalMs, extraMs: 0, warmUp });
  }
  return latency;
}

/** Of 20 slow plans and so many fast ones after them. */
function slowThenFast(fast: number, spacingMs: number): Latency {
  return latencyOf([...Array<number>(20).fill(950), ...Array<number>(fast).fill(50)], { spacingMs });
}

describe('latency', () => {
  it('is not known before anything was measured', () => {
    const latency = new Latency();
    const { plans } = latency;
    expect(plans).toBe(0);
    expect(latency.committedPeriods(100, 20)).toBeNull();
    for (const figure of [
      latency.frameAgeMs(0.5),
      latency.encodeMs(0.5),
      latency.publishMs(0.5),
      latency.totalMs(0.5),
    ])
      expect(figure).toBeNaN();
  });

  it('has percentiles of its own for each part', () => {
    const latency = latencyOf([80, 80, 80]);
    latency.noteFrame(33);
    latency.noteTick(7);
    expect(latency.plans).toBe(3);
    expect(latency.frameAgeMs(0.5)).toBe(33);
    expect(latency.encodeMs(0.5)).toBe(20);
    expect(latency.totalMs(0.5)).toBe(80);
    expect(latency.publishMs(0.5)).toBe(7);
  });

  it('leaves warm-up runs out, however long they took', () => {
    const latency = latencyOf([4000], { warmUp: true });
    expect(latency.committedPeriods(100, 20)).toBeNull();
    latency.notePlan({ arrivalNs: 0n, encodeMs: 1, totalMs: 60, extraMs: 0, warmUp: false });
    expect(latency.committedPeriods(100, 20)).toBe(1);
    expect(latency.totalMs(1)).toBe(60);
    expect(latency.plans).toBe(1);
  });

  it.each([
    [10, 1],
    [80, 1],
    [81, 2],
    [180, 2],
    [181, 3],
    [4000, 41],
  ])('of %i ms, and a tick of 20 ms, commits %i periods of 100 ms', (totalMs, periods) => {
    expect(latencyOf([totalMs, totalMs]).committedPeriods(100, 20)).toBe(periods);
  });

  it('commits one period at least', () => {
    expect(latencyOf([0]).committedPeriods(100, 0)).toBe(1);
  });

  it('commits enough for 95 of 100 plans, not for the slowest', () => {
    const totals = Array.from({ length: 100 }, (_, index) => (index < 96 ? 50 : 950));
    expect(latencyOf(totals).committedPeriods(100, 20)).toBe(1);
    expect(latencyOf(totals.map((_, index) => (index < 90 ? 50 : 950))).committedPeriods(100, 20)).toBe(10);
  });

  it('commits enough for half of the plans, and for 95 % of them to be late by half a period at most', () => {
    const totals = (slow: number, slowMs: number): number[] =>
      Array.from({ length: 100 }, (_, index) => (index < slow ? slowMs : 50));
    expect(latencyOf(totals(40, 130)).committedPeriods(100, 20)).toBe(1);
    expect(latencyOf(totals(40, 131)).committedPeriods(100, 20)).toBe(2);
    expect(latencyOf(totals(60, 81)).committedPeriods(100, 20)).toBe(2);
    expect(latencyOf(totals(60, 80)).committedPeriods(100, 20)).toBe(1);
  });

  it('follows a change within 100 plans', () => {
    const totals = [...Array.from({ length: 50 }, () => 950), ...Array.from({ length: 100 }, () => 50)];
    expect(latencyOf(totals).committedPeriods(100, 20)).toBe(1);
    expect(latencyOf(totals.slice(0, -1)).totalMs(1)).toBe(950);
  });

  it('follows a change within 10 s where plans are few', () => {
    expect(slowThenFast(10, 1000).committedPeriods(100, 20)).toBeGreaterThan(1);
    expect(slowThenFast(11, 1000).committedPeriods(100, 20)).toBe(1);
  });

  it('commits for plans on the move, without what the search from rest adds, and still reports the total', () => {
    const latency = new Latency();
    latency.notePlan({ arrivalNs: 0n, encodeMs: 1, totalMs: 850, extraMs: 600, warmUp: false });
    expect(latency.committedPeriods(100, 20)).toBe(3);
    expect(latency.totalMs(0.5)).toBe(850);
  });

  it('forgets the plans from before the clock went back, but for the last five', () => {
    const latency = new Latency();
    const note = (arrivalMs: number, totalMs: number): void => {
      const arrivalNs = BigInt(arrivalMs) * 1_000_000n;
      latency.notePlan({ arrivalNs, encodeMs: 1, totalMs, extraMs: 0, warmUp: false });
    };
    for (let plan = 0; plan < 50; plan++) note(100_000 + 33 * plan, 950);
    for (let plan = 0; plan < 4; plan++) note(33 * plan, 50);
    expect(latency.committedPeriods(100, 20)).toBeGreaterThan(1);
    note(200, 50);
    expect(latency.committedPeriods(100, 20)).toBe(1);
  });

  it('is that of five plans at least, however far apart', () => {
    expect(slowThenFast(4, 60_000).committedPeriods(100, 20)).toBeGreaterThan(1);
    expect(slowThenFast(5, 60_000).committedPeriods(100, 20)).toBe(1);
  });

  it('commits no fewer periods for plans that take longer', () => {
    const totals = fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(totals, fc.double({ min: 0, max: 500, noNaN: true }), (all, moreMs) => {
        const before = latencyOf(all).committedPeriods(100, 20) ?? NaN;
        const after = latencyOf(all.map((totalMs) => totalMs + moreMs)).committedPeriods(100, 20) ?? NaN;
        expect(after).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});
