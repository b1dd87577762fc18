import { describe, expect, it } from 'vitest';
import {
  comparisonLines,
  refusesMore,
  verdictOfNode,
  type Comparison,
} from '../../../eval/urdfs/verdicts.js';

const LIMIT = '<limit lower="-2" upper="2" velocity="1" effort="0"/>';

function arm(...limits: string[]): string {
  const links = ['base', ...limits.keys()].map((link) => `<link name="${String(link)}"/>`);
  const joints = limits.map(
    (limit, index) =>
      `<joint name="j${String(index)}" type="revolute"><parent link="${String(index === 0 ? 'base' : index - 1)}"/>` +
      `<child link="${String(index)}"/>${limit}</joint>`,
  );
  return `<robot name="r">${links.join('')}${joints.join('')}</robot>`;
}

describe('the verdict of the node on a URDF', () => {
  const options = { acceleration: 10, accelerationM: 1 };

  it('names the joints that can be moved', () => {
    expect(verdictOfNode(arm(LIMIT, LIMIT), options)).toEqual({ error: null, moves: ['j0', 'j1'] });
    const part = verdictOfNode(arm('', LIMIT), options);
    expect(part.error).toContain("joint 'j0'");
    expect(part.moves).toEqual(['j1']);
  });

  it('is a refusal without a joint to move, or without a URDF', () => {
    expect(verdictOfNode(arm(), options).moves).toBeNull();
    expect(verdictOfNode('<sdf/>', options)).toMatchObject({ moves: null });
  });
});

describe('the comparison of the readers', () => {
  const accepted = { error: null, moves: ['a', 'b'] };
  const part = { error: "joint 'a'", moves: ['b'] };
  const unread = { error: 'no XML', moves: null };
  const of = (node: Comparison['node'], training: Comparison['training']): Comparison => ({
    file: 'x.urdf',
    node,
    training,
  });

  it('counts, of those that the node accepts, those that training accepts', () => {
    const comparisons = [of(accepted, accepted), of(accepted, part), of(part, part), of(unread, accepted)];
    expect(comparisonLines(comparisons)).toEqual([
      '| of 4 URDFs | node | of these, training | share |',
      '| --- | --- | --- | --- |',
      '| read, with a joint to move | 3 | 3 | 100.0 % |',
      '| some joint can be moved, the others held | 3 | 3 | 100.0 % |',
      '| every joint can be moved | 2 | 1 | 50.0 % |',
    ]);
    expect(comparisonLines([]).at(-1)).toContain('–');
  });

  it('finds what training refuses and the node accepts', () => {
    expect(refusesMore(of(part, { ...part, error: 'in other words' }))).toBe(false);
    expect(refusesMore(of(unread, accepted))).toBe(false);
    expect(refusesMore(of(part, accepted))).toBe(false);
    expect(refusesMore(of(accepted, part))).toBe(true);
    expect(refusesMore(of(accepted, { ...accepted, error: 'acceleration' }))).toBe(true);
    expect(refusesMore(of(part, unread))).toBe(true);
    expect(refusesMore(of(part, { ...part, moves: ['a'] }))).toBe(true);
  });
});
