import { describe, expect, it } from 'vitest';

import { nearestName } from '../../../src/core/names.js';
import { parseManifest } from '../../../src/model/manifest.js';
import { isForNode } from '../../../src/params/node-key.js';
import { parseProfile, parseValue } from '../../../src/params/profile.js';
import { quantityIn } from '../../../src/params/quantity.js';
import { unknownParameters } from '../../../src/params/validate.js';
import { parseExpression } from '../../../src/planning/expression/parse-expression.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { joinedByNameAlone, JointStateReader } from '../../../src/timeline/joint-state-reader.js';
import { cpuMs } from '../../fixtures/cpu-time.js';
import { answersOrNames } from '../../fixtures/fuzzing.js';
import { thrownBy } from '../../fixtures/robot.js';

/** Far more than any of these takes when it is read in one pass, and far less than where the time grows with the square of the length. */
const MAX_MS = 5000;

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('');
const robot = (content: string): string => `<robot name="r"><link name="base"/>${content}</robot>`;
const jointTo = (index: number): string =>
  `<link name="l${String(index)}"/><joint name="j${String(index)}" type="fixed"><parent link="base"/><child link="l${String(index)}"/></joint>`;
const scope = { joints: 2 } as Parameters<typeof parseExpression>[1];

describe('an input that was made to take long', () => {
  it.each<[string, () => unknown]>([
    [
      'a number of many digits in a robot description',
      () =>
        parseUrdf(
          robot(
            `<link name="l"/><joint name="j" type="revolute"><parent link="base"/><child link="l"/><limit velocity="${'1'.repeat(200_000)}x"/></joint>`,
          ),
        ),
    ],
    ['a link with many children', () => parseUrdf(robot(many(30_000, jointTo)))],
    ['deep elements', () => parseUrdf(robot(`${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`))],
    ['elements without an end', () => parseUrdf(robot('<a '.repeat(20_000)))],
    ['comments without an end', () => parseUrdf(robot('<!--'.repeat(20_000)))],
    ['more text than any robot has', () => parseUrdf(robot(' '.repeat(17 * 1024 * 1024)))],
    ['a quantity of many digits', () => quantityIn('1'.repeat(200_000), 'ms')],
    ['a quantity of many units', () => quantityIn(`1 ${'s*'.repeat(50_000)}s`, 'ms')],
    ['the name of a parameter', () => unknownParameters(['x'.repeat(200_000)]).message.length],
    ['the name of a joint', () => nearestName('x'.repeat(1_000_000), ['elbow', 'shoulder'])],
    ['a node with many wildcards', () => isForNode(`${'/**'.repeat(400)}/x`, '/a/b/c/d/e')],
    ['a node of many parts', () => isForNode('/**'.repeat(20_000), `/a${'/b'.repeat(100)}`)],
    ['deep lists in a parameter file', () => parseProfile('['.repeat(20_000), 'file')],
    ['deep maps in a parameter', () => parseValue('{a: '.repeat(5000), 'value')],
    [
      'aliases of aliases in a parameter file',
      () =>
        parseProfile(
          `a: &a [x,x,x,x,x,x,x,x]\n${many(8, (level) => `${'bcdefghi'[level] ?? ''}: &${'bcdefghi'[level] ?? ''} [${many(8, () => `*${'abcdefgh'[level] ?? ''},`)}]\n`)}`,
          'file',
        ),
    ],
    ['a value that contains itself', () => parseValue('&a [*a, *a, *a]', 'value')],
    ['deep lists in a manifest', () => parseManifest(`${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'file')],
    [
      'a deep version of a manifest',
      () => parseManifest(`{"format":${'['.repeat(50_000)}${']'.repeat(50_000)},"version":1}`, 'file'),
    ],
    ['brackets in an expression', () => parseExpression(`${'('.repeat(490)}t${')'.repeat(490)}`, scope)],
    ['signs in an expression', () => parseExpression(`${'-'.repeat(990)}t`, scope)],
    ['powers of powers in an expression', () => parseExpression(`${'2^'.repeat(400)}2`, scope)],
  ])('is answered soon: %s', (_, parse) => {
    const spentMs = cpuMs(() => {
      answersOrNames(parse, [
        'urdf.invalid',
        'params.invalid',
        'objective.invalid',
        'model.manifest-invalid',
        'model.unsupported',
      ]);
    });
    expect(spentMs).toBeLessThan(MAX_MS);
  });

  it('does not make errors that are as long', () => {
    const long = 'x'.repeat(100_000);
    const limit = `<link name="l"/><joint name="j" type="revolute"><parent link="base"/><child link="l"/><limit velocity="${long}"/></joint>`;
    expect(thrownBy(() => parseUrdf(robot(limit))).message.length).toBeLessThan(1000);
    expect(
      thrownBy(() => parseManifest(JSON.stringify({ format: long, version: 2 }), 'file')).message.length,
    ).toBeLessThan(2000);
  });
});

describe('joint states under ever new names', () => {
  it('do not fill the memory: the newest few hundred names are kept for errors', () => {
    const reader = new JointStateReader(joinedByNameAlone(['elbow']));
    for (let index = 0; index < 5000; index++)
      reader.read({ name: [`joint${String(index)}`], position: [0], velocity: [] }, BigInt(index));
    const { found } = reader.missingError().facts;
    expect(found).toContain('joint4999');
    expect(found).not.toContain('joint4000,');
    expect(found.split(',').length).toBeLessThanOrEqual(256);
  });
});

describe('what matches a node', () => {
  it.each([
    ['/**', '/a/b', true],
    ['/**/b', '/a/b', true],
    ['/**/a', '/a/b', false],
    ['/*/b', '/a/b', true],
    ['/*', '/a/b', false],
    ['/a/**', '/a', true],
    ['/a/**/b', '/a/x/y/b', true],
    ['/a/**/b', '/a/b/x', false],
    ['/**/**/b', '/b', true],
    ['', '/a', false],
  ])('%s for %s is %s', (key, node, is) => {
    expect(isForNode(key, node)).toBe(is);
  });
});
