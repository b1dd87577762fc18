import { describe, expect, it } from 'vitest';

import type { PlannerOptions } from '../../../src/planning/planner-options.js';
import { resolvePlannerOptions } from '../../../src/planning/resolve-options.js';
import { linearAction, linearOptions } from './linear-world.js';

const OWN = { momentum: 0.1, noiseBeta: 2, returned: 'best' } as const;

function resolve(options: Partial<PlannerOptions>): ReturnType<typeof resolvePlannerOptions> {
  return resolvePlannerOptions({ ...linearOptions, ...options }, linearAction, OWN);
}

describe('resolvePlannerOptions', () => {
  it('gives one deviation to every joint, or each its own', () => {
    expect(resolve({ initialStd: 0.5, minStd: [0.1, 0] })).toMatchObject({
      initialStd: [0.5, 0.5],
      minStd: [0.1, 0],
    });
  });

  it('takes what was left out from the planner, and nothing else', () => {
    expect(resolve({ momentum: 0 })).toMatchObject({ momentum: 0, noiseBeta: 2, returned: 'best' });
  });

  it.each<[string, Partial<PlannerOptions>]>([
    ['samples 0', { samples: 0 }],
    ['iterations 1.5', { iterations: 1.5 }],
    ['elites 101', { elites: 101 }],
    ['actionRepeat 0', { actionRepeat: 0 }],
    ['keptElites -1', { keptElites: -1 }],
    ['initialStd 1', { initialStd: [1] }],
    ['initialStd 1,0', { initialStd: [1, 0], minStd: 0 }],
    ['minStd 0.1,0.3', { initialStd: 0.2, minStd: [0.1, 0.3] }],
    ['momentum 1', { momentum: 1 }],
    ['noiseBeta -1', { noiseBeta: -1 }],
    ['wideShare 1.1', { wideShare: 1.1 }],
    ['earlyStopStd NaN', { earlyStopStd: NaN }],
    ['temperature 0', { temperature: 0 }],
    ['shrink 0.9', { shrink: 0.9 }],
    ['frozen ,9', { frozen: [null, 9] }],
    ['timeBudget 0 ms', { timeBudget: { ms: 0, nowMs: () => 0 } }],
  ])('refuses %s', (found, options) => {
    expect(() => resolve(options)).toThrow(
      expect.objectContaining({
        code: 'params.invalid',
        message: expect.stringContaining(`found ${found},`) as string,
      }),
    );
  });
});
