import {
  contextFrames,
  jointTravel,
  type ActionSpec,
  type HistorySpec,
  type LatentSpec,
} from '../../../src/core/model-spec.js';
import type { ObjectiveSpec } from '../../../src/core/objective-spec.js';
import { peakBytesPerCandidate } from './emit/candidate-memory.js';
import { CANDIDATES, ITERATIONS } from './graph/dims.js';
import { emitGraph } from './emit/emit-graph.js';
import { ExternalData } from './onnx/external-data.js';
import { GraphBuilder } from './graph/graph-builder.js';
import { readModel, writeModel } from './onnx/model-file.js';
import { objectiveNodes, WEIGHT_NAMES, type ObjectiveInputs } from './nodes/objective-nodes.js';
import { planNodes, type PlanInputs, type Refit } from './nodes/plan-nodes.js';
import { productsIn, type Precision } from './emit/reduced-precision.js';
import { unrollPredictor } from './nodes/rollout-nodes.js';
import type { Savings } from './graph/value-table.js';
import { wholeOf } from './trace/split-value.js';
import { TracedGraph } from './trace/trace-graph.js';
import type { Value } from './graph/value.js';

/** What of a model goes into a rollout graph. */
export interface RolloutSources {
  readonly latent: LatentSpec;
  readonly history: HistorySpec;
  readonly action: ActionSpec;
  /** What the locations of their data are relative to; without it, the ONNX files must hold all their data themselves. */
  readonly folder?: string;
  /** ONNX files, with what to call them in an error. */
  readonly predictor: { readonly bytes: Uint8Array; readonly subject: string };
  readonly distance: { readonly bytes: Uint8Array; readonly subject: string } | null;
}

/** What is fixed in a rollout graph. Candidates, goal, weights and joint limits are inputs: they change without compiling again. */
export interface RolloutRequest {
  readonly objective: ObjectiveSpec;
  /** Predictor steps (H). */
  readonly horizon: number;
  readonly precision: Precision;
  /** All of them unless given. */
  readonly savings?: Savings;
}

/**
 * Compiles a model's predictor and an objective into one graph. Design: docs/adr/0003.
 *
 * Inputs of both variants: `history [1, C, T, D]`, `goal [1, T, D]`, `weight_<name> []` for {@link WEIGHT_NAMES}, `joint_position [J]`,
 * `least_sums` and `largest_sums` `[K * J]`, see {@link LimitSums}; the last three only where the actions tell where the joints will be.
 */
export class RolloutCompiler {
  readonly #sources: RolloutSources;
  readonly #predictor: TracedGraph;
  readonly #distance: TracedGraph | null;

  /** @throws JepaMpcError `model.unreadable`, `model.missing-file` or `model.unsupported` */
  constructor(sources: RolloutSources) {
    const { folder } = sources;
    const traced = ({ bytes, subject }: { bytes: Uint8Array; subject: string }): TracedGraph => {
      const external = folder === undefined ? null : new ExternalData(folder, subject);
      return new TracedGraph(readModel(bytes, subject), subject, external);
    };
    this.#sources = sources;
    this.#predictor = traced(sources.predictor);
    this.#distance = sources.distance === null ? null : traced(sources.distance);
  }

  /**
   * The `iteration` variant: `candidates [N, K, J]` in, `costs [N]` out.
   *
   * @throws JepaMpcError `model.unsupported` for a graph or an objective that cannot be compiled
   */
  iteration(request: RolloutRequest): Uint8Array {
    const { builder, inputs, costs } = this.#iteration(request);
    return write(builder, request, inputs, new Map([['costs', costs]]));
  }

  /**
   * Bytes that the `iteration` variant holds for each candidate at most, as far as it can be known: candidate-memory.ts.
   *
   * @throws JepaMpcError as `iteration`
   */
  bytesPerCandidate(request: RolloutRequest): number {
    const { builder, costs } = this.#iteration(request);
    return peakBytesPerCandidate(builder, costs);
  }

