import { JepaMpcError } from '../../src/core/errors.js';
import { jointLimits } from '../../src/robot/joint-limits.js';
import type { LimitOptions } from '../../src/robot/limit-options.js';
import { independentJoints, parseUrdf, type Urdf } from '../../src/robot/urdf.js';

/** What a reader makes of a URDF. */
export interface Verdict {
  /** Null where every joint that moves independently can be moved. */
  readonly error: string | null;
  /** The joints that can be moved while the others are held; null where the URDF cannot be read or has none. */
  readonly moves: readonly string[] | null;
}

/** The verdict of the planner node. */
export function verdictOfNode(text: string, options: LimitOptions): Verdict {
  let urdf: Urdf;
  try {
    urdf = parseUrdf(text);
  } catch (error) {
    return { error: messageOf(error), moves: null };
  }
  const names = independentJoints(urdf).map(({ name }) => name);
  if (names.length === 0) return { error: 'no joint that moves independently', moves: null };
  const refusal = (chosen: readonly string[]): string | null => {
    try {
      jointLimits(urdf, chosen, options);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  };
  return { error: refusal(names), moves: names.filter((name) => refusal([name]) === null) };
}

function messageOf(error: unknown): string {
  if (error instanceof JepaMpcError) return error.message;
  throw error;
}

/** One URDF and what both readers make of it. */
export interface Comparison {
  readonly file: string;
  readonly node: Verdict;
  readonly training: Verdict;
}

/** The table of a comparison, a line each. */
export function comparisonLines(comparisons: readonly Comparison[]): string[] {
  const count = (row: string, accepts: (verdict: Verdict) => boolean): string => {
    const byNode = comparisons.filter(({ node }) => accepts(node));
    const byBoth = byNode.filter(({ training }) => accepts(training)).length;
    const share = byNode.length === 0 ? '–' : `${((100 * byBoth) / byNode.length).toFixed(1)} %`;
    return `| ${row} | ${String(byNode.length)} | ${String(byBoth)} | ${share} |`;
  };
  return [
    `| of ${String(comparisons.length)} URDFs | node | of these, training | share |`,
    '| --- | --- | --- | --- |',
    count('read, with a joint to move', ({ moves }) => moves !== null),
    count('some joint can be moved, the others held', ({ moves }) => (moves?.length ?? 0) > 0),
    count('every joint can be moved', ({ error }) => error === null),
  ];
}

/** Whether the training code refuses a joint that the node accepts. */
export function refusesMore({ node, training }: Comparison): boolean {
  if (node.moves === null) return false;
  const { moves } = training;
  return (
    (node.error === null && training.error !== null) || node.moves.some((name) => !moves?.includes(name))
  );
}
