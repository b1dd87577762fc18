import { JepaMpcError } from '../core/errors.js';
import type { ActionSpec } from '../core/model-spec.js';
import type { PlanContext } from '../core/ports.js';

/**
 * Raw actions that leave the robot where it is: where they are joint positions, the measured ones, and 0 of every other kind.
 *
 * @param size K * A
 * @returns `[K, A]`
 * @throws JepaMpcError `planner.not-ready` for joint positions that are not known
 */
export function restingSequence(
  { kind }: Pick<ActionSpec, 'kind'>,
  { joints }: Pick<PlanContext, 'joints'>,
  size: number,
): Float32Array {
  const rest = new Float32Array(size);
  if (kind !== 'joint_position') return rest;
  if (joints === undefined) {
    throw new JepaMpcError('planner.not-ready', {
      subject: 'plan of joint positions',
      found: 'no measured joint positions to start from',
      expected: 'joint states',
      remedy: 'Check the topic joint_states.',
    });
  }
  const { position } = joints;
  for (let i = 0; i < size; i++) rest[i] = position[i % position.length] ?? NaN;
  return rest;
}
