import fc from 'fast-check';
import { expect, it } from 'vitest';

import { msToNs, secondsToNs } from '../../../src/core/time.js';

it('converts to whole nanoseconds, to the nearest', () => {
  expect(secondsToNs(1.5)).toBe(1_500_000_000n);
  expect(secondsToNs(-0.25)).toBe(-250_000_000n);
  expect(msToNs(33.3333336)).toBe(33_333_334n);
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (milliseconds) => {
      expect(msToNs(milliseconds)).toBe(BigInt(milliseconds) * 1_000_000n);
    }),
  );
});
