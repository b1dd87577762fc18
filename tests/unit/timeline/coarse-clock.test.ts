import fc from 'fast-check';
import { Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';

import { simulatedTicks, TickGrid } from '../../../src/timeline/tick-grid.js';
import { ms } from '../../fixtures/robot.js';

const PERIOD_MS = 20;

/** The ticks of a clock, in ms, for each of its times in ms. */
function ticksOf(timesMs: readonly number[]): number[][] {
  const grid = new TickGrid(ms(PERIOD_MS));
  return timesMs.map((atMs) => grid.due(ms(atMs)).map((tickNs) => Number(tickNs) / 1e6));
}

describe('the ticks of a clock that moves in steps', () => {
  it.each([30, 50, 60, 1000])('are 50 a second with a clock at %i Hz', (hz) => {
    const times = Array.from({ length: 10 * hz + 1 }, (_, index) => 5000 + (1000 * index) / hz);
    expect(ticksOf(times).flat()).toEqual(Array.from({ length: 501 }, (_, tick) => 5000 + PERIOD_MS * tick));
  });

  it('lie on a grid without drift, each once and not before its time, whatever the steps', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 5 * PERIOD_MS }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (stepsMs) => {
        let nowMs = 700;
        const times = [700, ...stepsMs.map((stepMs) => (nowMs += stepMs))];
        let next = 700;
        for (const [index, due] of ticksOf(times).entries()) {
          const expected: number[] = [];
          for (; next <= (times[index] ?? NaN); next += PERIOD_MS) expected.push(next);
          expect(due).toEqual(expected);
        }
      }),
    );
  });

  it('are made up for up to five at once; after a longer step they begin anew', () => {
    expect(ticksOf([0, 119])).toEqual([[0], [20, 40, 60, 80, 100]]);
    expect(ticksOf([0, 120])).toEqual([[0], [120]]);
    expect(ticksOf([0, 125, 145])).toEqual([[0], [125], [145]]);
  });

  it('wait while the clock stands still, and for less than a period', () => {
    expect(ticksOf([0, 0, 19, 20, 39, 40])).toEqual([[0], [], [], [20], [], [40]]);
  });

  it('begin anew with a clock that went back', () => {
    expect(ticksOf([100, 115, 90, 109, 110])).toEqual([[100], [], [90], [], [110]]);
    expect(ticksOf([100, 5, 25])).toEqual([[100], [5], [25]]);
  });
});

describe('a stream of ticks', () => {
  it('brings the ticks of each time at once, in order, and ends with the clock', () => {
    const scheduler = new TestScheduler((actual, expected) => {
      expect(actual).toEqual(expected);
    });
    scheduler.run(({ cold, expectObservable }) => {
      const times = { a: ms(100), b: ms(119), c: ms(160), d: ms(120) };
      const ticks = { a: ms(100), x: ms(120), y: ms(140), z: ms(160), d: ms(120) };
      // A group in parentheses takes as long as it has characters.
      const clock$ = cold('  ab 8ms c 9ms d|', times);
      expectObservable(simulatedTicks(clock$, ms(20))).toBe('a- 8ms (xyz) 5ms d|', ticks);
    });
  });

  it('starts anew for who comes later, whatever others have seen', () => {
    const clock$ = new Subject<bigint>();
    const ticks$ = simulatedTicks(clock$, ms(20));
    const [early, late]: [bigint[], bigint[]] = [[], []];
    ticks$.subscribe((tick) => early.push(tick));
    clock$.next(ms(100));
    ticks$.subscribe((tick) => late.push(tick));
    clock$.next(ms(110));
    clock$.next(ms(130));
    expect([early, late]).toEqual([
      [ms(100), ms(120)],
      [ms(110), ms(130)],
    ]);
  });
});
