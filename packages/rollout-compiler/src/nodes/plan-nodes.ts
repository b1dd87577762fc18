import { CANDIDATES, ELITES, ITERATIONS } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Value } from '../graph/value.js';

/**
 * How an iteration's candidates become the next distribution: elites that count alike and their deviation (CEM), weights that fall with the
 * cost and the old deviation (MPPI), or weights that fall with the rank and the deviation of the elites' steps from the old mean (CMA).
 */
export type Refit = 'elites' | 'weights' | 'steps';

/** What a plan starts from; all but the noise small. K = raw actions in a sequence, J = joints. */
export interface PlanInputs {
  /** Standard normal noise of every iteration `[I, N, K, J]`; I is how many there are at most. */
  readonly noise: Value;
  /** First mean and deviation, raw `[K, J]`. */
  readonly mean: Value;
  readonly std: Value;
  /** Bounds of each action `[K, J]`; equal where an action is decided already (committed, frozen). */
  readonly lower: Value;
  readonly upper: Value;
  /** Least deviation `[K, J]`. */
  readonly minStd: Value;
  /** Unit of the elites' agreement `[K, J]`. */
  readonly halfRange: Value;
  /** How many candidates decide, `[1]` int64. */
  readonly elites: Value;
  /** Share of the old mean and deviation that is kept `[]`. */
  readonly momentum: Value;
  /** Cost difference at which a weight falls by e `[]`; used by the refit `weights` alone. */
  readonly temperature: Value;
  /** The plan ends when all deviations of the elites are below this, in halves of the range `[]`; 0: never. */
  readonly earlyStopStd: Value;
}

/** What a plan comes to. */
export interface PlanOutputs {
  /** `[K, J]` */
  readonly mean: Value;
  readonly std: Value;
  /** The cheapest candidate of all iterations `[K, J]`, and what it costs `[1]`. */
  readonly best: Value;
  readonly bestCost: Value;
  /** Mean cost of the last iteration's elites `[1]`. */
  readonly meanCost: Value;
  /** Largest deviation of the last elites, in halves of the range `[1]`. */
  readonly elitesStd: Value;
  /** Iterations done `[1]`. */
  readonly iterations: Value;
  /** Costs of all candidates of each iteration `[I, N]`. */
  readonly costs: Value;
}

/** Costs from here on count as infinite. */
const LARGEST_COST = 3.4e38;

/**
 * All iterations of a sampling planner as one `Loop`: sample, roll out, score, refit. It is what planning/cem.ts, planning/mppi.ts and
 * planning/cma.ts do on the host, and their result for the same noise.
 *
 * @param costsOf costs `[N]` of candidates `[N, K, J]`
 */
export function planNodes(
  builder: GraphBuilder,
  refit: Refit,
  inputs: PlanInputs,
  costsOf: (candidates: Value) => Value,
): PlanOutputs {
  builder.origin = 'plan';
  const infinity = builder.floats([Infinity], [1]);
  const none = builder.floats([0], [1]);
  const rest = clamp(builder, builder.sub(inputs.mean, inputs.mean), inputs);
  const count = builder.reshape(
    builder.node('Shape', [inputs.noise], { start: 0, end: 1 }, 'int64', [1]),
    [],
  );
  const start = [clamp(builder, inputs.mean, inputs), inputs.std, rest, infinity, infinity, none, none];
  const { carried, listed } = builder.loop('plan', count, ITERATIONS, start, (round, before) => {
    const [mean, std, best, bestCost, , , iterations] = before as Seven;
    const candidates = sample(builder, inputs, round, { mean, std, best, rest, iterations });
    const costs = finiteOrInfinite(builder, costsOf(candidates));
    builder.origin = 'plan';
    const elites = selectElites(builder, inputs, candidates, costs);
    const next = refitTo(builder, refit, inputs, elites, { mean, std });
    const winner = builder.slice(elites.costs, 0, 0, 1);
    const isBetter = builder.binary('Less', winner, bestCost, 'bool');
    const cheapest = builder.reshape(builder.slice(elites.actions, 0, 0, 1), best.dims);
    const carriedOn = [
      next.mean,
      next.std,
      builder.where(isBetter, cheapest, best),
      builder.where(isBetter, winner, bestCost),
      next.meanCost,
      next.spread,
      builder.add(iterations, builder.floats([1], [1])),
    ];
    const goOn = builder.reshape(
      builder.binary('GreaterOrEqual', next.spread, inputs.earlyStopStd, 'bool'),
      [],
    );
    return { goOn, carried: carriedOn, listed: [costs] };
  });
  const [mean, std, best, bestCost, meanCost, elitesStd, iterations] = carried as Seven;
  return { mean, std, best, bestCost, meanCost, elitesStd, iterations, costs: listed[0] as Value };
}

