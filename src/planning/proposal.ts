import type { PlanContext } from '../core/ports.js';
import type { ActionConstraints } from './action-constraints.js';

/**
 * Writes the proposal of the context as a sequence that the constraints allow: cut or filled up with rest to the length of a plan, behind the
 * committed actions.
 *
 * @param rest the sequence that rests `[K, J]`
 * @param out `[K, J]`, written
 * @returns false, with `out` as it was, if there is no proposal or it is not finite
 */
export function proposalWithin(
  constraints: ActionConstraints,
  { proposal, committed }: Pick<PlanContext, 'proposal' | 'committed'>,
  rest: Float32Array,
  out: Float32Array,
): boolean {
  if (proposal?.every((value) => Number.isFinite(value)) !== true) return false;
  out.set(rest);
  out.set(proposal.subarray(0, out.length));
  constraints.holdMean(out, committed);
  constraints.apply(out, committed);
  return true;
}
