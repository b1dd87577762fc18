import type { Plan } from '../core/types.js';
import type { JepaMpcError } from '../core/errors.js';
import type { PlanRecord } from './planner-records.js';

/** The first value in which a plan that was made again is not the recorded one. */
export interface PlanDifference {
  readonly planIndex: number;
  /** Stamp of the frame it was planned from. */
  readonly stampNs: bigint;
  /** Such as `action of step 3, shoulder`. */
  readonly what: string;
  readonly recorded: string;
  readonly replayed: string;
}

/** Numbers of a plan besides its actions that follow from its inputs. */
const FIGURES = [
  ['best_cost', 'bestCost'],
  ['mean_cost', 'meanCost'],
  ['goal_distance', 'goalDistance'],
  ['elites_std', 'elitesStd'],
  ['iterations', 'iterations'],
] as const;

/**
 * Compares bit by bit.
 *
 * @param names of the numbers of an action
 * @returns null if there is no difference
 */
export function firstDifference(
  recorded: PlanRecord,
  replayed: Plan | JepaMpcError,
  names: readonly string[],
): PlanDifference | null {
  const differs = (what: string, was: string, is: string): PlanDifference => ({
    planIndex: recorded.plan_index,
    stampNs: recorded.frame_stamp,
    what,
    recorded: was,
    replayed: is,
  });
  if (replayed instanceof Error || recorded.error_code !== '') {
    const is = replayed instanceof Error ? replayed.code : 'a plan';
    const was = recorded.error_code === '' ? 'a plan' : recorded.error_code;
    return is === was ? null : differs('outcome', was, is);
  }
  if (recorded.actions.length !== replayed.actions.length) {
    return differs('number of actions', String(recorded.actions.length), String(replayed.actions.length));
  }
  for (const [index, was] of recorded.actions.entries()) {
    const is = replayed.actions[index] ?? NaN;
    if (Object.is(was, is)) continue;
    const entry = index % replayed.actionSize;
    const step = Math.floor(index / replayed.actionSize);
    return differs(
      `action of step ${String(step)}, ${names[entry] ?? `entry ${String(entry)}`}`,
      exactly(was),
      exactly(is),
    );
  }
  for (const [was, is] of FIGURES) {
    const [before, now] = [recorded[was], replayed.statistics[is]];
    if (!Object.is(before, now)) return differs(was, exactly(before), exactly(now));
  }
  return null;
}

/** With a sign of 0, and all digits. */
function exactly(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