type Seven = [Value, Value, Value, Value, Value, Value, Value];

/** What an iteration samples around, and what it is to try besides. */
interface Known {
  readonly mean: Value;
  readonly std: Value;
  readonly best: Value;
  readonly rest: Value;
  /** Done so far `[1]`. */
  readonly iterations: Value;
}

/**
 * Candidates `[N, K, J]`: the mean, the best so far (in the first iteration: resting), resting (in the first iteration: a sample), and
 * samples `mean + std * noise`; all inside the bounds.
 */
function sample(
  builder: GraphBuilder,
  inputs: PlanInputs,
  round: Value,
  { mean, std, best, rest, iterations }: Known,
): Value {
  const [periods = 1, joints = 1] = mean.dims;
  const noise = builder.node('Gather', [inputs.noise, round], { axis: 0 }, 'float32', [
    CANDIDATES,
    periods,
    joints,
  ]);
  const samples = builder.add(builder.mul(noise, std), mean);
  const asRow = (value: Value): Value => builder.reshape(value, [1, periods, joints]);
  // Not the number of the round: it is an int64 on the host, and few devices compare those.
  const first = builder.binary('Less', iterations, builder.floats([1], [1]), 'bool');
  const third = builder.where(first, builder.slice(samples, 0, 2, 3), asRow(rest));
  const others = builder.node(
    'Slice',
    [samples, builder.ints([3]), builder.ints([2 ** 31]), builder.ints([0])],
    {},
    'float32',
    samples.dims,
  );
  const rows = [asRow(mean), asRow(best), third, others];
  const all = builder.node('Concat', rows, { axis: 0 }, 'float32', samples.dims);
  return clamp(builder, all, inputs);
}

function clamp(builder: GraphBuilder, actions: Value, { lower, upper }: PlanInputs): Value {
  return builder.binary('Min', builder.binary('Max', actions, lower), upper);
}

/** A cost that is no number, or infinite either way, is the worst there is. */
function finiteOrInfinite(builder: GraphBuilder, costs: Value): Value {
  const isFinite = builder.binary('Less', builder.unary('Abs', costs), builder.scalar(LARGEST_COST), 'bool');
  return builder.where(isFinite, costs, builder.scalar(Infinity));
}

interface Elites {
  /** `[E, K, J]`, cheapest first. */
  readonly actions: Value;
  /** `[E]` */
  readonly costs: Value;
}

function selectElites(builder: GraphBuilder, inputs: PlanInputs, candidates: Value, costs: Value): Elites {
  const [lowest, places] = builder.nodes('TopK', [costs, inputs.elites], { axis: 0, largest: 0, sorted: 1 }, [
    { type: 'float32', dims: [ELITES] },
    { type: 'int64', dims: [ELITES] },
  ]) as [Value, Value];
  const actions = builder.node('Gather', [candidates, places], { axis: 0 }, 'float32', [
    ELITES,
    ...candidates.dims.slice(1),
  ]);
  return { actions, costs: lowest };
}

