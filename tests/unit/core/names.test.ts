import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { listedIn, nearestName } from '../../../src/core/names.js';

describe('nearestName', () => {
  it.each([
    ['sholder', 'shoulder'],
    ['ELBOW', 'elbow'],
    ['wrist_2', 'wrist_1'],
    ['shoulder_pan_joint', 'shoulder'],
    ['elbow_link_2', 'elbow'],
    ['eblow', 'elbow'],
  ])('of %j is %j', (name, nearest) => {
    expect(nearestName(name, ['shoulder', 'elbow', 'wrist_1'])).toBe(nearest);
  });

  it.each([
    ['nose', ['e', 'pi', 'goal_distance']],
    ['gripper', ['shoulder', 'elbow']],
    ['', ['elbow', 'a']],
    ['?', ['base', 'upper']],
    ['an_arm', ['a', 'an']],
  ])('of %j is null where nothing is like it: %j', (name, candidates) => {
    expect(nearestName(name, candidates)).toBeNull();
  });

  it('has at least half of its characters in common, or is contained', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-m]{1,12}$/), fc.stringMatching(/^[n-z]{1,12}$/), (left, right) => {
        expect(nearestName(left, [right])).toBeNull();
        // One letter too many, too few or wrong.
        expect(nearestName(`${left}${left.slice(0, 1)}`, [right, left])).toBe(left);
        expect(nearestName(right, [`${right}a`, left])).toBe(`${right}a`);
      }),
    );
  });

  it('is null when there are no candidates', () => {
    expect(nearestName('elbow', [])).toBeNull();
  });

  it('is the name itself when that is a candidate', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z_]{1,8}$/), { minLength: 1, maxLength: 6 }), (names) => {
        for (const name of names) expect(nearestName(name, names)).toBe(name);
      }),
    );
  });
});

it('a list is split at its commas, trimmed, without empty entries', () => {
  expect(listedIn(' elbow, shoulder,,wrist ,')).toEqual(['elbow', 'shoulder', 'wrist']);
  expect(listedIn('')).toEqual([]);
});
