import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History } from '../../../../src/dashboard/ui/state/history.js';

describe('a history', () => {
  it('keeps the newest entries, oldest first, whatever their number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { maxLength: 300 }),
        (capacity, values) => {
          const history = new History(1, capacity);
          for (const [time, value] of values.entries()) history.push(time, [value]);
          const kept = values.slice(-capacity);
          expect(Array.from(history.column(0))).toEqual(kept);
          expect(Array.from(history.times())).toEqual(
            kept.map((_, index) => values.length - kept.length + index),
          );
          expect(history.newest(0)).toBe(kept.at(-1) ?? NaN);
        },
      ),
    );
  });

  it('gives what is not older than a time, the same stretch of each quantity', () => {
    const history = new History(2, 10);
    for (const time of [1, 2, 3, 4]) history.push(time, [10 * time, 100 * time]);
    expect(Array.from(history.times(2.5))).toEqual([3, 4]);
    expect(Array.from(history.column(0, 2.5))).toEqual([30, 40]);
    expect(Array.from(history.column(1, 3))).toEqual([300, 400]);
    expect(history.times(5)).toHaveLength(0);
  });

  it('counts what is missing or not finite as not known', () => {
    const history = new History(3, 4);
    history.push(1, [Infinity, 2]);
    expect([history.newest(0), history.newest(1), history.newest(2)]).toEqual([NaN, 2, NaN]);
  });

  it('starts over when the clock goes back, and ignores a repeated time', () => {
    const history = new History(1, 4);
    history.push(5, [1]);
    history.push(5, [2]);
    expect(Array.from(history.column(0))).toEqual([1]);
    history.push(3, [3]);
    expect(Array.from(history.times())).toEqual([3]);
  });

  it('refuses to be made without room', () => {
    expect(() => new History(1, 0)).toThrow(RangeError);
  });
});
