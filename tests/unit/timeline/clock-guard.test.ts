import { expect, it } from 'vitest';

import { ClockGuard } from '../../../src/timeline/clock-guard.js';

it('a clock guard remembers a jump backwards until reset', () => {
  const guard = new ClockGuard();
  const seen = [5n, 5n, 6n, 4n, 7n].map((time) => [guard.observe(time), guard.jumped]);
  expect(seen).toEqual([
    [false, false],
    [false, false],
    [false, false],
    [true, true],
    [false, true],
  ]);
  guard.reset();
  expect([guard.observe(1n), guard.jumped]).toEqual([false, false]);
});
