import { describe, expect, it } from 'vitest';

import { CommandTiming } from '../../../../src/ros/topics/command-timing.js';

describe('the timing of commands', () => {
  it('is how far the time between two is from the period', () => {
    const timing = new CommandTiming();
    for (const atMs of [0, 10, 21, 30, 40]) timing.note(atMs, 10);
    expect(timing.count).toBe(5);
    expect(timing.missed).toBe(0);
    expect(timing.periodErrorMs(1)).toBe(1);
    expect(timing.periodErrorMs(0)).toBe(0);
  });

  it('does not count a late one as missed when the next is in time', () => {
    const timing = new CommandTiming();
    for (const atMs of [3, 10, 20, 38, 40, 59, 60]) timing.note(atMs, 10);
    expect(timing.missed).toBe(0);
    expect(timing.periodErrorMs(1)).toBe(9);
  });

  it('counts the periods that were left out', () => {
    const timing = new CommandTiming();
    for (const atMs of [0, 10, 42, 50]) timing.note(atMs, 10);
    expect(timing.missed).toBe(2);
    timing.reset();
    expect([timing.count, timing.missed]).toEqual([0, 0]);
    expect(timing.periodErrorMs(0.99)).toBeNaN();
  });
});
