import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { plannerInterface } from '../../../../src/ros/security/node-interface.js';
import { judgePolicy, requirePermissions } from '../../../../src/ros/security/policy.js';
import { cpuMs } from '../../../fixtures/cpu-time.js';
import { answersOrNames, mutationsOf } from '../../../fixtures/fuzzing.js';
import { thrownBy } from '../../../fixtures/robot.js';

const SHIPPED = readFileSync('config/security/policy.xml', 'utf8');
const NODE = { namespace: '/', name: 'planner_node' };
const NEEDS = plannerInterface([{ name: 'image', topic: 'image' }]);
const ALL = [
  ...NEEDS.publishes.map((name) => ['publish', 'topic', name] as const),
  ...NEEDS.subscribes.map((name) => ['subscribe', 'topic', name] as const),
  ...NEEDS.replies.map((name) => ['reply', 'service', name] as const),
  ...NEEDS.executes.map((name) => ['execute', 'action', name] as const),
];

const judge = (text: string, node = NODE): ReturnType<typeof judgePolicy> =>
  judgePolicy(text, 'policy.xml', node, NEEDS);
const refusal = (text: string, node = NODE): string =>
  thrownBy(() => {
    requirePermissions(judge(text, node), 'policy.xml');
  }).message;

/** A policy of one profile with this content. */
const policyOf = (rules: string): string =>
  `<policy version="0.2.0"><enclaves><enclave path="/planner_node"><profiles>
    <profile ns="/" node="planner_node">${rules}</profile></profiles></enclave></enclaves></policy>`;

/** The profile of the planner without one name in one of its lists. */
function without(attribute: string, element: string, name: string): string {
  const end = SHIPPED.indexOf('</enclave>');
  const list = SHIPPED.indexOf(`${attribute}="ALLOW"`);
  const entry = `<${element}>${name}</${element}>`;
  const at = SHIPPED.indexOf(entry, list);
  expect(at).toBeGreaterThan(list);
  expect(at).toBeLessThan(end);
  return SHIPPED.slice(0, at) + SHIPPED.slice(at + entry.length);
}

describe('the shipped security policy', () => {
  it('gives the planner what it needs, and nothing more', () => {
    expect(judge(SHIPPED)).toEqual({ granted: expect.any(Array) as unknown, missing: [], excess: [] });
    expect(judge(SHIPPED).granted).toHaveLength(ALL.length);
  });

  it.each(ALL)('is refused without its permission to %s the %s %s, by name', (attribute, element, name) => {
    const full = name.startsWith('~') ? name.replace('~', '/planner_node') : name.replace(/^(?!\/)/, '/');
    const { missing } = judge(without(attribute, element, name));
    expect(missing).toEqual([`${attribute} ${full}`]);
    expect(refusal(without(attribute, element, name))).toMatch(
      new RegExp(
        `found no permission for: ${attribute} ${full}, .*config/security/policy.xml.*security.policy`,
      ),
    );
  });
});

describe('a security policy', () => {
  it('may use wildcards, which let the node do more than it needs', () => {
    const { missing, excess } = judge(
      policyOf(
        '<topics publish="ALLOW" subscribe="ALLOW"><topic>*</topic></topics><services reply="ALLOW"><service>~/*</service></services><actions execute="ALLOW"><action>/planner_node/reach_goa?</action></actions>',
      ),
    );
    expect(missing).toEqual([]);
    expect(excess).toEqual([
      'publish /*',
      'subscribe /*',
      'reply /planner_node/*',
      'execute /planner_node/reach_goa?',
    ]);
  });

  it('denies what one of its lists denies, whatever another allows', () => {
    const denied = SHIPPED.replace(
      '<topics subscribe="ALLOW">',
      '<topics publish="DENY"><topic>comm*</topic></topics><topics subscribe="ALLOW">',
    );
    expect(judge(denied).missing).toEqual(['publish /commands']);
  });

  it('names what it grants below the namespace of the node', () => {
    const node = { namespace: '/cell_2', name: 'left_arm' };
    const text = SHIPPED.replace('ns="/" node="planner_node"', 'ns="/cell_2" node="left_arm"');
    expect(judge(text, node).missing).toEqual([]);
    expect(judge(text, node).granted).toEqual(
      expect.arrayContaining(['publish /cell_2/commands', 'reply /cell_2/left_arm/reset', 'publish /rosout']),
    );
  });

  it.each([
    ['nothing', '', /line 1: found Start tag expected/],
    ['no XML', '<policy', /line 1.*well-formed XML/],
    ['a robot', '<robot name="arm"/>', /no <policy> element.*config\/security\/policy.xml/],
    ['another version', '<policy version="0.1.0"/>', /version 0.1.0, expected version 0.2.0/],
    ['no version', '<policy/>', /no version/],
    ['no profile', '<policy version="0.2.0"/>', /no profile, expected a profile of \/planner_node/],
    [
      'the profile of another node',
      SHIPPED.replaceAll('node="planner_node"', 'node="planer_node"'),
      /profiles of \/planer_node, \/robot, \/operator.*Did you mean \/planer_node/,
    ],
    [
      'a qualifier that there is not',
      policyOf('<topics publish="YES"><topic>commands</topic></topics>'),
      /<topics>, attribute publish: found 'YES', expected ALLOW or DENY/,
    ],
    [
      'parts in other files',
      SHIPPED.replace('<profiles>', '<profiles><xi:include href="common.xml"/>'),
      /<xi:include>.*xmllint --xinclude/,
    ],
    ['an empty profile', policyOf(''), /publish \/rosout, publish \/parameter_events/],
  ])('is refused with %s', (_, text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  it('expands no entities', () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE policy [<!ENTITY a "${'x'.repeat(100)}">${Array.from({ length: 9 }, (_, level) => `<!ENTITY ${String.fromCharCode(98 + level)} "${`&${String.fromCharCode(97 + level)};`.repeat(10)}">`).join('')}]>`;
    const text = SHIPPED.replace(/^<\?xml.*\?>/, bomb).replace('<topic>commands<', '<topic>&j;<');
    expect(refusal(text)).toMatch(/no permission for: publish \/commands,/);
  });

  it('answers any change of a policy with a verdict or a named refusal', () => {
    fc.assert(
      fc.property(mutationsOf(SHIPPED), (text) => {
        answersOrNames(() => judge(text), ['security.policy']);
      }),
    );
  });

  it('is compared in no time, whatever wildcards it has', () => {
    const text = policyOf(
      `<topics publish="ALLOW"><topic>/${'*a'.repeat(5000)}b</topic><topic>${'?*'.repeat(5000)}!</topic></topics>`,
    );
    const spentMs = cpuMs(() => {
      expect(judge(text).missing).toContain('publish /commands');
    });
    expect(spentMs).toBeLessThan(2000);
  });
});
