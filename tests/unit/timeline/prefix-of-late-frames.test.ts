import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { committedPrefix, type PrefixSemantics } from '../../../src/timeline/committed-prefix.js';
import { PlanLog } from '../../../src/timeline/plan-log.js';
import { SentLog } from '../../../src/timeline/sent-log.js';
import { ms, planOf } from '../../fixtures/robot.js';

const TICK_MS = 20;

/** Two entries that are followed up to 2; at rest they are tenfold the position, so that it shows. */
const MEANING: PrefixSemantics = {
  size: 2,
  blend: 'mean',
  followed: (value) => Math.min(value, 2),
  atRest: (position, entry) => 10 * (position[entry] ?? NaN),
};
const LAST: PrefixSemantics = { ...MEANING, blend: 'last' };

/** Ticks up to and including `lastTickMs`, each with the action that `actionOf` says. */
function sentUntil(lastTickMs: number, actionOf: (atMs: number) => number, firstTickMs = 0): SentLog {
  const sent = new SentLog(2, 2, ms(TICK_MS));
  for (let atMs = firstTickMs; atMs <= lastTickMs; atMs += TICK_MS) {
    sent.note(
      {
        stampNs: ms(atMs),
        position: new Float64Array(2),
        velocity: new Float64Array(2),
        action: Float64Array.of(actionOf(atMs), -actionOf(atMs)),
      },
      new Float64Array(2),
    );
  }
  return sent;
}

interface Situation {
  readonly sent?: SentLog;
  readonly plans?: PlanLog;
  readonly semantics?: PrefixSemantics;
  readonly tickMs?: number;
}

function prefix(
  { sent = sentUntil(-1, () => 0), plans = new PlanLog(), semantics = MEANING, tickMs = TICK_MS }: Situation,
  fromMs: number,
  count: number,
): number[] {
  const restPosition = Float64Array.of(0.5, 0.25);
  const options = { sent, plans, semantics, commandPeriodNs: ms(tickMs), restPosition };
  return [...committedPrefix(options, ms(fromMs), count, 100)];
}

/** One plan, in force from its frame on. */
function plansOf(frameMs: number, rows: readonly (readonly number[])[]): PlanLog {
  const plans = new PlanLog();
  plans.add({ plan: planOf(frameMs, rows), startNs: ms(frameMs), takeoverNs: ms(frameMs) });
  return plans;
}

describe('the committed prefix', () => {
  it('of a frame of any age is what was sent since, and then what is due', () => {
    const plans = plansOf(
      0,
      Array.from({ length: 20 }, () => [1, -1]),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 }), (ageMs) => {
        expect(prefix({ sent: sentUntil(1000, () => 1), plans }, 1000 - ageMs, 1)).toEqual([1, -1]);
      }),
    );
  });

  it('is the mean over the ticks of a period, past and due', () => {
    const sent = sentUntil(1040, (atMs) => atMs / 1000);
    expect(prefix({ sent, plans: plansOf(1000, [[2, 1]]) }, 1000, 1)).toEqual(
      [(1 + 1.02 + 1.04 + 2 * 2) / 5, (-1 - 1.02 - 1.04 + 2 * 1) / 5].map(Math.fround),
    );
  });

  it('is the last of a period where actions say where to be at its end', () => {
    const sent = sentUntil(1200, (atMs) => atMs / 1000);
    expect(prefix({ sent, semantics: LAST }, 1000, 2)).toEqual([1.08, -1.08, 1.18, -1.18].map(Math.fround));
  });

  it('is taken from the plans from the tick after the last one on, as far as they can be followed', () => {
    const sent = sentUntil(1000, () => 1);
    const plans = plansOf(1000, [
      [9, 0.5],
      [0.75, 9],
    ]);
    expect(prefix({ sent, plans }, 1020, 1)).toEqual(
      [(4 * 2 + 0.75) / 5, (4 * 0.5 + 2) / 5].map(Math.fround),
    );
    expect(prefix({ sent, plans }, 1000, 1)).toEqual([(1 + 4 * 2) / 5, (-1 + 4 * 0.5) / 5].map(Math.fround));
  });

  it('is rest where no plan is in force, and after the end of the last one', () => {
    expect(prefix({}, 1000, 2)).toEqual([5, 2.5, 5, 2.5]);
    const plans = plansOf(1000, [[1, 1]]);
    expect(prefix({ plans }, 1000, 3)).toEqual([1, 1, 5, 2.5, 5, 2.5]);
    expect(prefix({ plans }, 900, 1)).toEqual([5, 2.5]);
  });

  it('is rest in a gap between ticks, where nothing was sent', () => {
    const sent = sentUntil(1000, () => 1, 1000);
    for (const tick of [1100, 1120]) {
      sent.note(
        {
          stampNs: ms(tick),
          position: new Float64Array(2),
          velocity: new Float64Array(2),
          action: Float64Array.of(2, 2),
        },
        new Float64Array(2),
      );
    }
    // 1000 and 1020 are of the first tick, 1040 to 1080 are in the gap.
    expect(prefix({ sent }, 1000, 1)).toEqual([(2 * 1 + 3 * 5) / 5, (2 * -1 + 3 * 2.5) / 5].map(Math.fround));
  });

  it('counts a tick by the middle of its period, also where ticks do not divide a control period or are longer', () => {
    const plans = plansOf(1000, [
      [1, 1],
      [2, 2],
    ]);
    expect(prefix({ plans, tickMs: 40 }, 1050, 1)).toEqual([1 + 2 / 3, 1 + 2 / 3].map(Math.fround));
    expect(prefix({ plans, tickMs: 250 }, 1050, 1)).toEqual([2, 2]);
    expect(prefix({ plans, tickMs: 250, semantics: LAST }, 1050, 1)).toEqual([2, 2]);
  });

  it('has a row for each period', () => {
    expect(prefix({}, 1000, 0)).toEqual([]);
    expect(prefix({}, 1000, 4)).toHaveLength(8);
  });
});
