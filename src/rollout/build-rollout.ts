import { JepaMpcError } from '../core/errors.js';
import type { ObjectiveSpec, ObjectiveWeights } from '../core/objective-spec.js';
import type { CandidateScorer, PlanContext, PlanKernel } from '../core/ports.js';
import type { Fallback, Logger } from '../core/types.js';
import type { Rng } from '../core/ports.js';
import { rankCorrelation } from '../math/rank-correlation.js';
import type { CompiledPlan } from '../model/compiled-plan.js';
import type { CompiledRollouts } from '../model/compiled-rollouts.js';
import type { RolloutRequest } from '../../packages/rollout-compiler/src/index.js';
import type { Refit } from '../../packages/rollout-compiler/src/index.js';
import type { LoadedModel } from '../model/load-model.js';
import { CandidateEvaluator } from './candidate-evaluator.js';
import type { KernelPlannerName } from '../planning/kernel-planner.js';
import { DegradingScorer, type Scoring } from './degrading-scorer.js';
import { Fallbacks } from './fallbacks.js';
import { uniformCandidates } from './uniform-candidates.js';

/** How the model is rolled out: a whole plan in one graph, an iteration in one graph, or step by step on the host. */
export type RolloutKind = 'plan' | 'iteration' | 'host';

/** Which rollout is to be built. */
export interface RolloutSpec extends RolloutRequest {
  readonly kind: RolloutKind;
  /** The planner whose refit a whole plan contains. */
  readonly planner: KernelPlannerName | null;
}

/** A way to score candidates, or to make whole plans, for one objective and horizon. */
export interface RolloutInForce {
  /** May change while plans are made; `fallbacks` then has the reason. */
  readonly kind: RolloutKind;
  readonly fallbacks: readonly Fallback[];
  readonly scorer: CandidateScorer;
  /** Null unless the kind is `plan`. */
  readonly kernel: PlanKernel | null;
  /** Stops using the kernel: plans are made iteration by iteration from now on. */
  dropKernel(failure: JepaMpcError): Promise<void>;
  /** Changes the weights, which needs no compiling. */
  setWeights(weights: ObjectiveWeights): void;
  dispose(): Promise<void>;
}

/** Number of candidates whose ranking judges reduced precision. */
const JUDGED_CANDIDATES = 256;
/** Below this rank correlation the ranking of the candidates is unreliable, and full precision is used. */
const MIN_RANK_CORRELATION = 0.99;

