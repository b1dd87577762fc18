import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { perJoint } from '../../../src/core/per-joint.js';
import { thrownBy } from '../../fixtures/robot.js';

const joints = ['shoulder', 'elbow', 'wrist'];

const errorOf = (values: readonly number[]): JepaMpcError =>
  thrownBy(() => perJoint(values, joints, 'command.effort_kp'));

describe('perJoint', () => {
  it('repeats one value for every joint', () => {
    expect(perJoint([4], joints, 'p')).toEqual([4, 4, 4]);
  });

  it('takes one value for each joint as it is, in order', () => {
    expect(perJoint([1, 2, 3], joints, 'p')).toEqual([1, 2, 3]);
  });

  it('takes the value of a robot with one joint', () => {
    expect(perJoint([7], ['slide'], 'p')).toEqual([7]);
  });

  it('returns null for an empty list', () => {
    expect(perJoint([], joints, 'p')).toBeNull();
  });

  it('keeps a 0 and a NaN: ranges are for the caller to check', () => {
    expect(perJoint([0], joints, 'p')).toEqual([0, 0, 0]);
    expect(perJoint([NaN], joints, 'p')).toEqual([NaN, NaN, NaN]);
  });

  it('refuses any other number of values, naming the parameter, the count and the joints', () => {
    const { code, facts } = errorOf([1, 2]);
    expect(code).toBe('params.invalid');
    expect(facts).toEqual({
      subject: 'parameter command.effort_kp',
      found: '[1, 2], 2 numbers',
      expected: 'one, or 3 (shoulder, elbow, wrist)',
      remedy: 'Give one number for all joints, or one for each in the order of the model.',
    });
  });

  it('gives as many numbers as there are joints, or throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double(), { maxLength: 8 }),
        fc.array(fc.string(), { minLength: 1, maxLength: 8 }),
        (values, names) => {
          const fits = values.length === 1 || values.length === names.length;
          if (values.length === 0) expect(perJoint(values, names, 'p')).toBeNull();
          else if (fits) {
            const each = perJoint(values, names, 'p');
            expect(each).toHaveLength(names.length);
            names.forEach((_, joint) => {
              expect(each?.[joint]).toBe(values.length === 1 ? values[0] : values[joint]);
            });
          } else expect(() => perJoint(values, names, 'p')).toThrow(JepaMpcError);
        },
      ),
    );
  });
});
