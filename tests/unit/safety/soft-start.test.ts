import { describe, expect, it } from 'vitest';
import { SoftStart } from '../../../src/safety/soft-start.js';

describe('a soft start', () => {
  it('rises from a tenth to the whole speed', () => {
    const start = new SoftStart(() => 0.1, 0.02);
    start.begin();
    const shares = Array.from({ length: 7 }, () => start.advance());
    for (const [tick, share] of [0.1, 0.28, 0.46, 0.64, 0.82, 1, 1].entries())
      expect(shares[tick]).toBeCloseTo(share, 12);
  });

  it('is over before it begins, and at once where it takes no time', () => {
    expect(new SoftStart(() => 1, 0.02).advance()).toBe(1);
    const start = new SoftStart(() => 0, 0.02);
    start.begin();
    expect(start.advance()).toBe(1);
  });

  it('begins again', () => {
    const start = new SoftStart(() => 0.04, 0.02);
    start.begin();
    for (let tick = 0; tick < 5; tick++) start.advance();
    start.begin();
    expect(start.advance()).toBe(0.1);
  });
});
