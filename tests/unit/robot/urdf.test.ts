import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JepaMpcError } from '../../../src/core/errors.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { thrownBy } from '../../fixtures/robot.js';

const REACHER = readFileSync(new URL('../../../urdf/reacher.urdf', import.meta.url), 'utf8');

function arm(joint: string, rest = ''): string {
  return `<robot name="arm"><link name="base"/><link name="tip"/>${joint}${rest}</robot>`;
}
const ENDS = '<parent link="base"/><child link="tip"/>';

describe('parseUrdf', () => {
  it('reads the shipped arm: its root, joints and limits with acceleration', () => {
    const urdf = parseUrdf(REACHER);
    expect(urdf.rootLink).toBe('world');
    const elbow = urdf.joints.find((joint) => joint.name === 'elbow');
    expect(elbow).toMatchObject({
      type: 'revolute',
      parent: 'upper_link',
      child: 'distal_link',
      axis: [0, 0, 1],
    });
    expect(elbow?.limit).toEqual({
      lower: -2.6,
      upper: 2.6,
      velocity: 2,
      effort: 10,
      acceleration: 10,
      jerk: null,
    });
  });

  it('fills in the defaults of the specification and normalises the axis', () => {
    const plain = parseUrdf(arm(`<joint name="j" type="continuous">${ENDS}</joint>`)).joints[0];
    expect(plain).toMatchObject({ axis: [1, 0, 0], limit: null, origin: { xyz: [0, 0, 0], rpy: [0, 0, 0] } });
    const slanted = parseUrdf(arm(`<joint name="j" type="continuous">${ENDS}<axis xyz="0 3 4"/></joint>`))
      .joints[0];
    expect(slanted?.axis).toEqual([0, 0.6, 0.8]);
  });

  it.each([
    ['transmissions', '<transmission name="t"><joint name="j"><hardwareInterface/></joint></transmission>'],
    [
      'ros2_control',
      '<ros2_control name="c" type="system"><joint name="j"><command_interface name="position"/></joint></ros2_control>',
    ],
  ])('ignores joints of %s', (_, block) => {
    expect(parseUrdf(arm(`<joint name="j" type="fixed">${ENDS}</joint>`, block)).joints).toHaveLength(1);
  });

  it.each([
    ['broken XML', '<robot><link name="a"></robot>', /line 1/],
    ['another document', '<sdf/>', /no <robot> element/],
    [
      'an unknown type',
      arm(`<joint name="j" type="hinge">${ENDS}</joint>`),
      /joint 'j', attribute type: found 'hinge'/,
    ],
    ['a joint without a child', arm('<joint name="j" type="fixed"><parent link="base"/></joint>'), /<child>/],
    [
      'a link that does not exist',
      arm('<joint name="j" type="fixed"><parent link="bas"/><child link="tip"/></joint>'),
      /link 'bas'/,
    ],
    [
      'a zero axis',
      arm(`<joint name="j" type="revolute">${ENDS}<axis xyz="0 0 0"/></joint>`),
      /non-zero length/,
    ],
    [
      'two numbers in a vector',
      arm(`<joint name="j" type="fixed">${ENDS}<origin xyz="0 0"/></joint>`),
      /three numbers/,
    ],
    [
      'an infinite number',
      arm(`<joint name="j" type="fixed">${ENDS}<origin xyz="0 0 Infinity"/></joint>`),
      /'Infinity'/,
    ],
    [
      'a limit in words',
      arm(`<joint name="j" type="revolute">${ENDS}<limit velocity="fast"/></joint>`),
      /attribute velocity: found 'fast'/,
    ],
    [
      'unexpanded xacro',
      arm(`<joint name="j" type="revolute">${ENDS}<limit lower="-\${pi}"/></joint>`),
      /xacro/,
    ],
    ['an unexpanded name', arm(`<joint name="\${prefix}j" type="revolute">${ENDS}</joint>`), /xacro/],
    [
      'macros',
      arm('<xacro:macro name="m" params="p"><joint name="j" type="fixed"/></xacro:macro><xacro:m p="1"/>'),
      /<xacro:macro>.*xacro arm\.urdf\.xacro > arm\.urdf/,
    ],
    ['the path of a file', '/opt/arm/arm.urdf', /no XML: '\/opt\/arm\/arm\.urdf'.*not the path/],
    ['nothing', ' \n', /found nothing/],
    ['an error below an empty line', '\n<robot>\n<link>\n</robot>', /line [34], column/],
    [
      'two joints of one name',
      arm(`<joint name="j" type="fixed">${ENDS}</joint><joint name="j" type="fixed">${ENDS}</joint>`),
      /two named 'j'/,
    ],
    [
      'two parents',
      arm(`<joint name="j" type="fixed">${ENDS}</joint><joint name="k" type="fixed">${ENDS}</joint>`),
      /two parents/,
    ],
    ['a link connected to nothing', arm(''), /root links base, tip/],
    [
      'a loop next to the tree',
      arm(
        `<joint name="j" type="fixed"><parent link="tip"/><child link="far"/></joint>` +
          `<joint name="k" type="fixed"><parent link="far"/><child link="tip"/></joint><link name="far"/>`,
      ),
      /a loop through tip, far/,
    ],
  ])('refuses %s, saying where', (_what, xml, message) => {
    const error = thrownBy(() => parseUrdf(xml));
    expect(error.code).toBe('urdf.invalid');
    expect(error.message).toMatch(message);
  });

  it.each([
    ['a line break', '\n'],
    ['a byte order mark', '\ufeff'],
    ['both', '\ufeff\r\n  '],
  ])('takes %s before the declaration', (_, before) => {
    const urdf = `${before}<?xml version="1.0"?>\n<robot name="r"><link name="a"/></robot>`;
    expect(parseUrdf(urdf).links).toEqual(['a']);
  });

  it('does not expand entities', () => {
    const bomb = `<!DOCTYPE r [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;">]>${arm(`<joint name="&b;" type="fixed">${ENDS}</joint>`)}`;
    expect(parseUrdf(bomb).joints[0]?.name).toBe('&b;');
  });

  it('answers any text with a description or with urdf.invalid', () => {
    const pieces = fc.constantFrom(
      ...REACHER.split(/(?=[<"])/).slice(0, 120),
      '<',
      '>',
      '"',
      'NaN',
      '\u0000',
      '</robot>',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        try {
          parseUrdf(parts.join(''));
        } catch (error) {
          if (!(error instanceof JepaMpcError) || error.code !== 'urdf.invalid') throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
