import { f32 } from '../core/array-access.js';
import { definePlanner } from './planner-definition.js';
import { restingSequence } from './resting-sequence.js';
import { SolePlanner, type SoleRequest } from './sole-planner.js';

const NAME = 'random';

/** Independent uniform actions inside the constraints `[K, J]`. */
function randomActions({ model, constraints, context, rng }: SoleRequest): Float32Array {
  const { bounds, size } = constraints;
  constraints.centreOn(restingSequence(model.action, context, size));
  const actions = new Float32Array(size);
  rng.uniforms(actions);
  for (let i = 0; i < size; i++) {
    const low = f32(bounds.lower, i % bounds.joints);
    const high = f32(bounds.upper, i % bounds.joints);
    actions[i] = low + f32(actions, i) * (high - low);
  }
  constraints.holdFirst(actions, context.committed);
  constraints.apply(actions, context.committed);
  return actions;
}

export const random = definePlanner({
  name: NAME,
  parameters: {},
  defaults: { momentum: 0, noiseBeta: 0, returned: 'best' },
  isBaseline: true,
  create: (model, scorer, settings) => new SolePlanner(NAME, randomActions, model, scorer, settings),
});
