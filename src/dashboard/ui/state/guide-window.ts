import type { GuideWindow, StatusValues } from '../../../guide/window.js';
import type { ParameterValue } from '../../protocol.js';
import type { Part, StatisticsValues } from './messages.js';

/** The guide looks at this much of the past [s]. */
export const GUIDE_WINDOW_S = 10;

/** The plans of the last seconds, as the guide reads them. */
export class RecentPlans {
  #plans: { readonly timeS: number; readonly values: StatusValues }[] = [];

  push(timeS: number, values: StatisticsValues): void {
    this.#plans.push({ timeS, values: asStatus(values) });
    const first = this.#plans.findIndex((plan) => plan.timeS > timeS - GUIDE_WINDOW_S);
    if (first > 0) this.#plans.splice(0, first);
  }

  /** @returns oldest first */
  since(timeS: number): readonly StatusValues[] {
    return this.#plans.filter((plan) => plan.timeS >= timeS).map(({ values }) => values);
  }
}

/** A parameter as the page knows it. */
interface KnownParameter {
  readonly name: string;
  /** Undefined: it has not arrived yet. */
  readonly value: ParameterValue | undefined;
  readonly range: readonly [min: number, max: number] | null;
}

/** What the guide reads. Parameters whose values have not arrived yet are left out. */
export function guideWindow(
  plans: readonly StatusValues[],
  parts: readonly Part[],
  parameters: readonly KnownParameter[],
): GuideWindow {
  return {
    plans,
    parts: Object.fromEntries(
      parts.map(({ part, level, message, values }) => [part, { level, message, values }]),
    ),
    parameters: Object.fromEntries(
      parameters.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
    ),
    ranges: Object.fromEntries(
      parameters.flatMap(({ name, range }) => (range === null ? [] : [[name, range] as const])),
    ),
  };
}

/** The figures as diagnostic_msgs has them: lists are numbers separated by spaces, and what is no number is empty. */
function asStatus(values: StatisticsValues): StatusValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(' ') : (value ?? ''),
    ]),
  );
}
