import { goalRules } from './goal-rules.js';
import type { Rule } from './rule.js';
import { searchRules } from './search-rules.js';
import { timeRules } from './time-rules.js';

/**
 * Every rule of the guide, in the order in which they are best followed: what makes all other figures doubtful comes first. The table of
 * docs/tuning.md is generated from it.
 */
export const RULES = {
  ...timeRules,
  ...searchRules,
  ...goalRules,
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof RULES;
