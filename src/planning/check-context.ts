import { JepaMpcError } from '../core/errors.js';
import { contextFrames } from '../core/model-spec.js';
import type { PlanContext } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import type { PlannerModel } from './planner-definition.js';

/**
 * Refuses a context that does not fit the model, before a rollout is spent on it.
 *
 * @param periods raw actions in the plan (K)
 * @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite`
 */
export function checkContext(
  { latent, history, action }: PlannerModel,
  context: PlanContext,
  periods: number,
): void {
  const { tokens, dim } = latent;
  checkTensor('history', context.history, [1, contextFrames(history), tokens, dim]);
  checkTensor('goal', context.goal, [1, tokens, dim]);
  const joints = action.names.length;
  const rows = context.committed.length / joints;
  if (!Number.isInteger(rows) || rows >= periods) {
    throw new JepaMpcError('planner.wrong-shape', {
      subject: 'committed actions of the plan',
      found: `${String(context.committed.length)} values`,
      expected: `a multiple of ${String(joints)} (joints) below ${String(periods * joints)} (the whole plan)`,
      remedy: 'Raise sampling.horizon, or lower planning.committed_periods.',
    });
  }
  checkFinite('committed actions', context.committed);
}

function checkTensor(name: string, tensor: Tensor, expected: readonly number[]): void {
  const values = expected.reduce((product, size) => product * size, 1);
  if (tensor.shape.join() !== expected.join() || tensor.data.length !== values) {
    throw new JepaMpcError('planner.wrong-shape', {
      subject: `${name} latents`,
      found: `shape [${tensor.shape.join(', ')}] with ${String(tensor.data.length)} values`,
      expected: `shape [${expected.join(', ')}] with ${String(values)} values`,
      remedy: 'Give the planner latents of the model that it was made for.',
    });
  }
  checkFinite(`${name} latents`, tensor.data);
}

function checkFinite(name: string, values: Float32Array): void {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  throw new JepaMpcError('planner.not-finite', {
    subject: `${name} of the plan`,
    found: `${String(values[index])} at index ${String(index)}`,
    expected: 'finite numbers',
    remedy:
      'Look at the input that it was made from (camera frame, running plan); if that is sound, the encoder is broken.',
  });
}
