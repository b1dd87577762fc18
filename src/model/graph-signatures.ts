import type { GraphSignature } from './graph-session.js';
import type { ModelManifest } from './manifest-schema.js';

/*
 * Signatures that the graphs of a model must have, from its manifest. Dimensions are without the batch axis.
 */

/** An image of each camera, and proprioception if the model takes it -> latent. */
export function encoderSignature({ cameras, latent, proprioception }: ModelManifest): GraphSignature {
  const images = cameras.map(({ name, channels, height, width }) => ({
    name,
    dims: [channels, height, width],
  }));
  return {
    inputs:
      proprioception === undefined
        ? images
        : [...images, { name: PROPRIOCEPTION, dims: [proprioception.mean.length] }],
    output: { name: 'latent', dims: [latent.tokens, latent.dim] },
  };
}

/** As the encoder; for a model whose goals are states, proprioception only; for one that reads it from images, images only. */
export function goalEncoderSignature(manifest: ModelManifest): GraphSignature {
  const { goal } = manifest;
  const { inputs, output } = encoderSignature(manifest);
  if (goal.kind === 'state') return { inputs: inputs.slice(-1), output };
  return { inputs: goal.proprioception === 'from_images' ? inputs.slice(0, -1) : inputs, output };
}

/** Name of the encoder's input for measurements of the robot. */
export const PROPRIOCEPTION = 'proprioception';

/** History window, and the block of actions that leaves its newest latent (or, `paired`, each of its latents) -> next latent. */
export function predictorSignature({ latent, history, action }: ModelManifest): GraphSignature {
  const block = action.names.length * action.block;
  return {
    inputs: [
      { name: 'history', dims: [history.window, latent.tokens, latent.dim] },
      { name: 'actions', dims: history.actions === 'paired' ? [history.window, block] : [block] },
    ],
    output: { name: 'next', dims: [latent.tokens, latent.dim] },
  };
}

/** Latent and goal -> predictor steps between them, one number. */
export function distanceSignature({ latent }: Pick<ModelManifest, 'latent'>): GraphSignature {
  return {
    inputs: [
      { name: 'latent', dims: [latent.tokens, latent.dim] },
      { name: 'goal', dims: [latent.tokens, latent.dim] },
    ],
    output: { name: 'distance', dims: [] },
  };
}

/** Latent and goal -> normalised actions of `plannerDefaults.horizon` steps. */
export function inverseDynamicsSignature({ latent, action, plannerDefaults }: ModelManifest): GraphSignature {
  return {
    inputs: distanceSignature({ latent }).inputs,
    output: { name: 'actions', dims: [plannerDefaults.horizon, action.names.length * action.block] },
  };
}
