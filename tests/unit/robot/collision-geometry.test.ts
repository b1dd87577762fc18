import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JepaMpcError } from '../../../src/core/errors.js';
import { shapesOf, type LinkShapes } from '../../../src/robot/collision-geometry.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { thrownBy } from '../../fixtures/robot.js';

const collision = (geometry: string, origin = ''): string =>
  `<collision>${origin}<geometry>${geometry}</geometry></collision>`;
const visual = (geometry: string): string => `<visual><geometry>${geometry}</geometry></visual>`;
const urdfOf = (content: string) =>
  parseUrdf(`<robot name="one"><link name="hand">${content}</link></robot>`);
const shapes = (content: string, source: Parameters<typeof shapesOf>[1] = 'collision'): LinkShapes =>
  shapesOf(urdfOf(content).geometry.get('hand'), source);

describe('the shapes of a link', () => {
  it.each([
    ['<box size="0.1 0.2 0.3"/>', { kind: 'box', size: [0.1, 0.2, 0.3] }],
    ['<sphere radius="0.05"/>', { kind: 'sphere', radius: 0.05 }],
    ['<cylinder radius="0.05" length="0.4"/>', { kind: 'cylinder', radius: 0.05, length: 0.4 }],
    ['<capsule radius="0.05" length="0.4"/>', { kind: 'capsule', radius: 0.05, length: 0.4 }],
    ['<sphere radius="0"/>', { kind: 'sphere', radius: 0 }],
  ])('are the primitives of its collision elements: %s', (geometry, shape) => {
    expect(shapes(collision(geometry))).toEqual({
      shapes: [{ shape, xyz: [0, 0, 0], rpy: [0, 0, 0] }],
      withoutShape: [],
    });
  });

  it('have the origin of their element, and there may be several', () => {
    const found = shapes(
      collision('<sphere radius="0.05"/>', '<origin xyz="1 2 3" rpy="0.1 0.2 0.3"/>') +
        collision('<sphere radius="0.06"/>'),
    ).shapes;
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ xyz: [1, 2, 3], rpy: [0.1, 0.2, 0.3] });
    expect(found[1]?.shape).toEqual({ kind: 'sphere', radius: 0.06 });
  });

  it.each([
    ['<mesh filename="package://arm/hand.stl"/>', "mesh 'package://arm/hand.stl'"],
    ['<mesh/>', "mesh ''"],
    ['<plane normal="0 0 1"/>', '<plane>'],
    ['', 'an element without geometry'],
  ])('do not include what is no primitive, which is named: %s', (geometry, words) => {
    expect(shapes(collision(geometry))).toEqual({ shapes: [], withoutShape: [words] });
  });

  it('come from visuals only where that is asked for and there is no collision element', () => {
    const sphere = visual('<sphere radius="0.05"/>');
    expect(shapes(sphere).shapes).toEqual([]);
    expect(shapes(sphere, 'collision_or_visual').shapes).toHaveLength(1);
    const both = collision('<box size="1 1 1"/>') + sphere;
    expect(shapes(both, 'collision_or_visual').shapes.map(({ shape }) => shape.kind)).toEqual(['box']);
    const mesh = collision('<mesh filename="a.stl"/>') + sphere;
    expect(shapes(mesh, 'collision_or_visual')).toEqual({ shapes: [], withoutShape: ["mesh 'a.stl'"] });
  });

  it('are none of an unknown link', () => {
    expect(shapesOf(undefined, 'collision_or_visual')).toEqual({ shapes: [], withoutShape: [] });
  });

  it('of a visual that cannot be read are named, because the robot can do without', () => {
    expect(shapes(visual('<sphere radius="big"/>'), 'collision_or_visual')).toEqual({
      shapes: [],
      withoutShape: ['a visual that cannot be read'],
    });
  });

  it.each([
    [
      '<sphere radius="-0.1"/>',
      /link 'hand', <collision>, <geometry>, <sphere>: found radius -0.1, expected lengths in m, 0 or more/,
    ],
    ['<sphere/>', /<sphere>: found no attribute radius/],
    ['<cylinder radius="0.1"/>', /<cylinder>: found no attribute length/],
    ['<box/>', /<box>: found no attribute size/],
    ['<box size="1 -2 3"/>', /<box>: found size '1 -2 3'/],
    ['<box size="1 2"/>', /attribute size: found '1 2', expected three numbers/],
    ['<sphere radius="1e999"/>', /attribute radius: found '1e999'/],
    ['<box size="1 1 1"/><sphere radius="1"/>', /found <box> and <sphere>, expected one shape/],
    ['<sphere radius="1"/><sphere radius="1"/>', /found 2 <sphere> elements/],
  ])('of a wrong collision element are refused by name: %s', (geometry, message) => {
    const error = thrownBy(() => urdfOf(collision(geometry)));
    expect(error).toMatchObject({ code: 'urdf.invalid' });
    expect(error.message).toMatch(message);
  });

  it('of any text are parsed, or refused as a JepaMpcError', () => {
    const piece = fc.constantFrom(
      ...['<collision>', '</collision>', '<geometry>', '</geometry>', '<box size="', '1 ', '-1e3 ', '"/>'],
      ...[
        '<sphere radius="',
        '<mesh filename="',
        '<visual>',
        '</visual>',
        '<origin xyz="',
        '<',
        '&amp;',
        'x',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
        try {
          urdfOf(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(JepaMpcError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of the shipped arm are visuals alone, so it has no collision shape', () => {
    const { geometry, links } = parseUrdf(readFileSync('urdf/reacher.urdf', 'utf8'));
    expect([...geometry.keys()]).toEqual(links);
    expect([...geometry.values()].flatMap((link) => shapesOf(link, 'collision').shapes)).toEqual([]);
    expect(shapesOf(geometry.get('fingertip'), 'collision_or_visual').shapes).toHaveLength(1);
  });
});