  /**
   * The `plan` variant: noise of all iterations in, action sequence and statistics out; inputs and outputs as {@link PlanInputs} and
   * {@link PlanOutputs}, outputs with the prefix `plan_`.
   *
   * @throws JepaMpcError `model.unsupported` for a graph or an objective that cannot be compiled
   */
  plan(request: RolloutRequest, refit: Refit): Uint8Array {
    const builder = new GraphBuilder(request.savings);
    const sequence = this.#sequence(request);
    const row = (name: string): Value => builder.input(name, 'float32', sequence);
    const scalar = (name: string): Value => builder.input(name, 'float32', []);
    const inputs: PlanInputs = {
      noise: builder.input('noise', 'float32', [ITERATIONS, CANDIDATES, ...sequence]),
      mean: row('mean'),
      std: row('std'),
      lower: row('lower'),
      upper: row('upper'),
      minStd: row('minStd'),
      halfRange: row('halfRange'),
      elites: builder.input('elites', 'int64', [1]),
      momentum: scalar('momentum'),
      temperature: scalar('temperature'),
      earlyStopStd: scalar('earlyStopStd'),
    };
    const shared = this.#sharedInputs(builder, this.#sequence(request));
    builder.countCandidatesFrom(inputs.noise, 1);
    const outputs = planNodes(builder, refit, inputs, (candidates) =>
      this.#costs(builder, request, shared, candidates),
    );
    const named = Object.entries(outputs).map(([name, value]): [string, Value] => [
      `plan_${name}`,
      value as Value,
    ]);
    return write(builder, request, [...Object.values<Value>({ ...inputs }), ...shared.all], new Map(named));
  }

  #iteration(request: RolloutRequest): {
    readonly builder: GraphBuilder;
    readonly inputs: readonly Value[];
    readonly costs: Value;
  } {
    const builder = new GraphBuilder(request.savings);
    const candidates = builder.input('candidates', 'float32', [CANDIDATES, ...this.#sequence(request)]);
    const shared = this.#sharedInputs(builder, this.#sequence(request));
    builder.countCandidatesFrom(candidates);
    const costs = this.#costs(builder, request, shared, candidates);
    return { builder, inputs: [candidates, ...shared.all], costs };
  }

  /** `[K, A]` */
  #sequence({ horizon }: RolloutRequest): readonly [number, number] {
    const { block, names } = this.#sources.action;
    return [horizon * block, names.length];
  }

  #sharedInputs(builder: GraphBuilder, [periods, numbers]: readonly [number, number]): SharedInputs {
    const { latent, history, action } = this.#sources;
    const { tokens, dim } = latent;
    const frames = builder.input('history', 'float32', [1, contextFrames(history), tokens, dim]);
    const goal = builder.input('goal', 'float32', [1, tokens, dim]);
    const weightEntries = WEIGHT_NAMES.map(
      (name) => [name, builder.input(`weight_${name}`, 'float32', [])] as const,
    );
    const weights = Object.fromEntries(weightEntries) as SharedInputs['weights'];
    const all = [frames, goal, ...weightEntries.map(([, value]) => value)];
    if (jointTravel(action) === null) return { frames, goal, weights, joints: null, all };
    const position = builder.input('joint_position', 'float32', [numbers]);
    const least = builder.input('least_sums', 'float32', [periods * numbers]);
    const largest = builder.input('largest_sums', 'float32', [periods * numbers]);
    return {
      frames,
      goal,
      weights,
      joints: { position, least, largest },
      all: [...all, position, least, largest],
    };
  }

  #costs(
    builder: GraphBuilder,
    { objective, horizon }: RolloutRequest,
    shared: SharedInputs,
    actions: Value,
  ): Value {
    const { action } = this.#sources;
    const distance = this.#distance;
    const latents = unrollPredictor(builder, this.#predictor, this.#sources, horizon, shared.frames, actions);
    const goal = builder.forAllCandidates(shared.goal);
    const temporalDistance = (latent: Value): Value => {
      builder.origin = 'distance';
      const inputs = new Map([
        ['latent', latent],
        ['goal', goal],
      ]);
      return builder.reshape(wholeOf(builder, distance === null ? latent : distance.trace(builder, inputs)), [
        CANDIDATES,
      ]);
    };
    const costs = objectiveNodes(builder, objective, action, {
      latents,
      goal: shared.goal,
      actions,
      weights: shared.weights,
      joints: shared.joints,
      temporalDistance: distance === null ? null : temporalDistance,
    });
    return builder.expand(costs, [CANDIDATES]);
  }
}

interface SharedInputs {
  readonly frames: Value;
  readonly goal: Value;
  readonly weights: ObjectiveInputs['weights'];
  readonly joints: ObjectiveInputs['joints'];
  readonly all: readonly Value[];
}

function write(
  builder: GraphBuilder,
  { precision }: RolloutRequest,
  inputs: readonly Value[],
  outputs: ReadonlyMap<string, Value>,
): Uint8Array {
  return writeModel(emitGraph(builder, 'rollout', inputs, outputs, productsIn(precision, builder)));
}
