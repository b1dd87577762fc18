import type { ActionSpec } from '../core/model-spec.js';
import { noFiniteCost } from '../core/objective-errors.js';
import type { PlanContext, PlanEnd, PlanKernel, PlanStart } from '../core/ports.js';
import { at } from '../core/array-access.js';
import { CompiledGraph } from './compiled-graph.js';
import { createSession, type SessionOptions } from './graph-session.js';
import { scalarTensor } from './rollout-feeds.js';
import * as ort from './onnx-runtime.js';
import type { Refit, RolloutCompiler, RolloutRequest } from '../../packages/rollout-compiler/src/index.js';

/** Makes a whole plan in one `session.run`: only the noise goes in, and the action sequence and its statistics come out. */
export class CompiledPlan extends CompiledGraph implements PlanKernel {
  /** @throws JepaMpcError `model.unsupported` for what cannot be compiled; `model.device-unavailable` */
  static async compile(
    compiler: RolloutCompiler,
    action: ActionSpec,
    request: RolloutRequest,
    refit: Refit,
    options: SessionOptions,
  ): Promise<CompiledPlan> {
    const session = await createSession(compiler.plan(request, refit), 'compiled plan', options);
    return new CompiledPlan(session, action, request);
  }

  /** @throws JepaMpcError `planner.not-finite`, `planner.not-ready`, `model.run-failed` */
  async plan(context: PlanContext, start: PlanStart): Promise<PlanEnd> {
    const shape = [this.periods, this.numbers];
    const samples = start.noise.length / (start.iterations * this.periods * this.numbers);
    const sequence = (values: Float32Array): ort.Tensor => new ort.Tensor('float32', values, shape);
    const output = await this.run(context, {
      noise: new ort.Tensor('float32', start.noise, [start.iterations, samples, ...shape]),
      mean: sequence(start.mean),
      std: sequence(start.std),
      lower: sequence(start.lower),
      upper: sequence(start.upper),
      minStd: sequence(start.minStd),
      halfRange: sequence(start.halfRange),
      elites: new ort.Tensor('int64', BigInt64Array.of(BigInt(start.elites)), [1]),
      momentum: scalarTensor(start.momentum),
      temperature: scalarTensor(start.temperature),
      earlyStopStd: scalarTensor(start.earlyStopStd),
    });
    const number = (name: string): number => at(output(`plan_${name}`), 0);
    const end: PlanEnd = {
      mean: output('plan_mean'),
      std: output('plan_std'),
      best: output('plan_best'),
      bestCost: number('bestCost'),
      meanCost: number('meanCost'),
      elitesStd: number('elitesStd'),
      elitesStdByIteration: output('plan_elitesStdByIteration'),
      iterations: number('iterations'),
      costs: output('plan_costs'),
    };
    // An iteration without a finite cost leaves a mean of NaN.
    if (!Number.isFinite(end.bestCost) || !end.mean.every((action) => Number.isFinite(action)))
      throw noFiniteCost(samples, end.bestCost, this.objective);
    return end;
  }
}
