import type { ParameterValue } from '../core/parameter.js';
import type { WindowFigures } from './window.js';

/** A parameter to turn. */
export interface Turn {
  readonly parameter: string;
  readonly direction: 'raise' | 'lower' | 'set';
  /** The value that is in force, also where the parameter leaves it to the model, and the one to try; null: this one would not help now. */
  readonly suggest: (figures: WindowFigures) => Suggestion | null;
}

export interface Suggestion {
  readonly present: ParameterValue;
  readonly suggested: ParameterValue;
}

/** What limits plans, how it shows in the figures, and what to turn. */
export interface Rule {
  /** What a person sees, for the table of docs/tuning.md. */
  readonly symptom: string;
  /** What limits the plan now, in words, with its figures; null: it is something else. */
  readonly when: (figures: WindowFigures) => string | null;
  /** The most promising first. */
  readonly turns: readonly Turn[];
  /** What helps besides parameters. */
  readonly besides?: string;
  /** Why turning it helps. */
  readonly why: string;
  /** Page below docs, with its anchor. */
  readonly page: string;
}

/** Two significant digits: more would pretend to be exact. */
export function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

/** A suggestion to set a text or a number, unless it is set already. */
export function setTo(
  parameter: string,
  suggested: string | number,
): (figures: WindowFigures) => Suggestion | null {
  return (figures) => {
    const present = figures.parameter(parameter);
    return present === undefined || present === suggested ? null : { present, suggested };
  };
}

/** A share in per cent, for people. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
