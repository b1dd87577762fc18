import { describe, expect, it } from 'vitest';

import { CASES } from '../../../eval/guide/cases.js';
import type { HeldEpisode } from '../../../eval/guide/held-episode.js';
import { named, resultOf } from '../../../eval/guide/provocation.js';
import { toParameterMessage } from '../../../eval/ros/parameter-messages.js';
import { RULES } from '../../../src/guide/rules.js';
import { validateParameters } from '../../../src/params/validate.js';
import { guideWindow } from '../../fixtures/guide-windows.js';

/** An episode whose plans are late from some plan on. */
function episode(lateFrom: number, timeS: number): HeldEpisode {
  const { plans, parts } = guideWindow({ plan: (i) => ({ late: i >= lateFrom ? 1 : 0 }), plans: 80 });
  return { success: true, timeS, finalDistanceM: 0.1, lastTravelRad: 0.5, plans, parts };
}

const PARAMETERS = validateParameters({ 'planning.latency': 'fixed' });

describe('the check of the guide', () => {
  it('provokes every rule', () => {
    expect(CASES.map(({ rule }) => rule).sort()).toEqual(Object.keys(RULES).sort());
    for (const { bad } of CASES) expect(() => validateParameters(bad)).not.toThrow();
  });

  it('counts in which windows of the episodes a rule applies, and keeps its first advice', () => {
    // Four windows of 30 plans, half a window apart: the last two have late plans.
    const { shares, advice } = named([episode(50, 3)], PARAMETERS);
    expect(shares.get('late_plans')).toBeCloseTo(2 / 4, 6);
    expect(advice.get('late_plans')?.turns[0]).toMatchObject({ parameter: 'planning.latency' });
    expect(named([episode(80, 3)], PARAMETERS).shares.size).toBe(0);
  });

  it('says whether the rule was named, and whether its figure became better', () => {
    const [late] = CASES.filter(({ rule }) => rule === 'late_plans');
    if (late === undefined) throw new Error('no such case');
    const [before, after] = [[episode(0, 3)], [episode(80, 4)]];
    const said = { before: named(before, PARAMETERS), after: named(after, PARAMETERS), turns: [] };
    const result = resultOf(late, before, after, said);
    expect(result).toMatchObject({ isNamed: true, hasHelped: true, before: [1], after: [0], shareAfter: 0 });
    expect(resultOf(late, after, before, { ...said, before: said.after })).toMatchObject({
      isNamed: false,
      hasHelped: false,
    });
  });
});

describe('a parameter on its way to the node', () => {
  it('has the type that is declared for it', () => {
    expect(toParameterMessage('sampling.samples', 30).value).toMatchObject({ type: 2, integer_value: 30n });
    expect(toParameterMessage('rest.margin', 3).value).toMatchObject({ type: 3, double_value: 3 });
    expect(toParameterMessage('planner', 'cem').value).toMatchObject({ type: 4, string_value: 'cem' });
  });

  it.each([
    ['sampling.sample', 3],
    ['sampling.samples', 0.5],
    ['planner', 1],
  ])('is refused where it does not fit: %s', (name, value) => {
    expect(() => toParameterMessage(name, value)).toThrow(name);
  });
});
