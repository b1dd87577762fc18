import type { ActionSpec } from '../core/model-spec.js';
import { noFiniteCost } from '../core/objective-errors.js';
import type { CandidateScorer, PlanContext } from '../core/ports.js';
import { at } from '../core/array-access.js';
import { CompiledGraph } from './compiled-graph.js';
import { createSession, type SessionOptions } from './graph-session.js';
import * as ort from './onnx-runtime.js';
import type { RolloutCompiler, RolloutRequest } from '../../packages/rollout-compiler/src/index.js';

/** Scores candidates in one `session.run`: predictor, horizon and objective are one graph, compiled for them. */
export class CompiledScorer extends CompiledGraph implements CandidateScorer {
  /** @throws JepaMpcError `model.unsupported` for what cannot be compiled; `model.device-unavailable` */
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
    return new CompiledScorer(session, action, request);
  }

  /**
   * @param candidates raw actions `[N, K, A]`, K = horizon * block
   * @returns costs `[N]`, in memory of their own
   * @throws JepaMpcError `planner.not-finite`, `planner.not-ready`, `model.run-failed`
   */
  async score(context: PlanContext, candidates: Float32Array): Promise<Float32Array> {
    const count = candidates.length / (this.periods * this.numbers);
    const shape = [count, this.periods, this.numbers];
    const output = await this.run(context, { candidates: new ort.Tensor('float32', candidates, shape) });
    const costs = output('costs');
    if (!costs.some((cost) => Number.isFinite(cost))) throw noFiniteCost(count, at(costs, 0), this.objective);
    return costs;
  }
}
