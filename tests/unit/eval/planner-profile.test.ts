import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlannerProfile } from '../../../eval/profiles/planner-profile.js';
import { profileText } from '../../../eval/tune/profile-text.js';
import { parseSpace } from '../../../eval/tune/space.js';
import { parameterInfos } from '../../../src/params/schema.js';

const read = (text: string) => readPlannerProfile('folder/fast.yaml', () => text);
const underNode = (lines: string): string => `/**:\n  ros__parameters:\n    ${lines}\n`;

describe('a profile', () => {
  it('is what differs from the defaults, by when it takes effect', () => {
    const profile = read(
      underNode(
        "sampling: { samples: 200, elites: 0 }\n    command.soft_start_s: '100 ms'\n    limits.velocity_scale: 0.5",
      ),
    );
    expect(profile).toEqual({
      name: 'fast',
      file: 'folder/fast.yaml',
      dynamic: { 'sampling.samples': 200, 'command.soft_start_s': 0.1 },
      start: { 'limits.velocity_scale': 0.5 },
    });
  });

  it('leaves what the run sets itself to the run', () => {
    expect(read(underNode('model: elsewhere\n    seed: 7'))).toMatchObject({ dynamic: {}, start: {} });
  });

  it.each([
    [underNode('sampling.sample: 3'), 'sampling.sample (nearest name of this node: sampling.samples)'],
    [underNode('cem.samples: 3'), 'present name sampling.samples'],
    [underNode('sampling.samples: -1'), 'a whole number from 0 to 100000'],
    ['other_node:\n  ros__parameters:\n    x: 1\n', 'nothing for this node'],
    [underNode('command.interface: commands'), 'without which a simulation in lockstep does not run'],
    [underNode('dry_run: true'), 'parameter dry_run of profile folder/fast.yaml: found true, expected false'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('that cannot be read is named, and the shipped one is', () => {
    expect(() => readPlannerProfile('nowhere.yaml')).toThrow(
      'parameter file nowhere.yaml: found no readable file',
    );
    expect(readPlannerProfile('config/reacher.yaml').name).toBe('reacher');
    expect(readPlannerProfile('defaults')).toEqual({ name: 'defaults', file: null, dynamic: {}, start: {} });
  });
});

describe('the profile that a search writes', () => {
  it('says of each parameter what it does and where its value comes from', () => {
    const searched = parseSpace('sampling.samples: { low: 10, high: 500 }', 'space');
    const text = profileText(['Written by a test.'], { 'sampling.samples': 200, 'rest.margin': 1 }, searched);
    expect(text).toContain('# Written by a test.\n/**:\n  ros__parameters:\n');
    expect(text).toMatch(
      /# Candidate action sequences .* Searched: 10 to 500\.\n {4}sampling\.samples: 200\n/,
    );
    expect(text).toMatch(/From the profile that the search began with\.\n {4}rest\.margin: 1\.0\n/);
  });

  it('is read back as it was', () => {
    const dynamic = parameterInfos.filter(({ change }) => change === 'dynamic');
    const values = fc
      .uniqueArray(fc.constantFrom(...dynamic), { selector: ({ name }) => name })
      .chain((infos) =>
        fc.record(
          Object.fromEntries(
            infos.map(({ name, type, range = [0, 1], choices, maxLength }) => {
              const [min, max] = [Math.max(range[0], -1e6), Math.min(range[1], 1e6)];
              // Plus 0: JSON has no negative zero.
              const number = fc.double({ min, max, noNaN: true }).map((value) => value + 0);
              const value = {
                integer: fc.integer({ min: Math.ceil(min), max: Math.floor(max) }),
                double: number,
                double_array: fc.array(number, { maxLength: Math.min(4, maxLength ?? 4) }),
                boolean: fc.boolean(),
                string: choices === undefined ? fc.string() : fc.constantFrom(...choices),
              }[type];
              return [name, value as fc.Arbitrary<string | number | boolean | number[]>];
            }),
          ),
        ),
      );
    fc.assert(
      fc.property(values, (written) => {
        const changed = Object.entries(written).filter(
          ([name, value]) =>
            JSON.stringify(value) !==
            JSON.stringify(dynamic.find((info) => info.name === name)?.defaultValue),
        );
        const text = profileText([], written, new Map());
        expect(Object.keys(written).length === 0 || read(text).dynamic).toEqual(
          Object.keys(written).length === 0 || Object.fromEntries(changed),
        );
      }),
    );
  });
});
