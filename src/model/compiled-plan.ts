import * as ort from 'onnxruntime-node';

import type { ActionSpec } from '../core/model-spec.js';
import { noFiniteCost } from '../core/objective-errors.js';
import type { ObjectiveSpec, ObjectiveWeights } from '../core/objective-spec.js';
import type { PlanContext, PlanEnd, PlanKernel, PlanStart } from '../core/ports.js';
import { checkJointsKnown, contextFeeds, run } from './compiled-scorer.js';
import { createSession, type SessionOptions } from './graph-session.js';
import type { RolloutCompiler, RolloutRequest } from '../../packages/rollout-compiler/src/index.js';
import type { Refit } from '../../packages/rollout-compiler/src/index.js';

/** Makes a whole plan in one `session.run`: only the noise goes in, and the action sequence and its statistics come out. */
export class CompiledPlan implements PlanKernel {
  readonly #session: ort.InferenceSession;
  readonly #objective: ObjectiveSpec;
  readonly #action: ActionSpec;
  /** Take effect with the next plan. */
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
    refit: Refit,
    options: SessionOptions,
  ): Promise<CompiledPlan> {
    const session = await createSession(compiler.plan(request, refit), 'compiled plan', options);
    return new CompiledPlan(session, request.objective, action);
  }

  /** @throws JepaMpcError `planner.not-finite`, `planner.not-ready`, `model.run-failed` */
  async plan(context: PlanContext, start: PlanStart): Promise<PlanEnd> {
    checkJointsKnown(this.#objective, context);
    const joints = this.#action.names.length;
    const periods = start.mean.length / joints;
    const samples = start.noise.length / (start.iterations * start.mean.length);
    const row = (values: Float32Array): ort.Tensor => new ort.Tensor('float32', values, [periods, joints]);
    const scalar = (value: number): ort.Tensor => new ort.Tensor('float32', Float32Array.of(value), []);
    const outputs = await run(this.#session, {
      ...contextFeeds(context, this.weights, this.#action, periods),
      noise: new ort.Tensor('float32', start.noise, [start.iterations, samples, periods, joints]),
      mean: row(start.mean),
      std: row(start.std),
      lower: row(start.lower),
      upper: row(start.upper),
      minStd: row(start.minStd),
      halfRange: row(start.halfRange),
      elites: new ort.Tensor('int64', BigInt64Array.of(BigInt(start.elites)), [1]),
      momentum: scalar(start.momentum),
      temperature: scalar(start.temperature),
      earlyStopStd: scalar(start.earlyStopStd),
    });
    const values = (name: string): Float32Array => outputs[`plan_${name}`]?.data as Float32Array;
    const number = (name: string): number => values(name)[0] ?? NaN;
    const end: PlanEnd = {
      mean: values('mean'),
      std: values('std'),
      best: values('best'),
      bestCost: number('bestCost'),
      meanCost: number('meanCost'),
      elitesStd: number('elitesStd'),
      iterations: number('iterations'),
      costs: values('costs'),
    };
    // An iteration without a finite cost leaves no mean that is a number.
    if (!Number.isFinite(end.bestCost) || !end.mean.every((action) => Number.isFinite(action)))
      throw noFiniteCost(samples, end.bestCost, this.#objective);
    return end;
  }

  /** Gives the session back. */
  dispose(): Promise<void> {
    return this.#session.release();
  }
}
