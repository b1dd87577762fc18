import { at } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import type { PlanContext } from '../core/ports.js';
import type { ActionConstraints } from './action-constraints.js';

/**
 * Raw actions that leave the robot where it is after the committed ones: 0, or, if actions are joint positions, the last committed one. If none is
 * committed, the commanded positions are used, not the measured ones: a joint that sags would creep by its sag with each plan of rest.
 *
 * @param size K * A
 * @returns `[K, A]`
 * @throws JepaMpcError `planner.not-ready` for joint positions that are not known
 */
export function restingSequence(
  { kind, names }: Pick<ActionSpec, 'kind' | 'names'>,
  { joints, committed }: Pick<PlanContext, 'joints' | 'committed'>,
  size: number,
): Float32Array {
  const rest = new Float32Array(size);
  if (kind !== 'joint_position') return rest;
  const position =
    committed.length >= names.length
      ? committed.subarray(-names.length)
      : (joints?.commanded ?? joints?.position);
  if (position === undefined) {
    throw new JepaMpcError('planner.not-ready', {
      subject: 'plan of joint positions',
      found: 'no measured joint positions to start from',
      expected: 'joint states',
      remedy: 'Check the topic joint_states.',
    });
  }
  for (let i = 0; i < size; i++) rest[i] = at(position, i % position.length);
  return rest;
}

/**
 * The same as far as the constraints allow. The constraints are centred on it, since rest may change from plan to plan.
 *
 * @returns `[K, A]`
 * @throws JepaMpcError as {@link restingSequence}
 */
export function restWithin(
  constraints: ActionConstraints,
  action: Pick<ActionSpec, 'kind' | 'names'>,
  context: PlanContext,
): Float32Array {
  const rest = restingSequence(action, context, constraints.size);
  constraints.centreOn(rest);
  constraints.apply(rest, context.committed);
  return rest;
}
