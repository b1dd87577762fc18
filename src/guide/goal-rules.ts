import { rounded, type Rule } from './rule.js';
import { mean, median, type WindowFigures } from './window.js';

/** Near a goal: within this many times its tolerance, on average over the end of the window. */
const NEAR = 3;

/** Far from a goal: beyond this many times its tolerance. */
const FAR = 2;

/** Share of the plans of a window that may rest before the robot counts as resting. */
const RESTING = 0.5;

/** Share of successive distances that turn round (fall, then rise, or the other way) from which they oscillate. */
const TURNING = 0.2;

/** A goal is no nearer at the end of a window if its distance has fallen by less than this share. */
const PROGRESS = 0.1;

/** Mean distances of the first and the last third of the window. */
function thirds(figures: WindowFigures): readonly [first: number, last: number] {
  const distances = figures.series('goal_distance');
  const third = Math.max(1, Math.floor(distances.length / 3));
  return [mean(distances.slice(0, third)), mean(distances.slice(-third))];
}

function makesProgress(figures: WindowFigures): boolean {
  const [first, last] = thirds(figures);
  return last < (1 - PROGRESS) * first;
}

/**
 * Share of the distances at which they turn round. Changes of less than a tenth of the tolerance are noise, and do not count.
 */
function turning(figures: WindowFigures): number {
  const distances = figures.series('goal_distance');
  const noise = figures.setting('goal.tolerance') / 10;
  let turns = 0;
  let direction = 0;
  let [extreme = NaN] = distances;
  for (const distance of distances) {
    const change = distance - extreme;
    if (direction === 0 ? Math.abs(change) > noise : change * direction < -noise) {
      if (direction !== 0) turns += 1;
      direction = Math.sign(change);
      extreme = distance;
    } else if (change * direction > 0) extreme = distance;
  }
  return turns / distances.length;
}

/** What is wrong at the goal, or on the way to it. */
export const goalRules = {
  oscillation: {
    symptom:
      'the robot oscillates about its goal: `goal_distance` falls and rises near 0, and `rests` stays 0',
    when: (figures) => {
      const tolerance = figures.setting('goal.tolerance');
      const [, last] = thirds(figures);
      if (!(last <= NEAR * tolerance) || figures.mean('rests') > RESTING || makesProgress(figures))
        return null;
      const share = turning(figures);
      if (!(share > TURNING)) return null;
      return `The robot does not come to rest at its goal: the distance turns round ${String(Math.round(share * figures.count))} times in ${String(figures.count)} plans, about ${last.toPrecision(2)}.`;
    },
    turns: [
      {
        parameter: 'rest.margin',
        direction: 'raise',
        suggest: (figures) => {
          const present = figures.setting('rest.margin');
          // How much less than rest a plan seems to cost where there is nothing to gain.
          const gains = figures.differences('cost_rest', 'cost_total');
          const half = Math.min(figures.largest('rest.margin'), rounded(Math.max(...gains) / 2));
          // -1: the model's own margin.
          const suggested = half > present && half > 0 ? half : -1;
          return suggested === present ? null : { present, suggested };
        },
      },
      {
        parameter: 'objective.action_weight',
        direction: 'raise',
        suggest: (figures) => {
          const present = figures.setting('objective.action_weight');
          const suggested = Math.min(
            figures.largest('objective.action_weight'),
            present === 0 ? 0.1 : rounded(2 * present),
          );
          return present >= 0 && suggested > present ? { present, suggested } : null;
        },
      },
      {
        parameter: 'planning.latency',
        direction: 'set',
        suggest: (figures) => {
          const present = figures.parameter('planning.latency');
          return present === 'fixed' ? { present, suggested: 'measured' } : null;
        },
      },
    ],
    why: 'The costs of a model are noisy: near the goal some plan nearly always seems a little better than rest. A delay that the plans do not reckon with does the same.',
    page: 'objectives.md#rest-restmargin',
  },
  rests_far: {
    symptom: 'the robot rests too far from its goal: `rests` is 1 and `goal_distance` above `goal.tolerance`',
    when: (figures) => {
      const distance = figures.newest('goal_distance');
      const isFar = distance > FAR * figures.setting('goal.tolerance');
      if (!isFar || !(figures.mean('rests') > RESTING) || makesProgress(figures)) return null;
      return `The robot rests ${distance.toPrecision(2)} from its goal, beyond the tolerance of ${String(figures.setting('goal.tolerance'))}: no plan seems worth moving for.`;
    },
    turns: [
      {
        parameter: 'rest.margin',
        direction: 'lower',
        suggest: (figures) => {
          const present = figures.setting('rest.margin');
          const gain = median(figures.differences('cost_rest', 'best_cost'));
          const suggested = Math.min(figures.largest('rest.margin'), rounded(Math.max(0, gain / 2)));
          // -1 is the model's own margin, which is not known here: any value is worth a try.
          if (!Number.isFinite(suggested) || (present >= 0 && suggested >= present)) return null;
          return { present, suggested };
        },
      },
      {
        parameter: 'rest.patience_s',
        direction: 'lower',
        suggest: (figures) => {
          const present = figures.setting('rest.patience_s');
          return present > 0.2 ? { present, suggested: rounded(present / 2) } : null;
        },
      },
    ],
    why: 'A plan is followed only if it costs less than rest by the margin. A margin that is larger than what a plan can gain keeps the robot where it is.',
    page: 'objectives.md#rest-restmargin',
  },
  stalled: {
    symptom: '`goal_distance` falls, then stops far from the goal, and the robot still moves',
    when: (figures) => {
      const [, last] = thirds(figures);
      const isFar = last > FAR * NEAR * figures.setting('goal.tolerance');
      if (!isFar || figures.mean('rests') > RESTING || makesProgress(figures)) return null;
      return `The robot moves, and its goal stays ${last.toPrecision(2)} away.`;
    },
    turns: [
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
      {
        parameter: 'sampling.horizon',
        direction: 'raise',
        suggest: (figures) => {
          const present = figures.setting('sampling.horizon');
          const suggested = Math.min(figures.largest('sampling.horizon'), 2 * present);
          return suggested > present ? { present, suggested } : null;
        },
      },
      {
        parameter: 'sampling.samples',
        direction: 'raise',
        suggest: (figures) => {
          const present = figures.newest('samples');
          const suggested = Math.min(figures.largest('sampling.samples'), Math.round(2 * present));
          return suggested > present ? { present, suggested } : null;
        },
      },
    ],
    besides: 'A learned distance (training/README.md), or sub-goals on the way.',
    why: 'A plan that ends before the way round is done sees no gain in beginning it, and a distance that is flat shows no way at all.',
    page: 'objectives.md#distance-d_t-objectivemetric',
  },
} as const satisfies Readonly<Record<string, Rule>>;
