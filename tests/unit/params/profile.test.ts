import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { parseProfile, parseValue } from '../../../src/params/profile.js';
import { thrownBy } from '../../fixtures/robot.js';

const refusal = (text: string): string => thrownBy(() => parseProfile(text, 'parameter file p.yaml')).message;

describe('a parameter file', () => {
  it('says what holds for which node, nested or dotted', () => {
    const text = `
/**:
  ros__parameters:
    sampling.samples: 64
    sampling: {iterations: 3, joint_min_std: [0.1, 1]}
robot1:
  planner_node:
    ros__parameters: {seed: 2}
empty:
  ros__parameters:
`;
    expect(parseProfile(text, '').map(({ node, values }) => [node, Object.fromEntries(values)])).toEqual([
      ['/**', { 'sampling.samples': 64n, 'sampling.iterations': 3n, 'sampling.joint_min_std': [0.1, 1n] }],
      ['/robot1/planner_node', { seed: 2n }],
      ['/empty', {}],
    ]);
  });

  it.each([
    ['1', 1n],
    ['1.0', 1],
    ['1e-3', 0.001],
    ['.nan', NaN],
    ['yes', true],
    ['off', false],
    ['"yes"', 'yes'],
    ['2026-01-02', '2026-01-02'],
    ['1:30', '1:30'],
    ['50 ms', '50 ms'],
    ['', null],
    ['[30 deg/s, 1]', ['30 deg/s', 1n]],
  ])('reads %s as ROS does', (text, value) => {
    expect(parseValue(text, 'value')).toEqual(value);
  });

  it.each([
    ['no YAML', '/**:\n  ros__parameters:\n    seed: 3\n   bad: [', /p.yaml: .* at line 4, column 1/s],
    ['a key twice', '/**:\n  ros__parameters:\n    seed: 3\n    seed: 4', /unique at line 4/],
    [
      'a value twice',
      '/**:\n  ros__parameters:\n    sampling.samples: 3\n    sampling: {samples: 4}',
      /sampling.samples .*two values/,
    ],
    ['parameters of no node', 'ros__parameters:\n  seed: 3', /Put the parameters under "\/\*\*:"/],
    [
      'a parameter outside of ros__parameters',
      '/**:\n  seed: 3',
      /\/\*\*: seed with 3, expected .*ros__parameters/,
    ],
    ['a list', '- seed', /the whole file with \["seed"\]/],
    [
      'a list of mappings',
      '/**:\n  ros__parameters:\n    seed: [{a: 1}]',
      /parameter seed in parameter file p.yaml/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  it('has nothing to say when it is empty', () => {
    expect(parseProfile('# nothing yet\n', '')).toEqual([]);
  });

  it('is read or refused, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('/*: \n-[]{}"\'ab1&!|>?%@`,#ros__parameters')) }),
        (text) => {
          try {
            expect(Array.isArray(parseProfile(text, ''))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(JepaMpcError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
