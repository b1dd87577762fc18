import { describe, expect, it } from 'vitest';

import { RollingSample } from '../../../src/math/rolling-sample.js';

describe('a rolling sample', () => {
  it('is over the last numbers only', () => {
    const sample = new RollingSample(3);
    expect(sample.percentile(0.5)).toBeNaN();
    for (const value of [100, 1, 2, 3]) sample.note(value);
    expect(sample.percentile(0)).toBe(1);
    expect(sample.percentile(0.5)).toBe(2);
    expect(sample.percentile(1)).toBe(3);
    sample.reset();
    sample.note(7);
    expect(sample.percentile(0.95)).toBe(7);
  });

  it('also has percentiles over only the newest numbers', () => {
    const sample = new RollingSample(4);
    for (const value of [9, 8, 1, 2, 3]) sample.note(value);
    expect(sample.percentile(1, 3)).toBe(3);
    expect(sample.percentile(0, 3)).toBe(1);
    expect(sample.percentile(0.5, 1)).toBe(3);
    expect(sample.percentile(1, 100)).toBe(8);
    expect(new RollingSample(4).percentile(0.5, 2)).toBeNaN();
  });
});
