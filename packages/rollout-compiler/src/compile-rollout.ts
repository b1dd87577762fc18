import {
  contextFrames,
  jointTravel,
  type ActionSpec,
  type HistorySpec,
  type LatentSpec,
} from '../../../src/core/model-spec.js';
import type { ObjectiveSpec } from '../../../src/core/objective-spec.js';
import { peakBytesPerCandidate } from './emit/candidate-memory.js';
import { CANDIDATES } from './graph/dims.js';
import { emitGraph } from './emit/emit-graph.js';
import { ExternalData } from './onnx/external-data.js';
import { GraphBuilder } from './graph/graph-builder.js';
import { readModel, writeModel } from './onnx/model-file.js';
import { objectiveNodes, WEIGHT_NAMES, type ObjectiveInputs } from './nodes/objective-nodes.js';
import { planInputs, planNodes, type Refit } from './nodes/plan-nodes.js';
import { productsIn, type Precision } from './emit/reduced-precision.js';
import { unrollPredictor } from './nodes/rollout-nodes.js';
import type { Savings } from './graph/value-table.js';
import { wholeOf } from './trace/split-value.js';
import { TracedGraph } from './trace/trace-graph.js';
import type { Value } from './graph/value.js';

/** The parts of a model that go into a rollout graph. */
export interface RolloutSources {
  readonly latent: LatentSpec;
  readonly history: HistorySpec;
  readonly action: ActionSpec;
  /** Folder that the locations of external data are relative to. Without it, the ONNX files must hold all their data. */
  readonly folder?: string;
  /** ONNX files; `subject` is what an error calls them. `distance` is null for a model without a temporal distance. */
  readonly predictor: { readonly bytes: Uint8Array; readonly subject: string };
  readonly distance: { readonly bytes: Uint8Array; readonly subject: string } | null;
}

/**
 * What is fixed in a rollout graph. Candidates, goal, weights and joint limits are inputs: they change without a new graph. The weights in
 * `objective` are not used.
 */
export interface RolloutRequest {
  readonly objective: ObjectiveSpec;
  /** Predictor steps (H). */
  readonly horizon: number;
  readonly precision: Precision;
  /** Defaults to all of them. */
  readonly savings?: Savings;
}

/**
 * Compiles the predictor of a model, a horizon and an objective into one ONNX graph. Design: docs/adr/0003-rollouts-are-compiled.md.
 *
 * N: candidates; H: predictor steps; K: raw actions in a sequence (H * block); A: numbers of an action; C: context frames; T, D: tokens of a
 * latent and numbers of a token. Both variants have these inputs, all float32:
 *
 * - `history [1, C, T, D]` and `goal [1, T, D]`, latents;
 * - `weight_<name> []` for each of {@link WEIGHT_NAMES};
 * - only if joint positions follow from the actions (then A is the number of joints): `joint_position [A]`, and `min_sums` and `max_sums`
 *   `[K * A]`, the bounds within which what positions are computed from ({@link ObjectiveInputs.joints}) keeps its distance from the limits.
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
   * The `iteration` variant: additional input `candidates [N, K, A]`, raw actions; output `costs [N]`.
   *
   * @returns an ONNX file
   * @throws JepaMpcError `model.unsupported` for a graph or an objective that cannot be compiled
   */
  iteration(request: RolloutRequest): Uint8Array {
    const { builder, inputs, costs } = this.#iteration(request);
    return write(builder, request, inputs, new Map([['costs', costs]]));
  }

  /**
   * Peak memory of the `iteration` variant per candidate, in bytes. An estimate: see {@link peakBytesPerCandidate}.
   *
   * @throws JepaMpcError as `iteration`
   */
  bytesPerCandidate(request: RolloutRequest): number {
    const { builder, costs } = this.#iteration(request);
    return peakBytesPerCandidate(builder, costs);
  }

  /**
   * The `plan` variant: a whole plan in one run. Additional inputs as in {@link PlanInputs}; outputs as in {@link PlanOutputs}, with the
   * prefix `plan_`.
   *
   * @returns an ONNX file
   * @throws JepaMpcError `model.unsupported` for a graph or an objective that cannot be compiled
   */
  plan(request: RolloutRequest, refit: Refit): Uint8Array {
    const builder = new GraphBuilder(request.savings);
    const inputs = planInputs(builder, ...this.#sequence(request));
    const shared = this.#sharedInputs(builder, request);
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
    const shared = this.#sharedInputs(builder, request);
    builder.countCandidatesFrom(candidates);
    const costs = this.#costs(builder, request, shared, candidates);
    return { builder, inputs: [candidates, ...shared.all], costs };
  }

  /** Shape of an action sequence, `[K, A]`. */
  #sequence({ horizon }: RolloutRequest): readonly [number, number] {
    const { block, names } = this.#sources.action;
    return [horizon * block, names.length];
  }

  #sharedInputs(builder: GraphBuilder, request: RolloutRequest): SharedInputs {
    const [periods, numbers] = this.#sequence(request);
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
    const minSums = builder.input('min_sums', 'float32', [periods * numbers]);
    const maxSums = builder.input('max_sums', 'float32', [periods * numbers]);
    return {
      frames,
      goal,
      weights,
      joints: { position, minSums, maxSums },
      all: [...all, position, minSums, maxSums],
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

/** Graph inputs that both variants have. */
interface SharedInputs {
  readonly frames: Value;
  readonly goal: Value;
  readonly weights: ObjectiveInputs['weights'];
  readonly joints: ObjectiveInputs['joints'];
  /** In the order in which the graph declares them. */
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
