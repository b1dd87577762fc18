import { at, CANDIDATES, ELITES, ITERATIONS } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Value } from '../graph/value.js';

/**
 * How the elites of an iteration become the next distribution:
 *
 * - `elites` (CEM): equal weights; the standard deviation of the elites.
 * - `weights` (MPPI): weights that fall with the cost; the standard deviation stays as it is.
 * - `steps` (CMA): weights that fall with the rank; the root mean square of the elites' steps from the old mean.
 */
export type Refit = 'elites' | 'weights' | 'steps';

/** Inputs of a plan. K: raw actions in a sequence; A: numbers of an action. Actions are raw, in the unit of the model's actions. */
export interface PlanInputs {
  /** Standard normal noise of every iteration `[I, N, K, A]`; I: maximum number of iterations. */
  readonly noise: Value;
  /** Mean and standard deviation that the first iteration samples from `[K, A]`. */
  readonly mean: Value;
  readonly std: Value;
  /** Bounds of each action `[K, A]`; equal where an action is fixed (committed or frozen). */
  readonly lower: Value;
  readonly upper: Value;
  /** Minimum standard deviation `[K, A]`. */
  readonly minStd: Value;
  /** Half the range of each action `[K, A]`: the unit in which {@link earlyStopStd} and `elitesStd` measure. */
  readonly halfRange: Value;
  /** Number of elites, `[1]` int64. */
  readonly elites: Value;
  /** Share of the old mean and standard deviation that a refit keeps `[]`, 0 to below 1. */
  readonly momentum: Value;
  /** Cost difference at which a weight falls by a factor of e `[]`; used by the refit `weights` alone. */
  readonly temperature: Value;
  /** The plan ends when all standard deviations of the elites are below this, in half ranges `[]`; 0: never. */
  readonly earlyStopStd: Value;
}

/** State that one iteration hands to the next. */
interface PlanState {
  /** Distribution that the next iteration samples from `[K, A]`. */
  readonly mean: Value;
  readonly std: Value;
  /** The cheapest candidate so far `[K, A]`, and its cost `[1]`. */
  readonly best: Value;
  readonly bestCost: Value;
  /** Mean cost of the last iteration's elites `[1]`. */
  readonly meanCost: Value;
  /** Largest standard deviation of the last iteration's elites, in half ranges `[1]`. */
  readonly elitesStd: Value;
  /** Iterations done `[1]`, float32. */
  readonly iterations: Value;
}

/** Outputs of a plan: the state after the last iteration, and what there was in each. */
export interface PlanOutputs extends PlanState {
  /** {@link PlanState.elitesStd} of each iteration `[I, 1]`. */
  readonly elitesStdByIteration: Value;
  /** Costs of all candidates of each iteration `[I, N]`. */
  readonly costs: Value;
}

/** The order in which a loop carries the state. */
const STATE = [
  'mean',
  'std',
  'best',
  'bestCost',
  'meanCost',
  'elitesStd',
  'iterations',
] as const satisfies readonly (keyof PlanState)[];

/** Costs from here on count as infinite. */
const MAX_COST = 3.4e38;

/**
 * Declares the inputs of a plan in a graph, each under its name in {@link PlanInputs}.
 *
 * @param periods K
 * @param numbers A
 */
export function planInputs(builder: GraphBuilder, periods: number, numbers: number): PlanInputs {
  const sequence = (name: string): Value => builder.input(name, 'float32', [periods, numbers]);
  const scalar = (name: string): Value => builder.input(name, 'float32', []);
  return {
    noise: builder.input('noise', 'float32', [ITERATIONS, CANDIDATES, periods, numbers]),
    mean: sequence('mean'),
    std: sequence('std'),
    lower: sequence('lower'),
    upper: sequence('upper'),
    minStd: sequence('minStd'),
    halfRange: sequence('halfRange'),
    elites: builder.input('elites', 'int64', [1]),
    momentum: scalar('momentum'),
    temperature: scalar('temperature'),
    earlyStopStd: scalar('earlyStopStd'),
  };
}

