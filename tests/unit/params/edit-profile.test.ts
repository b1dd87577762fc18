import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { editProfile } from '../../../src/params/edit-profile.js';
import { profileValues } from '../../../src/params/profile-values.js';
import { parameterInfos } from '../../../src/params/schema.js';
import type { ParameterValue } from '../../../src/core/parameter.js';

const NODE = '/robot/planner_node';

/** Any values that the schema allows. */
const values = fc.record(
  Object.fromEntries(
    parameterInfos
      .filter(({ type, choices }) => type !== 'string' || choices !== undefined)
      .map(({ name, type, range: [min, max] = [0, 1], choices }) => {
        const number = fc.double({ min, max, noNaN: true }).map((value) => value + 0);
        switch (type) {
          case 'integer':
            return [name, fc.integer({ min, max })];
          case 'double':
            return [name, fc.oneof(number, fc.constantFrom(min, max))];
          case 'double_array':
            return [name, fc.array(number, { maxLength: 3 })];
          case 'boolean':
            return [name, fc.boolean()];
          case 'string':
            return [name, fc.constantFrom(...(choices ?? []))];
        }
      }) as [string, fc.Arbitrary<ParameterValue>][],
  ),
  { requiredKeys: [] },
);

const mapOf = (values: object): ReadonlyMap<string, ParameterValue> =>
  new Map(Object.entries(values as Record<string, ParameterValue>));

describe('a profile that is written', () => {
  it('is read with the same values, written anew or over another', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const anew = editProfile(null, 'a', NODE, mapOf(first), () => true);
        expect(Object.fromEntries(profileValues(anew, 'a', NODE))).toEqual(first);
        const over = editProfile(anew, 'a', NODE, mapOf(second), () => true);
        expect(Object.fromEntries(profileValues(over, 'a', NODE))).toEqual({ ...first, ...second });
      }),
      { numRuns: 50 },
    );
  });

  it('has any text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const name = 'objective.expression';
        const written = editProfile(null, 'a', NODE, new Map([[name, text]]), () => true);
        expect(profileValues(written, 'a', NODE).get(name)).toBe(text);
      }),
    );
  });

  it('has doubles that ROS takes for doubles', () => {
    const text = editProfile(
      null,
      'a',
      NODE,
      new Map<string, ParameterValue>([
        ['mppi.temperature', 2],
        ['actions.upper', [1, 0.5]],
        ['seed', 3],
      ]),
      () => true,
    );
    expect(text).toBe(
      '/**:\n  ros__parameters:\n    seed: 3\n    mppi.temperature: 2.0\n    actions.upper: [ 1.0, 0.5 ]\n',
    );
  });

  it('leaves what is for other nodes alone', () => {
    const before = '# two arms\nother_node:\n  ros__parameters:\n    sampling.samples: 5\n';
    const after = editProfile(before, 'a', NODE, new Map([['sampling.samples', 9]]), () => true);
    expect(after).toBe(`${before}/**:\n  ros__parameters:\n    sampling.samples: 9\n`);
  });

  it('that is bad already is not written over', () => {
    const bad = '/**:\n  ros__parameters:\n    sampling.sampels: 5\n';
    expect(() => editProfile(bad, 'file a', NODE, new Map(), () => true)).toThrow(/sampling\.sampels/);
  });
});
