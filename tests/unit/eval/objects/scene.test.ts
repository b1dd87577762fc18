import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { extentOf } from '../../../../eval/episodes/objects/extent.js';
import { parseScene, readScene } from '../../../../eval/episodes/objects/scene.js';
import { thrownBy } from '../../../fixtures/robot.js';

const file = (name: string): string =>
  fileURLToPath(new URL(`../../../../examples/scenes/${name}`, import.meta.url));

describe('a scene', () => {
  it('has the objects of its file, in order', async () => {
    const [table, cube] = await readScene(file('table-and-cube.yaml'));
    expect(table).toMatchObject({ name: 'table', isFree: false, xyz: [0.55, 0, -0.021], rpy: [0, 0, 0] });
    expect(cube).toEqual({
      name: 'cube',
      isFree: true,
      xyz: [0.5, 0.1, 0.03],
      rpy: [0, 0, 0.4],
      shape: { kind: 'box', size: [0.06, 0.06, 0.06] },
    });
  });

  it('has the lengths that a shape has, whole numbers too', () => {
    const scene = parseScene(
      'objects: [{name: a, shape: cylinder, radius: 1, length: 0.2, position: [0, 0, 1]}, {name: b, shape: sphere, radius: 0.1, position: [1, 0, 0]}]',
      'scene',
    );
    expect(scene.map(({ shape }) => shape)).toEqual([
      { kind: 'cylinder', radius: 1, length: 0.2 },
      { kind: 'sphere', radius: 0.1 },
    ]);
  });

  it.each([
    ['a shape that there is not', 'objects: [{name: a, shape: cone, position: [0, 0, 0]}]'],
    ['an object without a size', 'objects: [{name: a, shape: box, position: [0, 0, 0]}]'],
    ['no objects', 'tables: []'],
    ['text that is no YAML', 'objects: [}'],
  ])('is refused with %s', (_, text) => {
    const { code, facts } = thrownBy(() => parseScene(text, 'scene s.yaml'));
    expect(code).toBe('params.invalid');
    expect(facts.subject).toBe('scene s.yaml');
  });

  it('is refused if it cannot be read', async () => {
    await expect(readScene('nowhere.yaml')).rejects.toMatchObject({ code: 'params.invalid' });
  });
});

describe('the extent of an object', () => {
  it('is that of the shape at its orientation', () => {
    const box = { kind: 'box', size: [0.06, 0.08, 0.02] } as const;
    expect(extentOf({ shape: box, rpy: [0, 0, 0.3] }).radius).toBeCloseTo(0.05, 12);
    expect(extentOf({ shape: box, rpy: [0, 0, 0.3] }).halfHeight).toBeCloseTo(0.01, 12);
    expect(extentOf({ shape: box, rpy: [Math.PI / 2, 0, 0] }).halfHeight).toBeCloseTo(0.04, 12);
    const cylinder = { kind: 'cylinder', radius: 0.03, length: 0.1 } as const;
    expect(extentOf({ shape: cylinder, rpy: [0, 0, 0] }).radius).toBeCloseTo(0.03, 12);
    expect(extentOf({ shape: cylinder, rpy: [0, Math.PI / 2, 0] }).halfHeight).toBeCloseTo(0.03, 12);
    expect(extentOf({ shape: { kind: 'sphere', radius: 0.02 }, rpy: [1, 1, 1] })).toEqual({
      radius: 0.02,
      halfHeight: 0.02,
    });
  });
});
