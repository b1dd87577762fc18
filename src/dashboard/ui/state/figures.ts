import type { StatisticsValues } from './messages.js';

/** The figures of `~/statistics` that are plotted over time, see docs/ros.md. Their place in this list is their column in the history. */
export const FIGURES = [
  'goal_distance',
  'cost_distance',
  'cost_action',
  'cost_smoothness',
  'cost_limit',
  'cost_total',
  'cost_rest',
  'best_cost',
  'encode_ms',
  'search_ms',
  'plan_ms',
  'plan_p95_ms',
  'frame_age_ms',
  'camera_age_p95_ms',
  'frame_to_command_ms',
  'elites_std',
] as const;
export type Figure = (typeof FIGURES)[number];

export function columnOf(figure: Figure): number {
  return FIGURES.indexOf(figure);
}

const row = new Float64Array(FIGURES.length);

/** The figures of one plan, NaN for those that are missing. The array is reused. */
export function figuresOf(values: StatisticsValues): Float64Array {
  for (const [index, name] of FIGURES.entries()) row[index] = figure(values, name);
  return row;
}

/** One figure of a plan; NaN where it is missing or no number. */
export function figure(values: StatisticsValues | null, name: string): number {
  const value = values?.[name];
  return typeof value === 'number' ? value : NaN;
}

/**
 * The spread of the elites after each iteration of a plan, as a fraction of half the action range; empty where the node does not publish it.
 */
export function spreadByIteration(values: StatisticsValues | null): readonly number[] {
  const spread = values?.['elites_std_by_iteration'];
  if (Array.isArray(spread)) return spread;
  return typeof spread === 'number' ? [spread] : [];
}