/**
 * All iterations of a sampling planner as one `Loop`: sample, roll out, score, refit. For the same noise it computes what the planners `cem`,
 * `mppi` and `cma` compute on the host; tests/unit/model/compiled-planners.test.ts compares them.
 *
 * @param costsOf costs `[N]` of candidates `[N, K, A]`
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
  const start: PlanState = {
    mean: clamp(builder, inputs.mean, inputs),
    std: inputs.std,
    best: rest,
    bestCost: infinity,
    meanCost: infinity,
    elitesStd: none,
    iterations: none,
  };
  const { carried, listed } = builder.loop('plan', count, ITERATIONS, inLoopOrder(start), (round, before) => {
    const { mean, std, best, bestCost, iterations } = fromLoopOrder(before);
    const candidates = sample(builder, inputs, round, { mean, std, best, iterations }, rest);
    const costs = finiteOrInfinite(builder, costsOf(candidates));
    builder.origin = 'plan';
    const elites = selectElites(builder, inputs, candidates, costs);
    const next = refitTo(builder, refit, inputs, elites, { mean, std });
    const winner = builder.slice(elites.costs, 0, 0, 1);
    const isBetter = builder.binary('Less', winner, bestCost, 'bool');
    const cheapest = builder.reshape(builder.slice(elites.actions, 0, 0, 1), best.dims);
    const after: PlanState = {
      ...next,
      best: builder.where(isBetter, cheapest, best),
      bestCost: builder.where(isBetter, winner, bestCost),
      iterations: builder.add(iterations, builder.floats([1], [1])),
    };
    const goOn = builder.reshape(
      builder.binary('GreaterOrEqual', next.elitesStd, inputs.earlyStopStd, 'bool'),
      [],
    );
    return { goOn, carried: inLoopOrder(after), listed: [costs, next.elitesStd] };
  });
  const [costs, elitesStdByIteration] = listed as [Value, Value];
  return { ...fromLoopOrder(carried), elitesStdByIteration, costs };
}

function inLoopOrder(state: PlanState): Value[] {
  return STATE.map((name) => state[name]);
}

function fromLoopOrder(values: readonly Value[]): PlanState {
  return Object.fromEntries(STATE.map((name, index) => [name, values[index]])) as unknown as PlanState;
}

/**
 * Candidates of one iteration, `[N, K, A]`, all inside the bounds: the mean; the best so far (in the first iteration: rest); rest (in the
 * first iteration: a sample); and samples `mean + std * noise`.
 *
 * @param round index of the iteration, `[]` int64
 * @param rest the sequence of actions that is nearest to 0 inside the bounds, `[K, A]`
 */
