import { jointTravel, type ActionSpec } from '../core/model-spec.js';
import type { CostTerms } from '../core/types.js';
import { percentile } from '../math/percentile.js';
import { firstDifference } from './compare-plans.js';
import type { RequestRecord } from './planner-records.js';
import type { ReplayedJob } from './replay.js';
import type { DifferenceView, Figure, Moment, PlanView, WhatIf } from './what-if-view.js';

/** One moment of a replay. @param timeS since the first plan */
export function momentOf({ request, recorded, again, model }: ReplayedJob, timeS: number): Moment {
  const { action } = model.planning;
  const size = action.names.length;
  return {
    timeS,
    planIndex: request.plan_index,
    stampNs: String(newestStampNs(request)),
    committed: request.committed.length / size,
    recorded: {
      cost: figure(recorded.best_cost),
      goalDistance: figure(recorded.goal_distance),
      searchMs: figure(recorded.search_ms),
      iterations: recorded.iterations,
      rests: recorded.rests,
      actions: rowsOf(recorded.actions, recorded.action_size),
      // Another model may have other actions.
      motion: recorded.action_size === size ? motionOf(recorded.actions, action, request) : [],
      terms: null,
      error: recorded.error_code === '' ? null : recorded.error,
    },
    again:
      again instanceof Error
        ? noPlan(again.message)
        : {
            cost: figure(again.statistics.bestCost),
            goalDistance: figure(again.statistics.goalDistance),
            searchMs: figure(again.statistics.searchMs),
            iterations: again.statistics.iterations,
            rests: again.statistics.rests,
            actions: rowsOf(again.actions, size),
            motion: motionOf(again.actions, action, request),
            terms: again.statistics.costTerms === undefined ? null : termsOf(again.statistics.costTerms),
            error: null,
          },
  };
}

/** Stamp of the frame that was planned from. */
export function newestStampNs({ history }: RequestRecord): bigint {
  return history.at(-1)?.stamp ?? 0n;
}

/** Where a plan differs from the recorded one; null: nowhere. */
export function differenceIn({ recorded, again, model }: ReplayedJob): DifferenceView | null {
  const difference = firstDifference(recorded, again, model.planning.action.names);
  return difference && { ...difference, stampNs: String(difference.stampNs) };
}

function noPlan(error: string): PlanView {
  const none = { cost: null, goalDistance: null, searchMs: null, iterations: 0, rests: false, terms: null };
  return { ...none, actions: [], motion: [], error };
}

/** The terms as `~/statistics` has them, in the same order. */
function termsOf({ distance, motion, total, rest }: CostTerms): PlanView['terms'] {
  const all = Object.entries({ distance, ...motion, total, rest });
  return Object.fromEntries(all.map(([name, value]) => [name, figure(value)]));
}

function rowsOf(actions: Float32Array, size: number): number[][] {
  if (size === 0) return [];
  return Array.from({ length: actions.length / size }, (_, row) => [
    ...actions.subarray(row * size, (row + 1) * size),
  ]);
}

/** Joint positions `[K + 1][J]` that follow from the actions `[K, J]`, within the position limits; none for ways of an end effector. */
function motionOf(actions: Float32Array, action: ActionSpec, request: RequestRecord): number[][] {
  const travel = jointTravel(action);
  if (travel === null || actions.length === 0) return [];
  const rows = [[...request.joint_position]];
  for (const row of rowsOf(actions, action.names.length)) {
    const before = rows.at(-1) ?? [];
    rows.push(
      row.map((value, joint) => {
        const wanted = (travel.isSum ? (before[joint] ?? NaN) : 0) + value * travel.gain;
        const [lower, upper] = [request.joint_lower[joint], request.joint_upper[joint]];
        return Math.min(Math.max(wanted, lower ?? -Infinity), upper ?? Infinity);
      }),
    );
  }
  return rows;
}

function figure(value: number): Figure {
  return Number.isFinite(value) ? value : null;
}

/** The first action that the plan decides, by name. */
function firstActions({ committed, recorded, again }: Moment): {
  readonly recorded: readonly number[];
  readonly again: readonly number[];
} {
  return { recorded: recorded.actions[committed] ?? [], again: again.actions[committed] ?? [] };
}

/** The differences in some lines: medians over the plans, the recorded value first. */
export function summaryLines({ actions, moments }: WhatIf): string[] {
  const line = (name: string, unit: string, of: (view: PlanView) => Figure, digits: number): string => {
    const [was, is] = [moments.map(({ recorded }) => of(recorded)), moments.map(({ again }) => of(again))];
    return `  ${name.padEnd(28)}${median(was).toFixed(digits).padStart(10)}  ->${median(is).toFixed(digits).padStart(10)} ${unit}`;
  };
  const firstActionsApart = (joint: number): number =>
    median(
      moments.map((moment) => {
        const { recorded, again } = firstActions(moment);
        return Math.abs((again[joint] ?? NaN) - (recorded[joint] ?? NaN));
      }),
    );
  const failed = moments.filter(({ again }) => again.error !== null);
  return [
    'median of the plans, recorded -> with these values',
    line('cost of the best candidate', '', ({ cost }) => cost, 4),
    line('distance to the goal', '', ({ goalDistance }) => goalDistance, 4),
    line('iterations', '', ({ iterations }) => iterations, 0),
    line('search', 'ms', ({ searchMs }) => searchMs, 2),
    ...actions.map(
      (name, joint) =>
        `  ${`first action, ${name}`.padEnd(28)}${firstActionsApart(joint).toFixed(4).padStart(10)}  apart`,
    ),
    ...(failed.length === 0
      ? []
      : [`  ${String(failed.length)} plans failed; the first: ${failed[0]?.again.error ?? ''}`]),
  ];
}

function median(values: readonly Figure[]): number {
  const finite = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  return finite.length === 0 ? NaN : percentile(finite, 0.5);
}
