import type { ParameterValue } from '../core/parameter.js';
import type { Rule, Turn } from './rule.js';
import { RULES, type RuleId } from './rules.js';
import { WindowFigures, type GuideWindow } from './window.js';

/** A parameter to turn, with the value in force and one to try. */
export interface AdvisedTurn extends Pick<Turn, 'parameter' | 'direction'> {
  readonly present: ParameterValue;
  readonly suggested: ParameterValue;
}

/** What limits plans now, and what to turn. */
export interface Advice {
  readonly id: RuleId;
  /** What limits the plan, in words, with its figures. */
  readonly says: string;
  /** The most promising first; empty where no parameter helps. */
  readonly turns: readonly AdvisedTurn[];
  /** What helps besides parameters; empty: nothing. */
  readonly besides: string;
  readonly why: string;
  /** Page below docs, with its anchor. */
  readonly page: string;
}

/**
 * Says what limits plans now, and which parameter to turn. It reads only what the node publishes, and runs in a browser, too.
 *
 * @returns what applies, in the order in which it is best turned; empty: nothing stands out, or there are too few plans yet
 */
export function advise(window: GuideWindow): readonly Advice[] {
  const figures = new WindowFigures(window);
  if (!figures.isEnough) return [];
  return Object.entries<Rule>(RULES).flatMap(([id, { when, turns, besides = '', why, page }]) => {
    const says = when(figures);
    if (says === null) return [];
    const advised = turns.flatMap(({ parameter, direction, suggest }) => {
      const suggestion = suggest(figures);
      return suggestion === null ? [] : [{ parameter, direction, ...suggestion }];
    });
    return [{ id: id as RuleId, says, turns: advised, besides, why, page }];
  });
}
