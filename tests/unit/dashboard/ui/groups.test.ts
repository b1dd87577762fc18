import { describe, expect, it } from 'vitest';
import type { ParameterInfo } from '../../../../src/dashboard/protocol.js';
import { groupsOf, isChanged, isSame, isSettable } from '../../../../src/dashboard/ui/parameters/groups.js';

const parameter = (
  name: string,
  description = '',
  change: ParameterInfo['change'] = 'dynamic',
): ParameterInfo => ({
  name,
  type: 'double',
  range: [0, 1],
  step: null,
  unit: '',
  defaultValue: 0.5,
  description,
  change,
  choices: null,
  maxLength: null,
});

const PARAMETERS = [
  parameter('planner', 'Sampling planner.'),
  parameter('sampling.samples', 'Candidates of an iteration.'),
  parameter('sampling.elites', 'Candidates that the next iteration is fitted to.'),
  parameter('rest.margin', 'By how much a plan must cost less than rest.'),
];
const names = (query: string): string[][] =>
  groupsOf(PARAMETERS, query).map((group) => [group.name, ...group.parameters.map(({ name }) => name)]);

describe('groups of parameters', () => {
  it('have a prefix in common, and those without one are general', () => {
    expect(names('')).toEqual([
      ['general', 'planner'],
      ['sampling', 'sampling.samples', 'sampling.elites'],
      ['rest', 'rest.margin'],
    ]);
  });

  it('contain what has every word in its name or description', () => {
    expect(names('ITERATION fitted')).toEqual([['sampling', 'sampling.elites']]);
    expect(names('nothing like it')).toEqual([]);
  });
});

describe('a value', () => {
  it('is changed where it differs from a known default', () => {
    expect(isChanged({ defaultValue: 0.5 }, 0.6)).toBe(true);
    expect(isChanged({ defaultValue: 0.5 }, 0.5)).toBe(false);
    expect(isChanged({ defaultValue: null }, 0.5)).toBe(false);
    expect(isChanged({ defaultValue: 0.5 }, undefined)).toBe(false);
  });

  it('is compared with another by its numbers', () => {
    expect(isSame([1, 2], [1, 2])).toBe(true);
    expect(isSame([1, 2], [1])).toBe(false);
    expect(isSame([], [])).toBe(true);
    expect(isSame('a', 'b')).toBe(false);
  });

  it('can be set as the mark of its parameter says', () => {
    const settable = (change: ParameterInfo['change'], state: string): boolean =>
      isSettable(parameter('a', '', change), state);
    expect(settable('dynamic', 'active')).toBe(true);
    expect(settable('static', 'active')).toBe(false);
    expect(settable('static', 'unconfigured')).toBe(true);
    expect(settable('read-only', 'unconfigured')).toBe(false);
  });
});
