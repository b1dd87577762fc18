import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jointLimits } from '../../../src/robot/joint-limits.js';
import { independentJoints, parseUrdf } from '../../../src/robot/urdf.js';
import { thrownBy } from '../../fixtures/robot.js';

interface Case {
  name: string;
  joints?: { name: string; type: string; xml: string }[];
  text?: string;
  chosen?: string[];
  options?: { default_acceleration?: number; default_acceleration_m?: number };
  independent?: string[];
  limits?: [
    unit: string,
    lower: number,
    upper: number,
    velocity: number,
    acceleration: number,
    effort: number,
  ][];
  refused?: { code: string; says: string[] };
}

const { cases } = parse(readFileSync(new URL('../../fixtures/urdf-rules.yaml', import.meta.url), 'utf8')) as {
  cases: Case[];
};

function textOf({ text, joints = [] }: Case): string {
  if (text !== undefined) return text;
  const links = [...joints.keys(), joints.length].map((link) => `<link name="link_${String(link)}"/>`);
  const elements = joints.map(
    ({ name, type, xml }, index) =>
      `<joint name="${name}" type="${type}"><parent link="link_${String(index)}"/>` +
      `<child link="link_${String(index + 1)}"/>${xml}</joint>`,
  );
  return `<robot name="r">${links.join('')}${elements.join('')}</robot>`;
}

function limitsOf(each: Case) {
  const urdf = parseUrdf(textOf(each));
  const { default_acceleration, default_acceleration_m } = each.options ?? {};
  const names = each.chosen ?? independentJoints(urdf).map((joint) => joint.name);
  return jointLimits(urdf, names, {
    acceleration: default_acceleration ?? 0,
    accelerationM: default_acceleration_m ?? 0,
  });
}

describe('the rules for URDFs that node, simulators and training share', () => {
  it.each(cases.filter(({ refused }) => refused === undefined))('$name', (each) => {
    const { independent, limits } = each;
    if (independent !== undefined) {
      expect(independentJoints(parseUrdf(textOf(each))).map(({ name }) => name)).toEqual(independent);
    }
    const found = limitsOf(each).map(({ unit, lower, upper, velocity, acceleration, effort }) => [
      unit,
      lower,
      upper,
      velocity,
      acceleration,
      effort,
    ]);
    expect(found).toEqual(limits);
  });

  it.each(cases.filter(({ refused }) => refused !== undefined))('$name', (each) => {
    const error = thrownBy(() => limitsOf(each));
    expect(error.code).toBe(each.refused?.code);
    for (const part of each.refused?.says ?? []) expect(error.message).toContain(part);
  });
});
