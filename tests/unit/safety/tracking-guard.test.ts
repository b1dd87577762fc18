import { expect, it } from 'vitest';

import { trackingTolerances } from '../../../src/safety/tracking-guard.js';
import { jointLimit } from '../../fixtures/robot.js';

it('has a tolerance for each joint in its own unit', () => {
  const limits = [
    jointLimit('shoulder'),
    jointLimit('finger', { unit: 'm', lower: 0, upper: 0.04 }),
    jointLimit('wheel', { continuous: true, lower: -Infinity, upper: Infinity }),
  ];
  expect(trackingTolerances(limits, 0.3, 0.02)).toEqual(Float64Array.of(0.3, 0.02, 0.3));
});
