import {
  contextFrames,
  type ActionSpec,
  type HistorySpec,
  type LatentSpec,
} from '../../../../src/core/model-spec.js';
import { at, CANDIDATES } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { wholeOf, type Traced } from '../trace/split-value.js';
import type { TracedGraph } from '../trace/trace-graph.js';
import type { Value } from '../graph/value.js';

/** The parts of a manifest that shape a rollout. */
export interface RolloutModel {
  readonly latent: LatentSpec;
  readonly history: HistorySpec;
  readonly action: ActionSpec;
}

/**
 * Unrolls the predictor over the horizon. Each step sees the window of latents before it (context frames first, then its own predictions)
 * and the actions that leave them.
 *
 * @param horizon number of predictor steps (H)
 * @param history latents of the context frames, oldest first, `[1, C, T, D]`
 * @param actions raw actions `[N, K, A]`, K = H * block
 * @returns the predicted latents of each step, `[N, T, D]`
 * @throws JepaMpcError `model.unsupported` for what the compiler cannot follow
 */
export function unrollPredictor(
  builder: GraphBuilder,
  predictor: TracedGraph,
  { latent, history: spec, action }: RolloutModel,
  horizon: number,
  history: Value,
  actions: Value,
): Value[] {
  const { tokens, dim } = latent;
  builder.origin = 'actions';
  const blocks = normalisedBlocks(builder, action, horizon, actions);
  const frames = Array.from({ length: contextFrames(spec) }, (_, frame) =>
    builder.forAllCandidates(builder.slice(history, 1, frame, frame + 1)),
  );
  const latents: Value[] = [];
  for (let step = 0; step < horizon; step++) {
    builder.origin = `predictor/${String(step)}`;
    builder.beginStep();
    const first = Math.max(0, frames.length - spec.window);
    const seen = frames.slice(first);
    const inputs = new Map<string, Traced>([
      ['history', alongTime(seen)],
      [
        'actions',
        spec.actions === 'paired'
          ? alongTime(blocks.slice(first, first + seen.length))
          : newest(builder, blocks, step),
      ],
    ]);
    const next = builder.reshape(wholeOf(builder, predictor.trace(builder, inputs)), [
      CANDIDATES,
      tokens,
      dim,
    ]);
    latents.push(next);
    frames.push(builder.reshape(next, [CANDIDATES, 1, tokens, dim]));
  }
  return latents;
}

/** Frames of a window: in pieces if there are several. */
function alongTime(pieces: readonly Value[]): Traced {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : { axis: 1, pieces, isMerged: false };
}

/** Normalised actions of each step, `[N, 1, block * A]`. */
function normalisedBlocks(
  builder: GraphBuilder,
  action: ActionSpec,
  horizon: number,
  actions: Value,
): Value[] {
  const joints = action.names.length;
  const gain = builder.floats(
    action.std.map((std) => 1 / std),
    [joints],
  );
  const bias = builder.floats(
    action.std.map((std, joint) => -at(action.mean, joint) / std),
    [joints],
  );
  const model = builder.add(builder.mul(actions, gain), bias);
  const blocks = builder.reshape(model, [CANDIDATES, horizon, action.block * joints]);
  return Array.from({ length: horizon }, (_, step) => builder.slice(blocks, 1, step, step + 1));
}

/** The block of actions that leaves the newest latent, `[N, block * A]`. */
function newest(builder: GraphBuilder, blocks: readonly Value[], step: number): Value {
  const block = blocks[step] as Value;
  return builder.reshape(block, [CANDIDATES, at(block.dims, 2)]);
}
