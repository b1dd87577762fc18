import { double, dynamic, type ValuesOf } from '../core/parameter.js';
import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  RestMemory,
  Rng,
} from '../core/ports.js';
import { ActionConstraints } from './action-constraints.js';
import type { PlannerModel } from './planner-definition.js';
import { restWithin } from './resting-sequence.js';
import { PairScorer } from './score-pair.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';

export const restParameters = {
  'rest.margin': dynamic(
    double({ min: -1, max: 1000000, default: -1 }),
    'unit of the cost',
    'A plan is followed only if it costs this much less than resting; otherwise the robot comes to rest instead of oscillating around its goal. -1 takes the model’s default, which applies to the model’s own objective alone. 0: every plan is followed.',
  ),
  'rest.patience_s': dynamic(
    double({ min: 0.01, max: 600, default: 1 }),
    's',
    'While the robot rests, rest.margin shrinks to 0 within this time, so that the robot moves on if it rested too early. Each time that it moves on in vain the time doubles, up to eight times the value.',
  ),
};

type RestValues = ValuesOf<typeof restParameters>;

/** When a plan is worth moving for. */
export interface RestOptions {
  /** A plan has to cost this much less than rest to be followed, in the unit of the objective, above 0. */
  readonly margin: number;
  /** A robot that has rested for this long moves for any plan that costs less than rest, ms, above 0. */
  readonly patienceMs: number;
}

/**
 * What the parameters ask for.
 *
 * @param modelMargin the model's default in the unit of the objective in force; 0 if it has none
 * @returns null if every plan is followed
 */
export function restOptions(values: RestValues, modelMargin: number): RestOptions | null {
  const given = values['rest.margin'];
  const margin = given >= 0 ? given : modelMargin;
  return margin === 0 ? null : { margin, patienceMs: values['rest.patience_s'] * 1000 };
}

/** Maximum duration of a move out of impatience, as a share of the patience: the margin grows back from 0 within it. */
const MOVE_SHARE = 1 / 3;

/** Each move out of impatience doubles the patience, up to this multiple of its first length. */
const MOST_STRETCH = 8;

/** Before the first plan, and after a move that was worth the whole margin. */
const PATIENT: RestMemory = { rested: false, used: 0, stretch: 1 };

/**
 * A planner that rests near the goal. The costs of a model are noisy: near the goal there is nearly always a plan that seems a little better
 * than rest, and a robot that follows it oscillates around its goal. This planner wraps another one. Its plan is rest unless the plan of the
 * other one is cheaper by a margin.
 *
 * A margin alone leaves a robot that rests too early where it is. So the margin shrinks to 0 while the robot rests. A plan that is followed
 * only because of that is a move out of impatience: it ends when the plans are worth less than a margin that grows back, and the
 * next rest may last twice as long. A robot that only ever finds noise therefore moves less and less.
 *
 * The result depends on (state, context, rng) alone, as far as that of the wrapped planner does.
 */
export class RestingPlanner implements Planner {
  readonly #planner: Planner;
  readonly #model: PlannerModel;
  readonly #scorer: PairScorer;
  readonly #options: RestOptions;
  readonly #constraints: ActionConstraints;

  /**
   * @param settings of the wrapped planner: rest has to obey the same constraints
   * @throws JepaMpcError `params.invalid`
   */
  constructor(
    planner: Planner,
    model: PlannerModel,
    scorer: CandidateScorer,
    settings: SamplingSettings,
    restOptions: RestOptions,
  ) {
    this.#planner = planner;
    this.#model = model;
    this.#options = restOptions;
    checkSamplingSettings(settings, model.action);
    this.#constraints = new ActionConstraints(model.action, settings);
    this.#scorer = new PairScorer(scorer, this.#constraints.size);
  }

  get name(): string {
    return this.#planner.name;
  }

  /** @throws JepaMpcError as the wrapped planner does */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const result = await this.#planner.plan(state, context, rng);
    const rest = restWithin(this.#constraints, this.#model.action, context);
    const [planCost, restCost] = await this.#scorer.score(context, result.actions, rest);
    const bestCost = Math.min(...[result.bestCost, planCost, restCost].filter(Number.isFinite));
    const memory = this.#decide(restCost - planCost, Number.isFinite(planCost), state);
    if (!memory.rested) return { ...result, bestCost, state: { ...result.state, rest: memory } };
    return {
      ...result,
      state: { ...result.state, mean: rest.slice(), rest: memory },
      actions: rest,
      bestCost,
    };
  }

  /**
   * Whether to rest, and what to remember.
   *
   * @param gain how much cheaper than rest the plan is; NaN if a cost is NaN
   */
  #decide(gain: number, isPlanFinite: boolean, state: PlannerState | null): RestMemory {
    const { margin } = this.#options;
    const { rested, used, stretch } = this.#aged(state);
    if (gain > margin || (Number.isNaN(gain) && isPlanFinite)) return PATIENT;
    if (gain > margin * (1 - used)) {
      if (!rested) return { rested, used, stretch };
      return { rested: false, used: 1, stretch: Math.min(2 * stretch, MOST_STRETCH) };
    }
    return { rested: true, used: rested ? used : 0, stretch };
  }

  /** The memory of the last plan, aged: rest uses patience up, and a move out of impatience restores it. */
  #aged(state: PlannerState | null): RestMemory {
    const memory = state?.rest ?? PATIENT;
    const patiences = Math.max(0, state?.ageMs ?? 0) / this.#options.patienceMs;
    const change = memory.rested ? patiences / memory.stretch : -patiences / MOVE_SHARE;
    return { ...memory, used: Math.min(Math.max(0, memory.used + change), 1) };
  }
}
