import { costTitle } from '../core/cost-titles.js';

/*
 * What people see of a replay: its figures, and the lines, numbers and sentences that are drawn from them. The page that
 * `jepa-mpc replay --html` writes and the dashboard both draw what these functions return. They run in a browser: no imports of the product but
 * core.
 */

/** A number; null where there is none, as JSON has it. */
export type Figure = number | null;

/** A plan of the recording, or the one that was made again from the same inputs. */
export interface PlanView {
  readonly cost: Figure;
  readonly goalDistance: Figure;
  /** Time of the search [ms], without encoding images. */
  readonly searchMs: Figure;
  readonly iterations: number;
  readonly rests: boolean;
  /** One list of numbers for each control period. */
  readonly actions: readonly (readonly number[])[];
  /** Joint positions at the start and after each control period [rad or m]; empty where they do not follow from the actions alone. */
  readonly motion: readonly (readonly number[])[];
  /** The cost by term, see `CostTerms`; null: not known. */
  readonly terms: Readonly<Record<string, Figure>> | null;
  /** Why there is no plan; null: there is one. */
  readonly error: string | null;
}

/** What was planned at one moment, and what was planned again. */
export interface Moment {
  /** Since the first plan, s; it never goes back. */
  readonly timeS: number;
  readonly planIndex: number;
  readonly stampNs: string;
  /** Actions at the front that were decided already. */
  readonly committed: number;
  readonly recorded: PlanView;
  readonly again: PlanView;
}

/** The first value in which a plan that was made again is not the recorded one, see `PlanDifference`. */
export interface DifferenceView {
  readonly planIndex: number;
  readonly stampNs: string;
  readonly what: string;
  readonly recorded: string;
  readonly replayed: string;
}

/** A replay: the content of `jepa-mpc replay --profile … --json`, and what the dashboard shows. */
export interface WhatIf {
  readonly recording: string;
  readonly model: string;
  readonly device: string;
  readonly cameras: readonly string[];
  /** Names of the numbers of an action. */
  readonly actions: readonly string[];
  readonly joints: readonly { readonly name: string; readonly unit: 'rad' | 'm' }[];
  readonly periodMs: number;
  /** Whether other values than the recorded ones were planned with. */
  readonly isWhatIf: boolean;
  /** Parameters that the plans were made with, where they are not the recorded ones. */
  readonly changed: Readonly<Record<string, string>>;
  /** Plans that were made again, and how many of them are the recorded ones bit by bit. */
  readonly compared: number;
  readonly identical: number;
  readonly firstDifference: DifferenceView | null;
  /** What was left out, in sentences. */
  readonly notes: readonly string[];
  readonly moments: readonly Moment[];
}

/** The two plans of a moment. */
export const SOURCES = ['recorded', 'again'] as const;
export type Source = (typeof SOURCES)[number];

/** One plot: a line for each of {@link SOURCES}, and a mark across. */
export interface ChartView {
  readonly title: string;
  readonly unit: string;
  /** Time [s], ascending. */
  readonly xs: readonly number[];
  readonly lines: Readonly<Record<Source, readonly Figure[]>>;
}

/** What is said of one moment. */
export interface MomentText {
  /** Such as `12.30 s, plan 246`. */
  readonly title: string;
  readonly plans: Readonly<Record<Source, string>>;
  /** The cost by term, as text. */
  readonly terms: readonly ({ readonly title: string } & Readonly<Record<Source, string>>)[];
}

/** What the second plan of each moment is. */
export function sourceTitle(source: Source, { isWhatIf }: Pick<WhatIf, 'isWhatIf'>): string {
  if (source === 'recorded') return 'recorded';
  return isWhatIf ? 'with these parameters' : 'made again';
}

