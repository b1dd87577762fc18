import type { PlanContext } from '../core/ports.js';
import type { Tensor } from '../core/types.js';
import { createRng } from '../math/rng.js';
import type { LoadedModel } from '../model/load-model.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import type { FrameEncoder } from './frame-encoder.js';
import type { PlannerFactory, PlannerInForce } from './planner-factory.js';
import { stillContext } from './still-context.js';

/** What the model proposes from a latent to the goal, `[1, N, D]` each, if it has inverse dynamics. */
export async function proposalOf(
  { inverseDynamics }: Pick<LoadedModel, 'inverseDynamics'>,
  latent: Tensor,
  goal: Tensor,
): Promise<Pick<PlanContext, 'proposal'>> {
  return inverseDynamics === null ? {} : { proposal: await inverseDynamics.propose(latent, goal) };
}

/**
 * Makes a plan from black images for a robot that has not moved.
 *
 * @returns the planner that made it
 * @throws JepaMpcError for values that cannot be planned with
 */
export async function makeStillPlan(
  model: LoadedModel,
  { frames, factory }: { readonly frames: FrameEncoder; readonly factory: PlannerFactory },
  values: PlanningValues,
  seed: number,
): Promise<PlannerInForce> {
  const latent = await frames.encodeBlack();
  const context = {
    ...stillContext(model.manifest, latent, latent),
    ...(await proposalOf(model, latent, latent)),
  };
  const inForce = await factory.plannerFor(values, true, context, createRng(seed));
  await inForce.planner.plan(null, context, createRng(seed));
  return inForce;
}
