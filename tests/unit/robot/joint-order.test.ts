import { describe, expect, it } from 'vitest';

import { jointOrder } from '../../../src/robot/joint-order.js';
import { listedIn } from '../../../src/core/names.js';
import { thrownBy } from '../../fixtures/robot.js';

const joints = ['shoulder', 'elbow', 'wrist'];
const orderOf = (text: string): readonly number[] => jointOrder('command.joints', listedIn(text), joints);

describe('the order of joints', () => {
  it('is that of the model where none is given', () => {
    expect(orderOf('')).toEqual([0, 1, 2]);
  });

  it('is where each of the controller’s joints stands in the model', () => {
    expect(orderOf('wrist, shoulder,elbow')).toEqual([2, 0, 1]);
  });

  it.each([
    ['shoulder, elbow', 'each of shoulder, elbow, wrist once'],
    ['shoulder, elbow, elbow', 'each of shoulder, elbow, wrist once'],
    ['shoulder, elbow, wrist, wrist', 'each of shoulder, elbow, wrist once'],
    ['shoulder, elbw, wrist', "'elbw' is no joint of the model (did you mean elbow?)"],
  ])('%s is refused', (text, message) => {
    const error = thrownBy(() => orderOf(text));
    expect(error.code).toBe('params.invalid');
    expect(error.message).toContain('command.joints');
    expect(error.message).toContain(message);
  });
});
