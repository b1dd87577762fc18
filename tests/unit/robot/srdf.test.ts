import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JepaMpcError } from '../../../src/core/errors.js';
import { isDisabled, parseSrdf } from '../../../src/robot/srdf.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { thrownBy } from '../../fixtures/robot.js';

const URDF = parseUrdf(`<robot name="arm">
  <link name="base"/><link name="upper"/><link name="lower"/>
  <joint name="a" type="fixed"><parent link="base"/><child link="upper"/></joint>
  <joint name="b" type="fixed"><parent link="upper"/><child link="lower"/></joint>
</robot>`);
const parse = (content: string, name = 'arm') => parseSrdf(`<robot name="${name}">${content}</robot>`, URDF);

describe('an SRDF', () => {
  it('disables pairs, in either order', () => {
    const srdf = parse('<disable_collisions link1="base" link2="upper" reason="Adjacent"/><group name="g"/>');
    expect(srdf.disabledPairs).toEqual([['base', 'upper']]);
    expect(isDisabled(srdf, ['base', 'upper'])).toBe(true);
    expect(isDisabled(srdf, ['upper', 'base'])).toBe(true);
    expect(isDisabled(srdf, ['base', 'lower'])).toBe(false);
    expect(isDisabled(parse(''), ['base', 'upper'])).toBe(false);
  });

  it('disables all pairs of a link but those that it enables, and a disabled pair is never enabled', () => {
    const all = '<disable_default_collisions link="base"/>';
    const enabled = '<enable_collisions link1="lower" link2="base"/>';
    expect(isDisabled(parse(all), ['upper', 'base'])).toBe(true);
    expect(isDisabled(parse(all), ['upper', 'lower'])).toBe(false);
    expect(isDisabled(parse(all + enabled), ['base', 'lower'])).toBe(false);
    expect(isDisabled(parse(all + enabled), ['base', 'upper'])).toBe(true);
    const disabled = '<disable_collisions link1="base" link2="lower"/>';
    expect(isDisabled(parse(all + enabled + disabled), ['base', 'lower'])).toBe(true);
  });

  it.each([
    [
      '<disable_collisions link1="base" link2="uper"/>',
      "SRDF, <disable_collisions>, attribute link2: found link 'uper', which the robot description does not have, expected one of the links base, upper, lower. Did you mean 'upper'? Correct the name, or remove the element. [srdf.invalid]",
    ],
    [
      '<disable_collisions link1="base"/>',
      'SRDF, <disable_collisions>, attribute link2: found nothing, expected one of the links base, upper, lower. Name a link of this robot. [srdf.invalid]',
    ],
    [
      '<enable_collisions link1="base" link2="base"/>',
      "SRDF, <enable_collisions>: found 'base' twice, expected two links. Name the other link, or remove the element. [srdf.invalid]",
    ],
    [
      '<disable_default_collisions link="?"/>',
      "SRDF, <disable_default_collisions>, attribute link: found link '?', which the robot description does not have, expected one of the links base, upper, lower. Name a link of this robot. [srdf.invalid]",
    ],
    [
      '<xacro:arm/>',
      'SRDF, document: found <xacro:arm>, expected plain SRDF. Expand it first: xacro arm.srdf.xacro > arm.srdf. [srdf.invalid]',
    ],
  ])('is refused by name: %s', (content, message) => {
    expect(thrownBy(() => parse(content)).message).toBe(message);
  });

  it('of another robot is refused', () => {
    expect(thrownBy(() => parse('', 'leg')).message).toBe(
      "SRDF, <robot>, attribute name: found 'leg', expected 'arm', the name in the robot description. Name the SRDF of this robot, or correct its name. [srdf.invalid]",
    );
    expect(thrownBy(() => parseSrdf('<robot/>', URDF)).message).toContain("found '', expected 'arm'");
  });

  it.each([
    ['', 'SRDF, document: found nothing, expected an SRDF. Name the SRDF file of this robot. [srdf.invalid]'],
    ['/opt/arm.srdf', "SRDF, document: found text that is no XML: '/opt/arm.srdf', expected an SRDF"],
    ['<robots/>', 'SRDF, document: found no <robot> element, expected <robot name="…">. Name the SRDF file'],
    ['<robot name="arm">', 'SRDF, line 1, column 1: found'],
    ['<robot/><robot/>', 'SRDF, document: found 2 <robot> elements, expected at most one. Keep one <robot>.'],
  ])('that is another text is refused: %s', (text, message) => {
    const error = thrownBy(() => parseSrdf(text, URDF));
    expect(error.code).toBe('srdf.invalid');
    expect(error.message).toContain(message);
  });

  it('of any text is parsed, or refused as srdf.invalid', () => {
    const piece = fc.constantFrom(
      ...[
        '<robot name="arm">',
        '</robot>',
        '<disable_collisions ',
        'link1="',
        'link2="',
        'base',
        'upper',
        '" ',
      ],
      ...[
        '/>',
        '>',
        '<',
        '<!DOCTYPE x [',
        '<![CDATA[',
        ']]>',
        '<?xml version="1.0"?>',
        '&x;',
        '__proto__',
        '\n',
      ],
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (any) => {
        try {
          parseSrdf(any, URDF);
        } catch (error) {
          expect(error).toBeInstanceOf(JepaMpcError);
          expect((error as JepaMpcError).code).toBe('srdf.invalid');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
