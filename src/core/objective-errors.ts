import { JepaMpcError } from './errors.js';
import type { ObjectiveSpec } from './objective-spec.js';

/* Errors of an objective, which may be computed on the host or in a compiled graph. */

/** The objective needs a temporal distance, and the model has none. */
export function noTemporalDistance(): JepaMpcError {
  return new JepaMpcError('model.unsupported', {
    subject: 'objective temporal_distance',
    found: 'a model without a distance graph',
    expected: 'a model with distance.onnx',
    remedy: 'Set objective.metric to squared_latent_distance, or train and export a distance head.',
  });
}

/** The expression names `state`, and there are no measured joint positions. */
export function noJointPositions({ expression }: ObjectiveSpec): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject: `objective.expression "${expression?.text ?? ''}"`,
    found: 'no measured joint positions to predict state from',
    expected: 'joint states',
    remedy: 'Check the topic joint_states, or leave state out of the expression.',
  });
}

/** No candidate has a finite cost. @param candidates their number @param first cost of the first of them */
export function noFiniteCost(candidates: number, first: number, { expression }: ObjectiveSpec): JepaMpcError {
  const subject = `costs of ${String(candidates)} candidates`;
  return new JepaMpcError('planner.not-finite', {
    subject: expression === null ? subject : `${subject} by objective.expression "${expression.text}"`,
    found: `none that is finite (the first is ${String(first)})`,
    expected: 'at least one finite cost',
    remedy:
      expression === null
        ? 'The model predicts nonsense from this state: check the camera frame, the goal image and the device.'
        : 'Look for a division by 0, a root or logarithm of a negative number or a large power in it; without any, the model predicts nonsense.',
  });
}