/** The whole replay in sentences. */
export function summarySentences(report: WhatIf): readonly string[] {
  const { compared, identical, firstDifference, isWhatIf, changed, notes, model, device } = report;
  const hasChanged = Object.keys(changed).length > 0;
  return [
    `Plans of the model ${model} made again on ${device}: ${String(compared)}. Identical to the recorded ones, bit by bit: ${String(identical)}.`,
    ...(firstDifference === null ? [] : [`First difference: ${differenceText(firstDifference)}.`]),
    ...(isWhatIf && !hasChanged ? [NOTHING_CHANGED] : []),
    ...notes,
  ];
}

export const NOTHING_CHANGED =
  'None of these parameters changes a plan: they have the recorded values, or do not belong to planning.';

export function differenceText({ planIndex, stampNs, what, recorded, replayed }: DifferenceView): string {
  return `plan ${String(planIndex)}, from the frame stamped ${stampNs} ns, ${what}: recorded ${recorded}, replayed ${replayed}`;
}

/** Plots over the whole recording. */
export function overviewCharts({ moments, actions }: WhatIf): readonly ChartView[] {
  const xs = moments.map(({ timeS }) => timeS);
  const chart = (title: string, of: (plan: PlanView, moment: Moment) => Figure | undefined): ChartView => ({
    title,
    unit: '',
    xs,
    lines: both((source) => moments.map((moment) => of(moment[source], moment) ?? null)),
  });
  return [
    chart('Cost of the best candidate', ({ cost }) => cost),
    chart('Distance to the goal', ({ goalDistance }) => goalDistance),
    ...actions.map((name, entry) =>
      chart(`First action, ${name}`, ({ actions: rows }, { committed }) => rows[committed]?.[entry]),
    ),
  ];
}

/** Plots of the two plans of one moment: the motion of each joint, or, where that is not known, each number of the actions. */
export function planCharts({ actions, joints, periodMs }: WhatIf, moment: Moment): readonly ChartView[] {
  const hasMotion = SOURCES.some((source) => moment[source].motion.length > 0);
  const rowsOf = (source: Source): PlanView['motion'] =>
    hasMotion ? moment[source].motion : moment[source].actions;
  const length = Math.max(...SOURCES.map((source) => rowsOf(source).length));
  const xs = Array.from({ length }, (_, row) => (row * periodMs) / 1000);
  const chart = (title: string, unit: string, entry: number): ChartView => ({
    title,
    unit,
    xs,
    lines: both((source) => xs.map((_, row) => rowsOf(source)[row]?.[entry] ?? null)),
  });
  return hasMotion
    ? joints.map(({ name, unit }, entry) => chart(`Planned motion, ${name}`, unit, entry))
    : actions.map((name, entry) => chart(`Planned action, ${name}`, '', entry));
}

/** Until when a plan was decided before it was made [s from its start]. */
export function committedS({ periodMs }: WhatIf, { committed }: Moment): number {
  return (committed * periodMs) / 1000;
}

export function momentText({ timeS, planIndex, recorded, again }: Moment): MomentText {
  const names = [
    ...new Set([recorded, again].flatMap(({ terms }) => (terms === null ? [] : Object.keys(terms)))),
  ];
  const term = ({ terms }: PlanView, name: string): string =>
    terms === null ? 'not recorded' : written(terms[name]);
  return {
    title: `${timeS.toFixed(2)} s, plan ${String(planIndex)}`,
    plans: { recorded: planText(recorded), again: planText(again) },
    terms: names.map((name) => ({
      title: costTitle(name),
      recorded: term(recorded, name),
      again: term(again, name),
    })),
  };
}

function planText({ cost, searchMs, iterations, rests, error }: PlanView): string {
  if (error !== null) return error;
  return `cost ${written(cost)}, ${String(iterations)} iterations in ${written(searchMs, 1)} ms${rests ? ', rests' : ''}`;
}

/** A number as text, also beside the plots. */
export function written(value: Figure | undefined, digits = 4): string {
  return value === null || value === undefined ? 'none' : value.toFixed(digits);
}

function both<Value>(of: (source: Source) => Value): Readonly<Record<Source, Value>> {
  return { recorded: of('recorded'), again: of('again') };
}
