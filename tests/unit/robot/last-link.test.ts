import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lastLink } from '../../../src/robot/tip-paths.js';
import { parseUrdf } from '../../../src/robot/urdf.js';

interface Case {
  name: string;
  joints: [name: string, type: string, parent: string, child: string][];
  moved: string[];
  last: string;
}

const { cases } = parse(readFileSync(new URL('../../fixtures/last-links.yaml', import.meta.url), 'utf8')) as {
  cases: Case[];
};

function textOf({ joints }: Case): string {
  const links = new Set(joints.flatMap(([, , parent, child]) => [parent, child]));
  const elements = joints.map(
    ([name, type, parent, child]) =>
      `<joint name="${name}" type="${type}"><parent link="${parent}"/><child link="${child}"/></joint>`,
  );
  return `<robot name="r">${[...links].map((link) => `<link name="${link}"/>`).join('')}${elements.join('')}</robot>`;
}

describe('the last link, by the rule that node, simulators and training share', () => {
  it.each(cases)('$name', (each) => {
    expect(lastLink(parseUrdf(textOf(each)), each.moved)).toBe(each.last);
  });
});
