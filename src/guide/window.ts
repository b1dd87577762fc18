import type { ParameterValue } from '../core/parameter.js';
import type { StatusLevel } from '../core/status.js';

/** Values of a status by key, as diagnostic_msgs has them. */
export type StatusValues = Readonly<Record<string, string | number>>;

/** A part of `/diagnostics`. */
export interface PartStatus {
  readonly level: StatusLevel;
  readonly message: string;
  readonly values: StatusValues;
}

/** What the guide reads: all of it is public, on topics and in parameters. */
export interface GuideWindow {
  /** Values of `~/statistics` of the last plans, oldest first: some seconds of them. */
  readonly plans: readonly StatusValues[];
  /** The newest status of each part of `/diagnostics`, by the name of the part: `planner`, `camera image`, … */
  readonly parts: Readonly<Record<string, PartStatus>>;
  /** Parameters of the node, by name. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** Inclusive ranges of those that are numbers, by name. */
  readonly ranges: Readonly<Record<string, readonly [min: number, max: number]>>;
}

/** Below this many plans no rule says anything. */
const MIN_PLANS = 10;

/** The figures of a window. Those that are missing are NaN, and no condition holds for them. */
export class WindowFigures {
  readonly #window: GuideWindow;
  /** Plans for the newest goal. */
  readonly #plans: readonly StatusValues[];

  constructor(window: GuideWindow) {
    const goal = window.plans.at(-1)?.['goal_stamp_ns'];
    this.#window = window;
    this.#plans = window.plans.filter((plan) => plan['goal_stamp_ns'] === goal);
  }

  /** Whether there are plans enough to say something. */
  get isEnough(): boolean {
    return this.#plans.length >= MIN_PLANS;
  }

  /** Number of plans. */
  get count(): number {
    return this.#plans.length;
  }

  /** A figure of each plan that has it, oldest first. */
  series(key: string): readonly number[] {
    return this.#plans.map((plan) => numberOf(plan[key])).filter((value) => !Number.isNaN(value));
  }

  /** The difference of two figures of each plan that has both. */
  differences(key: string, subtracted: string): readonly number[] {
    return this.#plans
      .map((plan) => numberOf(plan[key]) - numberOf(plan[subtracted]))
      .filter((value) => !Number.isNaN(value));
  }

  /** The numbers of a figure that is a list, of each plan that has it. */
  lists(key: string): readonly (readonly number[])[] {
    return this.#plans
      .map((plan) =>
        String(plan[key] ?? '')
          .split(' ')
          .map(Number),
      )
      .filter((list) => list.length > 0 && list.every((value) => Number.isFinite(value)));
  }

  median(key: string): number {
    return median(this.series(key));
  }

  mean(key: string): number {
    return mean(this.series(key));
  }

  newest(key: string): number {
    return this.series(key).at(-1) ?? NaN;
  }

  /** Text of a figure of the newest plan; empty where it is missing. */
  text(key: string): string {
    return String(this.#plans.at(-1)?.[key] ?? '');
  }

  part(name: string): PartStatus | null {
    return this.#window.parts[name] ?? null;
  }

  /** Statuses of the parts whose names begin like this. */
  partsLike(prefix: string): readonly (readonly [name: string, status: PartStatus])[] {
    return Object.entries(this.#window.parts).filter(([name]) => name.startsWith(prefix));
  }

  /** Control period of the model, ms. */
  get periodMs(): number {
    return numberOf(this.part('model')?.values['period_ms']);
  }

  parameter(name: string): ParameterValue | undefined {
    return this.#window.parameters[name];
  }

  /** A parameter that is a number; NaN where it is not known. */
  setting(name: string): number {
    const value = this.parameter(name);
    return typeof value === 'number' ? value : NaN;
  }

  /** The largest value that a parameter takes; NaN where it is not known. */
  largest(name: string): number {
    return this.#window.ranges[name]?.[1] ?? NaN;
  }

  /** Whether the goal is not reached yet by the newest plan. */
  get isUnderWay(): boolean {
    return this.newest('goal_distance') > this.setting('goal.tolerance');
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function numberOf(value: string | number | undefined): number {
  return value === undefined || value === '' ? NaN : Number(value);
}
