import { describe, expect, test } from 'vitest';

import { judgeAudit, unpinned } from '../../../scripts/checks/audit.mjs';
import {
  isAllowed,
  problemsOf,
  productionPackages,
  productionSbom,
  sbomOf,
} from '../../../scripts/checks/sbom.mjs';

const ROOT = new URL('../../..', import.meta.url).pathname;

describe('the bill of materials', () => {
  test('lists every package of an installed node with an allowed licence, and no tool', () => {
    const sbom = sbomOf(ROOT);
    const packages = productionPackages(ROOT);
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(problemsOf(sbom, packages)).toEqual([]);
    const names = sbom.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['rclnodejs', 'onnxruntime-node', 'rxjs', 'zod', 'sharp']));
    for (const tool of ['vitest', 'eslint', 'typescript', 'fast-check']) expect(names).not.toContain(tool);
  });

  const packages = {
    'node_modules/a': { version: '1.0.0', license: 'MIT' },
    'node_modules/b/node_modules/@c/d': { version: '2.0.0', license: 'Apache2' },
  };
  const component = (name: string, version: string, id?: string) => ({
    name,
    version,
    'bom-ref': `${name}@${version}`,
    ...(id !== undefined && { licenses: [{ license: { id } }] }),
  });

  test('names packages that it lacks, and licences that are not allowed', () => {
    const sbom = { bomFormat: 'CycloneDX', components: [component('a', '1.0.0', 'GPL-3.0-only')] };
    expect(problemsOf(sbom, packages)).toEqual([
      'a@1.0.0 has the licence GPL-3.0-only, which is not among those allowed',
      '@c/d@2.0.0 is not listed',
    ]);
    const silent = {
      bomFormat: 'CycloneDX',
      components: [component('a', '1.0.0'), component('@c/d', '2.0.0')],
    };
    expect(problemsOf(silent, packages)).toEqual(['a@1.0.0 names no licence', '@c/d@2.0.0 names no licence']);
  });

  test('leaves tools out, and writes licences as SPDX has them', () => {
    const properties = [{ name: 'cdx:npm:package:development', value: 'true' }];
    const whole = {
      bomFormat: 'CycloneDX',
      components: [component('@c/d', '2.0.0'), { ...component('tool', '1.0.0', 'MIT'), properties }],
      dependencies: [
        { ref: 'root', dependsOn: ['@c/d@2.0.0', 'tool@1.0.0'] },
        { ref: 'tool@1.0.0', dependsOn: [] },
      ],
    };
    const { components, dependencies } = productionSbom(whole, packages);
    expect(components).toEqual([component('@c/d', '2.0.0', 'Apache-2.0')]);
    expect(dependencies).toEqual([{ ref: 'root', dependsOn: ['@c/d@2.0.0'] }]);
  });

  test.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['Apache-2.0 AND LGPL-3.0-or-later AND MIT', true],
    ['MIT AND GPL-3.0-only', false],
    ['SEE LICENSE IN x', false],
  ])('%s is allowed: %s', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });
});

describe('the audit', () => {
  test('fails for what is high or critical, and shows the rest', () => {
    const answer = (severity: string) =>
      JSON.stringify({ vulnerabilities: { tar: { severity, range: '<7' } } });
    expect(judgeAudit(answer('moderate'))).toMatchObject({
      passed: 1,
      failed: 0,
      lines: ['moderate: tar <7'],
    });
    expect(judgeAudit(answer('high'))).toMatchObject({ passed: 0, failed: 1 });
    expect(judgeAudit(answer('critical'))).toMatchObject({ passed: 0, failed: 1 });
    expect(judgeAudit('{"vulnerabilities":{}}')).toMatchObject({ passed: 1, failed: 0, skipped: [] });
  });

  test.each([
    ['{"message":"405 Method Not Allowed"}', '405 Method Not Allowed'],
    ['{"error":{"summary":"no network"}}', 'no network'],
    ['', 'npm audit gave no answer'],
  ])('is skipped with the reason where there is no answer: %s', (text, reason) => {
    expect(judgeAudit(text)).toMatchObject({
      passed: 0,
      failed: 0,
      skipped: [`audit of npm packages: ${reason}`],
    });
  });

  test('names packages of Python that are not pinned', () => {
    expect(
      unpinned(
        '# all\nnumpy==2.4.6; python_version >= "3.11"\nros-x==1.0 # why\n\n--extra-index-url y\nscipy>=1\ntorch',
      ),
    ).toEqual(['scipy>=1', 'torch']);
  });
});
