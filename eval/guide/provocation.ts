import type { ParameterValue } from '../../src/core/parameter.js';
import { advise, type Advice, type AdvisedTurn } from '../../src/guide/guide.js';
import type { RuleId } from '../../src/guide/rules.js';
import type { GuideWindow } from '../../src/guide/window.js';
import { parameterRanges } from '../../src/params/schema.js';
import type { GuideCase } from './cases.js';
import type { HeldEpisode } from './held-episode.js';

/** Plans of a window, as share of an episode: some seconds, as a person would look at them. */
const WINDOW_SHARE = 3 / 8;

/** Windows of an episode: each begins half a window after the one before. */
const OVERLAP = 2;

/** A rule that speaks up in a smaller share of the windows of all episodes is not named. */
const MIN_SHARE = 0.1;

/** What the guide said in a number of episodes. */
export interface Named {
  /** Share of the windows in which each rule applied. */
  readonly shares: ReadonlyMap<RuleId, number>;
  /** The advice of each rule, as it was first given. */
  readonly advice: ReadonlyMap<RuleId, Advice>;
}

/** What came out of a case. */
export interface CaseResult {
  readonly rule: RuleId;
  readonly bad: Readonly<Record<string, ParameterValue>>;
  /** Share of the windows in which the rule applied, and the others that were named. */
  readonly share: number;
  readonly others: readonly string[];
  /** The parameters that were turned; empty where something else had to be done. */
  readonly turns: readonly AdvisedTurn[];
  readonly figure: string;
  readonly better: 'lower' | 'higher';
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Share of the windows in which the rule still applied afterwards. */
  readonly shareAfter: number;
  readonly isNamed: boolean;
  readonly hasHelped: boolean;
}

/** What the guide says, in windows that slide over each episode. */
export function named(
  episodes: readonly HeldEpisode[],
  parameters: Readonly<Record<string, ParameterValue>>,
): Named {
  const counts = new Map<RuleId, number>();
  const advice = new Map<RuleId, Advice>();
  let windows = 0;
  for (const { plans, parts } of episodes) {
    const size = Math.ceil(plans.length * WINDOW_SHARE);
    for (let start = 0; start + size <= plans.length; start += Math.max(1, Math.floor(size / OVERLAP))) {
      const window: GuideWindow = {
        plans: plans.slice(start, start + size),
        parts,
        parameters,
        ranges: parameterRanges,
      };
      windows += 1;
      for (const each of advise(window)) {
        counts.set(each.id, (counts.get(each.id) ?? 0) + 1);
        if (!advice.has(each.id)) advice.set(each.id, each);
      }
    }
  }
  const shares = [...counts].map(([id, count]): [RuleId, number] => [id, count / windows]);
  return { shares: new Map(shares.filter(([, share]) => share >= MIN_SHARE)), advice };
}

/** The result of a case from its episodes before and after its advice was followed. */
export function resultOf(
  { rule, bad, figure }: GuideCase,
  before: readonly HeldEpisode[],
  after: readonly HeldEpisode[],
  said: { readonly before: Named; readonly after: Named; readonly turns: readonly AdvisedTurn[] },
): CaseResult {
  const share = said.before.shares.get(rule) ?? 0;
  const result: CaseResult = {
    rule,
    bad,
    share,
    better: figure.better,
    others: [...said.before.shares.keys()].filter((id) => id !== rule),
    turns: said.turns,
    figure: figure.name,
    before: before.map(figure.of),
    after: [],
    shareAfter: said.after.shares.get(rule) ?? 0,
    isNamed: share > 0,
    hasHelped: false,
  };
  return followed(result, after.map(figure.of));
}

/** The result with the figures of the episodes in which the advice was followed. */
export function followed(result: CaseResult, after: readonly number[]): CaseResult {
  const change = meanOf(after) - meanOf(result.before);
  return { ...result, after, hasHelped: result.better === 'lower' ? change < 0 : change > 0 };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