function sample(
  builder: GraphBuilder,
  inputs: PlanInputs,
  round: Value,
  { mean, std, best, iterations }: Pick<PlanState, 'mean' | 'std' | 'best' | 'iterations'>,
  rest: Value,
): Value {
  const [periods, numbers] = [at(mean.dims, 0), at(mean.dims, 1)];
  const noise = builder.node('Gather', [inputs.noise, round], { axis: 0 }, 'float32', [
    CANDIDATES,
    periods,
    numbers,
  ]);
  const samples = builder.add(builder.mul(noise, std), mean);
  const asRow = (value: Value): Value => builder.reshape(value, [1, periods, numbers]);
  // Not the index of the round: that is an int64 on the host, and few devices compare those.
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

/** A cost that is NaN or infinite, either way, counts as positive infinity. */
function finiteOrInfinite(builder: GraphBuilder, costs: Value): Value {
  const isFinite = builder.binary('Less', builder.unary('Abs', costs), builder.scalar(MAX_COST), 'bool');
  return builder.where(isFinite, costs, builder.scalar(Infinity));
}

interface Elites {
  /** `[E, K, A]`, cheapest first. */
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

/** `[E]`: softmax of `-(cost - minimum cost) / temperature`. */
function softmaxWeights(builder: GraphBuilder, costs: Value, temperature: Value): Value {
  const excess = builder.div(builder.sub(builder.slice(costs, 0, 0, 1), costs), temperature);
  return builder.node('Softmax', [excess], { axis: -1 }, 'float32', costs.dims);
}

/**
 * `[E]`: `log(n + 1/2) - log(rank)`, normalised to sum 1, over the n elites that count.
 *
 * @param counted 1 for an elite that counts, 0 for one that does not. The latter come last.
 */
function logRankWeights(builder: GraphBuilder, counted: Value): Value {
  const axis = builder.constant({ type: 'int64', dims: [], data: Float64Array.of(0) });
  const rank = builder.node('CumSum', [counted, axis], {}, 'float32', counted.dims);
  const logCount = builder.unary(
    'Log',
    builder.add(builder.reduce('ReduceSum', counted, [0], true), builder.scalar(0.5)),
  );
  const weights = builder.mul(counted, builder.sub(logCount, builder.unary('Log', rank)));
  return builder.div(weights, builder.reduce('ReduceSum', weights, [0], true));
}

/**
 * Weighted mean and standard deviation of the elites, with the share of the old ones that momentum keeps. Elites of infinite cost do not
 * count.
 */
function refitTo(
  builder: GraphBuilder,
  refit: Refit,
  inputs: PlanInputs,
  elites: Elites,
  before: Pick<PlanState, 'mean' | 'std'>,
): Pick<PlanState, 'mean' | 'std' | 'meanCost' | 'elitesStd'> {
  const one = builder.scalar(1);
  const isFinite = builder.binary('Less', elites.costs, builder.scalar(MAX_COST), 'bool');
  const counted = builder.cast(isFinite, 'float32');
  const equal = builder.div(counted, builder.reduce('ReduceSum', counted, [0], true));
  const weights = {
    elites: () => equal,
    weights: () => softmaxWeights(builder, elites.costs, inputs.temperature),
    steps: () => logRankWeights(builder, counted),
  }[refit]();
  const weightColumn = builder.reshape(weights, [ELITES, 1, 1]);
  const mean = builder.reduce('ReduceSum', builder.mul(weightColumn, elites.actions), [0], false);
  const squaresAbout = (centre: Value): Value => {
    const step = builder.sub(elites.actions, centre);
    return builder.reduce('ReduceSum', builder.mul(weightColumn, builder.mul(step, step)), [0], false);
  };
  // Reliability weights: with equal ones the usual n - 1. A single candidate has no spread.
  const freedom = builder.sub(one, builder.reduce('ReduceSum', builder.mul(weights, weights), [0], true));
  const isSpread = builder.binary('Greater', freedom, builder.scalar(1e-6), 'bool');
  const divided = builder.div(squaresAbout(mean), builder.binary('Max', freedom, builder.scalar(1e-6)));
  const std = builder.where(isSpread, builder.unary('Sqrt', divided), builder.scalar(0));
  const kept = (old: Value, own: Value): Value =>
    builder.add(builder.mul(inputs.momentum, old), builder.mul(builder.sub(one, inputs.momentum), own));
  // An infinite cost times a weight of 0 would be NaN.
  const costs = builder.where(isFinite, elites.costs, builder.scalar(0));
  return {
    // Rounding of the weights must not move a fixed action off its value.
    mean: clamp(builder, kept(before.mean, mean), inputs),
    std: {
      elites: () => builder.binary('Max', kept(before.std, std), inputs.minStd),
      weights: () => before.std,
      steps: () => {
        const steps = builder.unary('Sqrt', squaresAbout(before.mean));
        return builder.binary('Max', kept(before.std, steps), inputs.minStd);
      },
    }[refit](),
    meanCost: builder.reduce('ReduceSum', builder.mul(equal, costs), [0], true),
    elitesStd: builder.reshape(
      builder.reduce('ReduceMax', builder.div(std, inputs.halfRange), [0, 1], false),
      [1],
    ),
  };
}
