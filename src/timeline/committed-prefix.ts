import { f64 } from '../core/array-access.js';
import type { ActionSemantics } from '../core/ports.js';
import { msToNs } from '../core/time.js';
import { actionIndexAt, type PlanLog } from './plan-log.js';
import type { SentLog } from './sent-log.js';

/** The part of the action semantics that a prefix depends on. */
export type PrefixSemantics = Pick<ActionSemantics, 'size' | 'blend' | 'followed' | 'atRest'>;

export interface CommittedPrefixOptions {
  readonly sent: SentLog;
  readonly plans: PlanLog;
  readonly semantics: PrefixSemantics;
  readonly commandPeriodNs: bigint;
  /** Desired positions `[J]` now, rad or m: where the robot stays if nothing is due. */
  readonly restPosition: Float64Array;
}

/**
 * The committed prefix: the part of a plan from an old frame that it can no longer change. It consists of the raw actions that have been sent
 * since the stamp of the frame and, from the next tick on, of those that are due, limited to what the joints can follow; of rest where there
 * are none. Actions are sampled once per command period, and blended over each of the control periods
 * `[fromNs + k*periodMs, fromNs + (k+1)*periodMs)`.
 *
 * @param fromNs stamp of the frame
 * @param count number of control periods
 * @param periodMs length of a control period
 * @returns `[count, A]`
 */
export function committedPrefix(
  options: CommittedPrefixOptions,
  fromNs: bigint,
  count: number,
  periodMs: number,
): Float32Array {
  const { semantics, commandPeriodNs } = options;
  const { size, blend } = semantics;
  const prefix = new Float32Array(count * size);
  const periodNs = msToNs(periodMs);
  const ticks = Math.max(1, Math.ceil(Number(periodNs) / Number(commandPeriodNs)));
  const first = blend === 'mean' ? 0 : ticks - 1;
  const sum = new Float64Array(size);
  const action = new Float64Array(size);
  for (let period = 0; period < count; period++) {
    sum.fill(0);
    for (let tick = first; tick < ticks; tick++) {
      writeActionAt(options, fromNs + BigInt(period) * periodNs + BigInt(tick) * commandPeriodNs, action);
      for (const [entry, value] of action.entries()) sum[entry] = f64(sum, entry) + value;
    }
    for (const [entry, total] of sum.entries()) prefix[period * size + entry] = total / (ticks - first);
  }
  return prefix;
}

/** Writes the raw action `[A]` at a time: sent, due, or rest. */
function writeActionAt(
  { sent, plans, semantics, commandPeriodNs, restPosition }: CommittedPrefixOptions,
  timeNs: bigint,
  out: Float64Array,
): void {
  const { lastNs } = sent;
  const isPast = lastNs !== null && timeNs < lastNs + commandPeriodNs;
  // Like the command stream: the action in force in the middle of the command period.
  const dueNs =
    (lastNs === null ? timeNs : timeNs - ((timeNs - lastNs) % commandPeriodNs)) + commandPeriodNs / 2n;
  const due = isPast ? null : plans.inForceAt(dueNs);
  for (const entry of out.keys()) {
    const known = isPast ? sent.actionAt(timeNs, entry) : dueEntry(due, dueNs, semantics, entry);
    out[entry] = known ?? semantics.atRest(restPosition, entry);
  }
}

function dueEntry(
  due: ReturnType<PlanLog['inForceAt']>,
  timeNs: bigint,
  semantics: PrefixSemantics,
  entry: number,
): number | null {
  if (due === null) return null;
  const value = due.plan.actions[actionIndexAt(due, timeNs) * semantics.size + entry];
  return value === undefined ? null : semantics.followed(value, entry);
}
