import * as ort from 'onnxruntime-node';

import { JepaMpcError } from '../core/errors.js';
import { namesState } from '../core/expression.js';
import { jointTravel, type ActionSpec } from '../core/model-spec.js';
import { noFiniteCost, noJointPositions } from '../core/objective-errors.js';
import type { ObjectiveSpec, ObjectiveWeights } from '../core/objective-spec.js';
import type { CandidateScorer, PlanContext } from '../core/ports.js';
import type { SessionOptions } from './graph-session.js';
import { createSession } from './graph-session.js';
import type { RolloutCompiler, RolloutRequest } from '../../packages/rollout-compiler/src/index.js';
import { WEIGHT_NAMES } from '../../packages/rollout-compiler/src/index.js';
import { limitSums } from './limit-sums.js';

/** What a rollout graph of K periods is given besides candidates or noise. */
export function contextFeeds(
  context: PlanContext,
  weights: ObjectiveWeights,
  action: ActionSpec,
  periods: number,
): Record<string, ort.Tensor> {
  const { history, goal } = context;
  const feeds: Record<string, ort.Tensor> = {
    history: new ort.Tensor('float32', history.data, history.shape),
    goal: new ort.Tensor('float32', goal.data, goal.shape),
    ...(jointTravel(action) && jointFeeds(context, weights, action, periods)),
  };
  for (const name of WEIGHT_NAMES)
    feeds[`weight_${name}`] = new ort.Tensor('float32', Float32Array.of(weights[name]), []);
  return feeds;
}

function jointFeeds(
  { joints }: PlanContext,
  weights: ObjectiveWeights,
  action: ActionSpec,
  periods: number,
): Record<string, ort.Tensor> {
  const { least, largest } = limitSums(joints, weights, action, periods);
  const row = (values: Float32Array): ort.Tensor => new ort.Tensor('float32', values, [values.length]);
  return {
    joint_position: row(Float32Array.from(action.joints, (_, joint) => joints?.position[joint] ?? 0)),
    least_sums: row(least),
    largest_sums: row(largest),
  };
}

/** @throws JepaMpcError `planner.not-ready` when an expression asks for joint positions that are not known */
export function checkJointsKnown(objective: ObjectiveSpec, { joints }: PlanContext): void {
  if (joints === undefined && namesState(objective.expression)) throw noJointPositions(objective);
}

/** Scores candidates in one `session.run`: predictor, horizon and objective are one graph, compiled for them. */
export class CompiledScorer implements CandidateScorer {
  readonly #session: ort.InferenceSession;
  readonly #objective: ObjectiveSpec;
  readonly #action: ActionSpec;
  /** Take effect with the next call. */
  weights: ObjectiveWeights;

  private constructor(session: ort.InferenceSession, objective: ObjectiveSpec, action: ActionSpec) {
    this.#session = session;
    this.#objective = objective;
    this.#action = action;
    this.weights = objective.weights;
  }

  /** @throws JepaMpcError `model.unsupported` where this cannot be compiled; `model.device-unavailable` */
  static async compile(
    compiler: RolloutCompiler,
    action: ActionSpec,
    request: RolloutRequest,
    options: SessionOptions,
  ): Promise<CompiledScorer> {
    const session = await createSession(compiler.iteration(request), 'compiled rollout', {
      ...options,
      keepsDuplicates: request.savings !== undefined,
    });
    return new CompiledScorer(session, request.objective, action);
  }

  /**
   * @param candidates raw actions `[N, K, J]`, K = horizon * block
   * @throws JepaMpcError `planner.not-finite`, `planner.not-ready`, `model.run-failed`
   */
  async score(context: PlanContext, candidates: Float32Array): Promise<Float32Array> {
    checkJointsKnown(this.#objective, context);
    const [, periods = 1] = this.#shape();
    const joints = this.#action.names.length;
    const count = candidates.length / (periods * joints);
    const feeds = contextFeeds(context, this.weights, this.#action, periods);
    feeds['candidates'] = new ort.Tensor('float32', candidates, [count, periods, joints]);
    const costs = (await run(this.#session, feeds))['costs']?.data as Float32Array;
    if (!costs.some((cost) => Number.isFinite(cost)))
      throw noFiniteCost(count, costs[0] ?? NaN, this.#objective);
    return costs;
  }

  /** Gives the session back. */
  dispose(): Promise<void> {
    return this.#session.release();
  }

  #shape(): readonly (number | undefined)[] {
    const candidates = this.#session.inputMetadata.find(({ name }) => name === 'candidates');
    if (candidates?.isTensor !== true) return [];
    return candidates.shape.map((size) => (typeof size === 'number' ? size : undefined));
  }
}

/** One run of a compiled graph. @throws JepaMpcError `model.run-failed` */
export async function run(
  session: ort.InferenceSession,
  feeds: Record<string, ort.Tensor>,
): Promise<ort.InferenceSession.ReturnType> {
  try {
    return await session.run(feeds);
  } catch (error) {
    const given = Object.entries(feeds).map(([name, { dims }]) => `${name} [${dims.join(', ')}]`);
    throw new JepaMpcError('model.run-failed', {
      subject: 'compiled rollout',
      found: `${error instanceof Error ? error.message : String(error)} (inputs ${given.join(', ')})`,
      expected: 'a run without error',
      remedy: 'Lower sampling.samples if the device ran out of memory; else try device cpu.',
      cause: error,
    });
  }
}