/** `[E]`: softmax of -(cost - least cost) / temperature. */
function softmaxWeights(builder: GraphBuilder, costs: Value, temperature: Value): Value {
  const excess = builder.div(builder.sub(builder.slice(costs, 0, 0, 1), costs), temperature);
  return builder.node('Softmax', [excess], { axis: -1 }, 'float32', costs.dims);
}

/**
 * `[E]`: log(n + 1/2) - log(rank), with sum 1, over the n elites that count.
 *
 * @param counted 1 for an elite that counts, 0 for one that does not; those come last
 */
function logRankWeights(builder: GraphBuilder, counted: Value): Value {
  const axis = builder.constant({ type: 'int64', dims: [], data: Float64Array.of(0) });
  const rank = builder.node('CumSum', [counted, axis], {}, 'float32', counted.dims);
  const least = builder.unary(
    'Log',
    builder.add(builder.reduce('ReduceSum', counted, [0], true), builder.scalar(0.5)),
  );
  const weights = builder.mul(counted, builder.sub(least, builder.unary('Log', rank)));
  return builder.div(weights, builder.reduce('ReduceSum', weights, [0], true));
}

interface Distribution {
  readonly mean: Value;
  readonly std: Value;
}

/** Weighted mean and deviation of the elites, with the shares of the old ones that momentum keeps. */
function refitTo(
  builder: GraphBuilder,
  refit: Refit,
  inputs: PlanInputs,
  elites: Elites,
  before: Distribution,
): Distribution & { readonly meanCost: Value; readonly spread: Value } {
  const one = builder.scalar(1);
  const isFinite = builder.binary('Less', elites.costs, builder.scalar(LARGEST_COST), 'bool');
  const counted = builder.cast(isFinite, 'float32');
  const alike = builder.div(counted, builder.reduce('ReduceSum', counted, [0], true));
  const weights = {
    elites: () => alike,
    weights: () => softmaxWeights(builder, elites.costs, inputs.temperature),
    steps: () => logRankWeights(builder, counted),
  }[refit]();
  const spreadOut = builder.reshape(weights, [ELITES, 1, 1]);
  const mean = builder.reduce('ReduceSum', builder.mul(spreadOut, elites.actions), [0], false);
  const squaresAbout = (centre: Value): Value => {
    const deviation = builder.sub(elites.actions, centre);
    return builder.reduce('ReduceSum', builder.mul(spreadOut, builder.mul(deviation, deviation)), [0], false);
  };
  // Reliability weights: with equal ones the usual n - 1. One candidate alone says nothing of the spread.
  const freedom = builder.sub(one, builder.reduce('ReduceSum', builder.mul(weights, weights), [0], true));
  const isSpread = builder.binary('Greater', freedom, builder.scalar(1e-6), 'bool');
  const divided = builder.div(squaresAbout(mean), builder.binary('Max', freedom, builder.scalar(1e-6)));
  const std = builder.where(isSpread, builder.unary('Sqrt', divided), builder.scalar(0));
  const kept = (old: Value, own: Value): Value =>
    builder.add(builder.mul(inputs.momentum, old), builder.mul(builder.sub(one, inputs.momentum), own));
  // An infinite cost times no weight would be no number.
  const costs = builder.where(isFinite, elites.costs, builder.scalar(0));
  return {
    // Rounding of the weights must not carry a decided action off its value.
    mean: clamp(builder, kept(before.mean, mean), inputs),
    std: {
      elites: () => builder.binary('Max', kept(before.std, std), inputs.minStd),
      weights: () => before.std,
      steps: () => {
        const steps = builder.unary('Sqrt', squaresAbout(before.mean));
        return builder.binary('Max', kept(before.std, steps), inputs.minStd);
      },
    }[refit](),
    meanCost: builder.reduce('ReduceSum', builder.mul(alike, costs), [0], true),
    spread: builder.reshape(
      builder.reduce('ReduceMax', builder.div(std, inputs.halfRange), [0, 1], false),
      [1],
    ),
  };
}
