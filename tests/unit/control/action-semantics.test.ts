import { expect, it } from 'vitest';
import { actionSemantics } from '../../../src/control/action-semantics.js';
import { thrownBy } from './fixtures.js';

it('takes joint_velocity actions as target velocities', () => {
  const out = new Float64Array(2);
  actionSemantics('joint_velocity').targetVelocity(
    Float32Array.of(1, 2, 3, 4),
    1,
    new Float64Array(2),
    0.1,
    out,
  );
  expect([...out]).toEqual([3, 4]);
});

it('refuses kinds that it has no meaning for', () => {
  expect(thrownBy(() => actionSemantics('ee_delta')).code).toBe('model.unsupported');
});
