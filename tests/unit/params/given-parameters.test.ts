import { describe, expect, it } from 'vitest';

import { gatherParameters } from '../../../src/params/given-parameters.js';
import { isForNode } from '../../../src/params/node-key.js';
import { readRosArguments } from '../../../src/params/ros-arguments.js';

function gather(
  argv: readonly string[],
  files: Record<string, string> = {},
): ReturnType<typeof gatherParameters> {
  const given = readRosArguments(['node', 'main.js', '--ros-args', ...argv], 'planner_node');
  return gatherParameters(
    given,
    (path) => files[path] ?? '',
    (name) => name === 'use_sim_time',
  );
}

function values(argv: readonly string[], files: Record<string, string> = {}): Record<string, unknown> {
  return Object.fromEntries(gather(argv, files).values);
}

const seedFor = (node: string, seed: number): string =>
  `${node}:\n  ros__parameters:\n    seed: ${String(seed)}\n`;

describe('a key of a parameter file', () => {
  it.each([
    ['/**', '/planner_node', true],
    ['/**', '/a/b/planner_node', true],
    ['**', '/a/planner_node', true],
    ['/*', '/planner_node', true],
    ['/*', '/a/planner_node', false],
    ['/*/planner_node', '/a/planner_node', true],
    ['/a/**', '/a/b/planner_node', true],
    ['/a/**', '/b/planner_node', false],
    ['/**/planner_node', '/planner_node', true],
    ['/**/planner_node', '/a/b/planner_node', true],
    ['planner_node', '/planner_node', true],
    ['planner_node', '/a/planner_node', false],
    ['/a/planner_node', '/a/planner_node', true],
    ['planner', '/planner_node', false],
  ])('%s, for %s: %s', (key, name, holds) => {
    expect(isForNode(key, name)).toBe(holds);
  });
});

describe('the command line', () => {
  it('is left to ROS without its parameters', () => {
    const argv = [
      'node',
      'x',
      '-p',
      'mine',
      '--ros-args',
      '-p',
      'a:=1',
      '-r',
      'b:=c',
      '--params-file',
      'f',
      '--',
      '-p',
      'd',
    ];
    const { others, parameters } = readRosArguments(argv, 'n');
    expect(others).toEqual(['node', 'x', '-p', 'mine', '--ros-args', '-r', 'b:=c', '--', '-p', 'd']);
    expect(parameters).toHaveLength(2);
  });

  it.each([
    [[], '/planner_node'],
    [['-r', '__node:=arm', '-r', '__ns:=/robot1'], '/robot1/arm'],
    [['-r', 'planner_node:__ns:=/robot1'], '/robot1/planner_node'],
    [['-r', 'other:__ns:=/robot1'], '/planner_node'],
    [['--remap', '__name:=first', '-r', '__node:=second'], '/second'],
  ])('names the node: %s', (remaps, name) => {
    expect(readRosArguments(['--ros-args', ...remaps], 'planner_node').fullName).toBe(name);
  });

  it('reads values as YAML, the text behind the first := alone', () => {
    const given = [
      '-p',
      'objective.expression:="t == 1 ? a : b"',
      '-p',
      'sampling.samples:=64',
      '-p',
      'model:=a:=b',
    ];
    expect(values(given)).toEqual({
      'objective.expression': 't == 1 ? a : b',
      'sampling.samples': 64n,
      model: 'a:=b',
    });
  });

  it.each([[['-p']], [['-p', 'seed=3']], [['-p', ':=3']], [['--params-file']]])('refuses %j', (argv) => {
    expect(() => gather(argv)).toThrow(/params.invalid/);
  });

  it('says that text with a colon needs quotes', () => {
    expect(() => gather(['-p', 'objective.expression:=t == 1 ? a : b'])).toThrow(/needs quotes/);
  });
});

describe('parameters from several sources', () => {
  it('the later one goes before, whatever it is keyed by', () => {
    const files = { a: seedFor('planner_node', 1), b: seedFor('/**', 2) };
    expect(values(['--params-file', 'a', '--params-file', 'b'], files)).toEqual({ seed: 2n });
    expect(values(['--params-file', 'b', '--params-file', 'a'], files)).toEqual({ seed: 1n });
    expect(values(['--params-file', 'a', '-p', 'seed:=3'], files)).toEqual({ seed: 3n });
    expect(values(['-p', 'seed:=3', '--params-file', 'a'], files)).toEqual({ seed: 1n });
  });

  it('in one file the node’s own key goes before a wildcard', () => {
    const files = { a: seedFor('planner_node', 1) + seedFor('/**', 2) };
    expect(values(['--params-file', 'a'], files)).toEqual({ seed: 1n });
  });

  it('namespaces decide', () => {
    const files = { a: seedFor('/robot1/planner_node', 1) + seedFor('/robot2/*', 2) };
    const named = (namespace: string): string[] => ['-r', `__ns:=${namespace}`, '--params-file', 'a'];
    expect(values(named('/robot1'), files)).toEqual({ seed: 1n });
    expect(values(named('/robot2'), files)).toEqual({ seed: 2n });
  });

  it('a file or value for other nodes alone is no error, and not passed over in silence', () => {
    const files = { a: seedFor('planer_node', 1) };
    const { values: none, warnings } = gather(['--params-file', 'a', '-p', 'other:seed:=3'], files);
    expect(none.size).toBe(0);
    expect(warnings.join('\n')).toMatch(/file a: .*\/planer_node.*\/planner_node(.|\n)*other:seed/);
  });

  describe.each(['/**', '/*', '/**/planner_node'])('under %s', (key) => {
    const shared = `${key}:\n  ros__parameters:\n    use_sim_time: true\n    update_rate: 100\n    sampling:\n      sampels: 100\n    seed: 1\n`;

    it('names that this node does not declare are left out with a warning of the file, the name and the nearest own one', () => {
      const given = gather(['--params-file', 'shared.yaml'], { 'shared.yaml': shared });
      expect(Object.fromEntries(given.values)).toEqual({ use_sim_time: true, seed: 1n });
      expect(given.warnings).toHaveLength(1);
      expect(given.warnings[0]).toContain('parameter file shared.yaml');
      expect(given.warnings[0]).toContain('sampling.sampels (nearest name of this node: sampling.samples)');
      expect(given.warnings[0]).toContain('update_rate');
      expect(given.warnings[0]).not.toContain('use_sim_time');
    });

    it('an own name keeps a value that does not fit, to be refused', () => {
      const files = { a: `${key}:\n  ros__parameters:\n    seed: many\n` };
      expect(values(['--params-file', 'a'], files)).toEqual({ seed: 'many' });
    });

    it('a former name of an own parameter is kept, to be refused', () => {
      const files = {
        a: `${key}:
  ros__parameters:
    cem.samples: 100
`,
      };
      expect(values(['--params-file', 'a'], files)).toEqual({ 'cem.samples': 100n });
      expect(gather(['--params-file', 'a'], files).warnings).toEqual([]);
    });
  });

  it.each([
    ['the node’s own key', ['--params-file', 'a']],
    ['the command line', ['-p', 'sampling.sampels:=100']],
  ])('an unknown name from %s is kept, to be refused', (_, argv) => {
    const files = { a: 'planner_node:\n  ros__parameters:\n    sampling.sampels: 100\n' };
    const given = gather(argv, files);
    expect(Object.fromEntries(given.values)).toEqual({ 'sampling.sampels': 100n });
    expect(given.warnings).toEqual([]);
  });
});