/** A key of everything whose change needs a new rollout. */
export function rolloutKey({ objective, horizon, precision, kind, planner }: RolloutSpec): string {
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
 * Builds a rollout. A model or an objective that cannot be compiled is rolled out step by step; reduced precision that would rank the candidates
 * otherwise than full precision is not used; runs that fail are repeated in smaller batches, and then elsewhere (degrading-scorer.ts). Each of
 * these is noted as a fallback with its reason.
 *
 * @param context and `rng` make the candidates that reduced precision is judged by
 * @param before fallbacks that come with the specification
 * @throws JepaMpcError for an objective that does not fit the model
 */
export async function buildRollout(
  model: LoadedModel,
  spec: RolloutSpec,
  context: PlanContext,
  rng: Rng,
  logger: Logger,
  before: readonly Fallback[] = [],
): Promise<RolloutInForce> {
  const fallbacks = new Fallbacks(logger);
  for (const fallback of before) fallbacks.note(fallback);
  if (spec.kind === 'host')
    return inForce(model, spec, { scoring: onHost(model, spec), kernel: null }, fallbacks);
  try {
    const built =
      spec.precision === 'float32'
        ? await compiled(model.rollouts, model.device, spec)
        : await inReducedPrecision(model, spec, context, rng, { logger, fallbacks });
    return inForce(model, spec, built, fallbacks);
  } catch (error) {
    if (!(error instanceof JepaMpcError) || !COMPILER_REFUSALS.has(error.code)) throw error;
    // This throws if the objective itself is wrong, compiled or not.
    const scoring = onHost(model, spec);
    fallbacks.noteError(scoring.what, error);
    return inForce(model, { ...spec, kind: 'host' }, { scoring, kernel: null }, fallbacks);
  }
}

const COMPILER_REFUSALS: ReadonlySet<string> = new Set([
  'model.unsupported',
  'model.unreadable',
  'model.device-unavailable',
]);

interface Built {
  readonly scoring: Scoring;
  readonly kernel: CompiledPlan | null;
}

function inForce(model: LoadedModel, spec: RolloutSpec, built: Built, fallbacks: Fallbacks): RolloutInForce {
  const { block, names } = model.manifest.action;
  const isOnCpu = model.device === 'cpu';
  let { kernel } = built;
  let kind = spec.kind;
  /** The last resort: step by step on the cpu, which needs little of the device; a compiled rollout elsewhere moves to the cpu. */
  const another = async (): Promise<Scoring> => {
    if (kernel === null) kind = isOnCpu ? 'host' : 'iteration';
    if (isOnCpu) return onHost(model, spec);
    const plain = { ...spec, precision: 'float32', planner: null } as const;
    return (await compiled(model.rollouts.onCpu, 'cpu', plain)).scoring;
  };
  const scorer = new DegradingScorer(
    built.scoring,
    kind === 'host' ? null : another,
    spec.horizon * block * names.length,
    fallbacks,
  );
  return {
    get kind() {
      return kind;
    },
    get fallbacks() {
      return fallbacks.list;
    },
    get kernel() {
      return kernel;
    },
    scorer,
    dropKernel: async (failure) => {
      const dropped = kernel;
      kernel = null;
      kind = 'iteration';
      fallbacks.noteError('plans made iteration by iteration', failure);
      await dropped?.dispose();
    },
    setWeights: (weights) => {
      scorer.setWeights(weights);
      if (kernel !== null) kernel.weights = weights;
    },
    dispose: async () => {
      await scorer.dispose();
      await kernel?.dispose();
    },
  };
}

function onHost(model: LoadedModel, { objective, horizon }: RolloutSpec): Scoring {
  const { latent, history, action } = model.manifest;
  const rollout = { predictor: model.predictor, latent, history, action };
  const evaluatorFor = (of: ObjectiveSpec): CandidateEvaluator =>
    new CandidateEvaluator(rollout, model.temporalDistance, of, horizon);
  let evaluator = evaluatorFor(objective);
  return {
    what: 'the rollout step by step',
    scorer: { score: (context, candidates) => evaluator.score(context, candidates) },
    setWeights: (weights) => {
      evaluator = evaluatorFor({ ...objective, weights });
    },
    dispose: () => Promise.resolve(),
  };
}

const REFITS: Readonly<Record<KernelPlannerName, Refit>> = { cem: 'elites', mppi: 'weights', cma: 'steps' };

async function compiled(rollouts: CompiledRollouts, device: string, spec: RolloutSpec): Promise<Built> {
  const scorer = await rollouts.scorer(spec);
  const scoring: Scoring = {
    what: `a compiled rollout on the ${device}`,
    scorer,
    setWeights: (weights) => {
      scorer.weights = weights;
    },
    dispose: () => scorer.dispose(),
  };
  if (spec.planner === null) return { scoring, kernel: null };
  try {
    return { scoring, kernel: await rollouts.plan(spec, REFITS[spec.planner]) };
  } catch (error) {
    await scoring.dispose();
    throw error;
  }
}

async function inReducedPrecision(
  model: LoadedModel,
  spec: RolloutSpec,
  context: PlanContext,
  rng: Rng,
  { logger, fallbacks }: { readonly logger: Logger; readonly fallbacks: Fallbacks },
): Promise<Built> {
  const inFull = { ...spec, precision: 'float32' } as const;
  const full = await model.rollouts.scorer(inFull);
  try {
    const reduced = await compiled(model.rollouts, model.device, spec);
    const candidates = uniformCandidates(model.manifest.action, spec.horizon, JUDGED_CANDIDATES, rng);
    const correlation = await correlate(full, reduced.scoring.scorer, context, candidates);
    if (typeof correlation !== 'number') fallbacks.noteError('float32', correlation);
    else {
      const finding = `${spec.precision} costs of ${String(JUDGED_CANDIDATES)} candidates rank as float32 ones do to ${correlation.toFixed(4)} (Spearman)`;
      if (correlation >= MIN_RANK_CORRELATION) {
        logger.info(finding);
        return reduced;
      }
      fallbacks.note({
        instead: 'float32',
        reason: `${finding}, expected at least ${String(MIN_RANK_CORRELATION)}`,
        remedy: 'Set rollout.precision to float32, or train the model further.',
      });
    }
    await reduced.scoring.dispose();
    await reduced.kernel?.dispose();
  } finally {
    await full.dispose();
  }
  return compiled(model.rollouts, model.device, inFull);
}

/** Rank correlation of the costs; the failure where they cannot be computed. */
async function correlate(
  full: CandidateScorer,
  reduced: CandidateScorer,
  context: PlanContext,
  candidates: Float32Array,
): Promise<number | JepaMpcError> {
  try {
    const found = (await reduced.score(context, candidates)).slice();
    return rankCorrelation(found, await full.score(context, candidates));
  } catch (error) {
    if (error instanceof JepaMpcError && error.code === 'model.run-failed') return error;
    throw error;
  }
}
