import { JepaMpcError } from '../core/errors.js';
import { namesState } from '../core/expression.js';
import type { ActionSpec } from '../core/model-spec.js';
import { noJointPositions } from '../core/objective-errors.js';
import type { ObjectiveSpec, ObjectiveWeights } from '../core/objective-spec.js';
import type { PlanContext } from '../core/ports.js';
import { contextFeeds } from './rollout-feeds.js';
import * as ort from './onnx-runtime.js';
import type { RolloutRequest } from '../../packages/rollout-compiler/src/index.js';

/** The common part of both variants of a compiled rollout graph: its session, the inputs that describe the situation, and a run. */
export class CompiledGraph {
  readonly #session: ort.InferenceSession;
  protected readonly objective: ObjectiveSpec;
  /** Numbers of an action (A). */
  protected readonly numbers: number;
  /** Raw actions in a sequence (K). */
  protected readonly periods: number;
  readonly #action: ActionSpec;
  /** Take effect with the next run. */
  weights: ObjectiveWeights;

  protected constructor(session: ort.InferenceSession, action: ActionSpec, request: RolloutRequest) {
    this.#session = session;
    this.#action = action;
    this.objective = request.objective;
    this.numbers = action.names.length;
    this.periods = request.horizon * action.block;
    this.weights = request.objective.weights;
  }

  /**
   * Runs the graph once.
   *
   * @param feeds inputs in addition to those that describe the situation
   * @returns reads an output by name, in memory of its own
   * @throws JepaMpcError `planner.not-ready` when the expression needs joint positions that are not known; `model.run-failed`
   */
  protected async run(
    context: PlanContext,
    feeds: Record<string, ort.Tensor>,
  ): Promise<(output: string) => Float32Array> {
    if (context.joints === undefined && namesState(this.objective.expression))
      throw noJointPositions(this.objective);
    const inputs = { ...contextFeeds(context, this.weights, this.#action, this.periods), ...feeds };
    const outputs = await this.#run(inputs);
    return (output) => {
      const data = outputs[output]?.data;
      if (!(data instanceof Float32Array)) throw failed(`no output "${output}" of float32`, inputs);
      return data;
    };
  }

  /** Gives the session back. Nothing may be run afterwards. */
  dispose(): Promise<void> {
    return this.#session.release();
  }

  async #run(inputs: Record<string, ort.Tensor>): Promise<ort.InferenceSession.ReturnType> {
    try {
      return await this.#session.run(inputs);
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error), inputs, error);
    }
  }
}

function failed(found: string, inputs: Record<string, ort.Tensor>, cause?: unknown): JepaMpcError {
  const given = Object.entries(inputs).map(([name, { dims }]) => `${name} [${dims.join(', ')}]`);
  return new JepaMpcError('model.run-failed', {
    subject: 'compiled rollout',
    found: `${found} (inputs ${given.join(', ')})`,
    expected: 'a run without error',
    remedy: 'Lower sampling.samples if the device ran out of memory; else try device cpu.',
    cause,
  });
}
