import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { listedIn, nearestName } from '../../../src/core/names.js';

describe('nearestName', () => {
  it.each([
    ['sholder', 'shoulder'],
    ['ELBOW', 'elbow'],
    ['wrist_2', 'wrist_1'],
    ['', 'elbow'],
  ])('of %j is %j', (name, nearest) => {
    expect(nearestName(name, ['shoulder', 'elbow', 'wrist_1'])).toBe(nearest);
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
