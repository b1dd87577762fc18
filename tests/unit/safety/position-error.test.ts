import { describe, expect, it } from 'vitest';

import { positionError } from '../../../src/safety/position-error.js';

describe('positionError', () => {
  it('leaves out whole turns of a continuous joint, and of no other', () => {
    const turns = 4 * Math.PI;
    expect(positionError(0.1 + turns, 0.3, { continuous: true })).toBeCloseTo(-0.2, 12);
    expect(positionError(0.1 + turns, 0.3, { continuous: false })).toBeCloseTo(turns - 0.2, 12);
  });
});
