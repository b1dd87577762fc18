import { actionIndexAt, type PlanLog } from './plan-log.js';
import type { SentLog } from './sent-log.js';

/** What raw actions mean, as far as a prefix depends on it. A = numbers of an action. */
export interface ActionMeaning {
  /** A */
  readonly size: number;
  /** What several actions in one period come to: their mean, or the last, where that says where to be at its end. */
  readonly blend: 'mean' | 'last';
  /** An entry of a raw action as far as the joints can follow it. */
  followed(value: number, entry: number): number;
  /** An entry of the raw action that leaves the joints at these positions `[J]`. */
  atRest(position: Float64Array, entry: number): number;
}

export interface CommittedPrefixOptions {
  readonly sent: SentLog;
  readonly plans: PlanLog;
  readonly meaning: ActionMeaning;
  readonly commandPeriodNs: bigint;
  /** Desired positions `[J]` now, rad or m: where the robot stays when nothing is due. */
  readonly restPosition: Float64Array;
}

/**
 * What a plan from an old frame cannot change any more: the raw actions that have been sent since the stamp of the frame, and from the next
 * tick on those that are due, as far as they can be followed; rest where nothing is. Sampled once a command period, and blended over each of
 * the control periods `[fromNs + k*periodMs, fromNs + (k+1)*periodMs)`.
 *
 * @param fromNs stamp of the frame
 * @param count control periods
 * @param periodMs length of a control period
 * @returns `[count, A]`
 */
export function committedPrefix(
  options: CommittedPrefixOptions,
  fromNs: bigint,
  count: number,
  periodMs: number,
): Float32Array {
  const { meaning, commandPeriodNs } = options;
  const { size, blend } = meaning;
  const prefix = new Float32Array(count * size);
  const periodNs = BigInt(Math.round(periodMs * 1e6));
  const ticks = Math.max(1, Math.ceil(Number(periodNs) / Number(commandPeriodNs)));
  const first = blend === 'mean' ? 0 : ticks - 1;
  const sum = new Float64Array(size);
  const action = new Float64Array(size);
  for (let period = 0; period < count; period++) {
    sum.fill(0);
    for (let tick = first; tick < ticks; tick++) {
      writeActionAt(options, fromNs + BigInt(period) * periodNs + BigInt(tick) * commandPeriodNs, action);
      for (const [entry, value] of action.entries()) sum[entry] = (sum[entry] ?? NaN) + value;
    }
    for (const [entry, total] of sum.entries()) prefix[period * size + entry] = total / (ticks - first);
  }
  return prefix;
}

/** The raw action `[A]` of a time: sent, due, or rest. */
function writeActionAt(
  { sent, plans, meaning, commandPeriodNs, restPosition }: CommittedPrefixOptions,
  timeNs: bigint,
  out: Float64Array,
): void {
  const { lastNs } = sent;
  const isPast = lastNs !== null && timeNs < lastNs + commandPeriodNs;
  // As the command stream will: what is in force in the middle of its period.
  const dueNs =
    (lastNs === null ? timeNs : timeNs - ((timeNs - lastNs) % commandPeriodNs)) + commandPeriodNs / 2n;
  const due = isPast ? null : plans.inForceAt(dueNs);
  for (const entry of out.keys()) {
    const known = isPast ? sent.actionAt(timeNs, entry) : dueEntry(due, dueNs, meaning, entry);
    out[entry] = known ?? meaning.atRest(restPosition, entry);
  }
}

function dueEntry(
  due: ReturnType<PlanLog['inForceAt']>,
  timeNs: bigint,
  meaning: ActionMeaning,
  entry: number,
): number | null {
  if (due === null) return null;
  const value = due.plan.actions[actionIndexAt(due, timeNs) * meaning.size + entry];
  return value === undefined ? null : meaning.followed(value, entry);
}
