import { describe, expect, it } from 'vitest';

import { RollingSample } from '../../../src/math/rolling-sample.js';

describe('a rolling sample', () => {
  it('is of the last numbers alone', () => {
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
});
