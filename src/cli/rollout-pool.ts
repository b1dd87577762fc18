import { JepaMpcError } from '../core/errors.js';
import type { ObjectiveSpec, ObjectiveWeights } from '../core/objective-spec.js';
import type { CandidateScorer, PlanContext, PlanKernel } from '../core/ports.js';
import type { Logger } from '../core/types.js';
import type { Rng } from '../core/ports.js';
import { rankCorrelation } from '../math/rank-correlation.js';
import type { CompiledPlan } from '../model/compiled-plan.js';
import type { CompiledScorer } from '../model/compiled-scorer.js';
import type { RolloutRequest } from '../model/graph/compile-rollout.js';
import type { Refit } from '../model/graph/plan-nodes.js';
import type { LoadedModel } from '../model/load-model.js';
import { CandidateEvaluator } from '../planning/candidate-evaluator.js';
import type { KernelPlannerName } from '../planning/kernel-planner.js';

/** How the model is rolled out: a whole plan in one graph, an iteration in one graph, or step by step on the host. */
export type RolloutKind = 'plan' | 'iteration' | 'host';

export interface RolloutWish extends RolloutRequest {
  readonly kind: RolloutKind;
  /** Whose refit a whole plan does. */
  readonly planner: KernelPlannerName | null;
}

/** A way to score candidates, or to make whole plans, for one objective and horizon. */
export interface RolloutInForce {
  readonly kind: RolloutKind;
  readonly scorer: CandidateScorer;
  /** Where the kind is `plan`. */
  readonly kernel: PlanKernel | null;
  /** Changes what changes without compiling. */
  setWeights(weights: ObjectiveWeights): void;
  dispose(): Promise<void>;
}

/** Candidates that reduced precision is judged by. */
const JUDGED_CANDIDATES = 256;
/** Below this the order of the candidates is not to be relied on, and full precision is used. */
const LEAST_RANK_CORRELATION = 0.99;

/** What a rollout has to be built anew for, as a key. */
export function rolloutKey({ objective, horizon, precision, kind, planner }: RolloutWish): string {
  return JSON.stringify([
    objective.metric,
    objective.steps,
    objective.expression?.text,
    horizon,
    precision,
    kind,
    planner,
  ]);
}

/**
 * Builds a rollout. What cannot be compiled is rolled out step by step, and reduced precision that would order the candidates otherwise than
 * full precision does is not used; both are logged with the reason.
 *
 * @param context and `rng` make the candidates that reduced precision is judged by
 * @throws JepaMpcError for an objective that does not fit the model
 */
export async function buildRollout(
  model: LoadedModel,
  wish: RolloutWish,
  context: PlanContext,
  rng: Rng,
  logger: Logger,
): Promise<RolloutInForce> {
  if (wish.kind === 'host') return onHost(model, wish);
  try {
    if (wish.precision === 'float32') return await compiled(model, wish);
    return await inReducedPrecision(model, wish, context, rng, logger);
  } catch (error) {
    if (!(error instanceof JepaMpcError) || !COMPILER_REFUSALS.has(error.code)) throw error;
    // Throws itself what is wrong with the objective, compiled or not.
    const fallback = onHost(model, wish);
    logger.warn(`The rollout is not compiled but run step by step: ${error.message}`);
    return fallback;
  }
}

const COMPILER_REFUSALS: ReadonlySet<string> = new Set([
  'model.unsupported',
  'model.unreadable',
  'model.device-unavailable',
]);

function onHost(model: LoadedModel, { objective, horizon }: RolloutWish): RolloutInForce {
  const { latent, history, action } = model.manifest;
  const rollout = { predictor: model.predictor, latent, history, action };
  const evaluatorFor = (spec: ObjectiveSpec): CandidateEvaluator =>
    new CandidateEvaluator(rollout, model.temporalDistance, spec, horizon);
  let evaluator = evaluatorFor(objective);
  return {
    kind: 'host',
    scorer: { score: (context, candidates) => evaluator.score(context, candidates) },
    kernel: null,
    setWeights: (weights) => {
      evaluator = evaluatorFor({ ...objective, weights });
    },
    dispose: () => Promise.resolve(),
  };
}

const REFITS: Readonly<Record<KernelPlannerName, Refit>> = { cem: 'elites', mppi: 'weights', cma: 'steps' };

async function compiled(model: LoadedModel, wish: RolloutWish): Promise<RolloutInForce> {
  const scorer = await model.rollouts.scorer(wish);
  const kernel =
    wish.planner === null ? null : await planOrRelease(model, wish, REFITS[wish.planner], scorer);
  return {
    kind: wish.kind,
    scorer,
    kernel,
    setWeights: (weights) => {
      scorer.weights = weights;
      if (kernel !== null) kernel.weights = weights;
    },
    dispose: async () => {
      await scorer.dispose();
      await kernel?.dispose();
    },
  };
}

async function planOrRelease(
  model: LoadedModel,
  wish: RolloutWish,
  refit: Refit,
  scorer: CompiledScorer,
): Promise<CompiledPlan> {
  try {
    return await model.rollouts.plan(wish, refit);
  } catch (error) {
    await scorer.dispose();
    throw error;
  }
}

async function inReducedPrecision(
  model: LoadedModel,
  wish: RolloutWish,
  context: PlanContext,
  rng: Rng,
  logger: Logger,
): Promise<RolloutInForce> {
  const full = await compiled(model, { ...wish, precision: 'float32' });
  const reduced = await compiled(model, wish);
  const candidates = uniformCandidates(model, wish.horizon, rng);
  const expected = (await full.scorer.score(context, candidates)).slice();
  const correlation = rankCorrelation(await reduced.scorer.score(context, candidates), expected);
  const finding = `${wish.precision} costs of ${String(JUDGED_CANDIDATES)} candidates rank as float32 ones do to ${correlation.toFixed(4)} (Spearman)`;
  if (correlation >= LEAST_RANK_CORRELATION) {
    logger.info(finding);
    await full.dispose();
    return reduced;
  }
  logger.warn(`${finding}, expected at least ${String(LEAST_RANK_CORRELATION)}: float32 is used.`);
  await reduced.dispose();
  return full;
}

/** `[JUDGED_CANDIDATES, K, J]`, uniform inside the action bounds. */
function uniformCandidates({ manifest }: LoadedModel, horizon: number, rng: Rng): Float32Array {
  const { block, joints, lower, upper } = manifest.action;
  const candidates = new Float32Array(JUDGED_CANDIDATES * horizon * block * joints.length);
  rng.uniforms(candidates);
  return candidates.map((share, i) => {
    const low = lower[i % joints.length] ?? 0;
    return low + share * ((upper[i % joints.length] ?? 0) - low);
  });
}
