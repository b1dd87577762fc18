import { percent, rounded, type Rule, type Suggestion } from './rule.js';
import { median, type WindowFigures } from './window.js';

/** Planners whose distribution narrows from iteration to iteration. */
const NARROWING: ReadonlySet<unknown> = new Set(['cem', 'icem', 'cma']);

/** Standard deviation of the last elites, as a fraction of half the action range, from which the search has not settled. */
const SPREAD = 0.45;

/** Coefficient of variation of the costs of the first candidates below which the cost hardly depends on them. */
const FLAT = 0.01;

/** Share of the plan's actions at their bounds that makes a motion of full force. */
const AT_BOUNDS = 0.4;

/** No lower initial standard deviation is suggested. */
const MIN_INITIAL_STD = 0.1;

/** No more iterations are suggested. */
const MAX_ITERATIONS = 30;

/** Empty: the bounds of the model. */
function suggestModelBounds(parameter: string): (figures: WindowFigures) => Suggestion | null {
  return (figures) => {
    const present = figures.parameter(parameter);
    return Array.isArray(present) && present.length > 0
      ? { present: present as readonly number[], suggested: [] }
      : null;
  };
}

/** What is wrong with the search, or with what it searches by. */
export const searchRules = {
  elites_spread: {
    symptom: 'the last number of `elites_std_by_iteration` is not much lower than the first, or is high',
    when: (figures) => {
      if (!NARROWING.has(figures.parameter('planner')) || !figures.isUnderWay) return null;
      const spread = median(figures.lists('elites_std_by_iteration').map((list) => list.at(-1) ?? NaN));
      const iterations = Math.round(figures.median('iterations'));
      if (!(spread > SPREAD && iterations > 0)) return null;
      return `After ${String(iterations)} ${iterations === 1 ? 'iteration' : 'iterations'} the elites still differ by ${percent(spread)} of half the action range: the search ends before it has settled.`;
    },
    turns: [
      {
        parameter: 'sampling.iterations',
        direction: 'raise',
        suggest: (figures) => {
          const present = Math.round(figures.median('iterations'));
          const suggested = Math.min(MAX_ITERATIONS, Math.max(present + 2, 2 * present));
          return suggested > present ? { present, suggested } : null;
        },
      },
      {
        parameter: 'sampling.initial_std',
        direction: 'lower',
        suggest: (figures) => {
          const set = figures.setting('sampling.initial_std');
          const present = set > 0 ? set : NaN;
          const suggested = rounded(Math.max(MIN_INITIAL_STD, present / 2));
          return suggested < present ? { present, suggested } : null;
        },
      },
    ],
    why: 'The mean of elites that do not agree is a compromise between different motions.',
    page: 'tuning.md#planners',
  },
  flat_cost: {
    symptom: '`cost_cv` is near 0 while the goal is far',
    when: (figures) => {
      if (!figures.isUnderWay) return null;
      const variation = figures.median('cost_cv');
      if (!(variation < FLAT)) return null;
      return `The costs of the candidates differ by ${(100 * variation).toPrecision(2)} % only: whatever the robot does, the objective sees the goal equally far.`;
    },
    turns: [
      {
        parameter: 'objective.expression',
        direction: 'set',
        suggest: (figures) => {
          const present = figures.parameter('objective.expression');
          return typeof present === 'string' && present !== '' ? { present, suggested: '' } : null;
        },
      },
      {
        parameter: 'objective.metric',
        direction: 'set',
        suggest: (figures) => {
          const present = figures.parameter('objective.metric');
          if (present === undefined || present === 'model_default' || present === 'temporal_distance')
            return null;
          return { present, suggested: 'model_default' };
        },
      },
    ],
    besides:
      'Train a distance for this model (training/README.md), or set goals that are nearer (sub-goals).',
    why: 'Distances between latents are flat far from the goal; the search then follows noise. A learned distance is not flat.',
    page: 'objectives.md#distance-d_t-objectivemetric',
  },
  at_bounds: {
    symptom: '`actions_at_bounds` stays high',
    when: (figures) => {
      const share = figures.mean('actions_at_bounds');
      if (!(share > AT_BOUNDS)) return null;
      return `${percent(share)} of the planned actions are at their bounds: the robot moves with all that it may.`;
    },
    turns: [
      // Bounds that somebody has narrowed come first: the model allows more.
      { parameter: 'actions.lower', direction: 'set', suggest: suggestModelBounds('actions.lower') },
      { parameter: 'actions.upper', direction: 'set', suggest: suggestModelBounds('actions.upper') },
      {
        parameter: 'objective.action_weight',
        direction: 'raise',
        suggest: (figures) => {
          const set = figures.setting('objective.action_weight');
          // The effort is about the share of actions at their bounds: this makes it a tenth of the distance.
          const wanted = figures.median('goal_distance') / 10 / figures.mean('actions_at_bounds');
          const suggested = Math.min(
            figures.largest('objective.action_weight'),
            rounded(Math.max(wanted, set > 0 ? 2 * set : 0)),
          );
          return suggested > Math.max(0, set) ? { present: set, suggested } : null;
        },
      },
      {
        parameter: 'command.speed_scale',
        direction: 'lower',
        suggest: (figures) => {
          const present = figures.setting('command.speed_scale');
          return present > 0.5 ? { present, suggested: rounded(0.7 * present) } : null;
        },
      },
    ],
    besides:
      'Where the bounds are too narrow for the task, train with wider ones: they are those of the model.',
    why: 'Without a price, full force costs nothing: the motion is jerky, overshoots, and leaves the limits nothing to correct with.',
    page: 'objectives.md#terms-of-the-motion',
  },
} as const satisfies Readonly<Record<string, Rule>>;
