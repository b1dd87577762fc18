import sharp from 'sharp';
import {
  colourOf,
  GREY,
  GRID_GREY,
  linearScale,
  svgInterval,
  svgLine,
  svgPicture,
  svgText,
  ticksTo,
} from '../plot/svg.js';
import type { Evaluation, ProfileFigures } from './result.js';

const PANEL_PX = { width: 300, height: 260 };
const MARGIN_PX = { left: 52, right: 16, top: 72, bottom: 40 };
/** A longer name would run into that of the next profile. */
const MAX_LABEL = 14;

/** One marker with its interval; null: nothing to show. */
type Point = { readonly value: number; readonly interval: readonly [number, number] } | null;

interface Panel {
  readonly title: string;
  /** Top of the axis; null: the largest value. */
  readonly highest: number | null;
  readonly pointOf: (profile: ProfileFigures) => Point;
}

const ofQuartiles = ({ p25, p50, p75 }: { p25: number; p50: number; p75: number }): Point => ({
  value: p50,
  interval: [p25, p75],
});

const PANELS: readonly Panel[] = [
  {
    title: 'success [%], 95 % interval',
    highest: 100,
    pointOf: ({ successRate, successInterval95: [low, high] }) => ({
      value: successRate * 100,
      interval: [low * 100, high * 100],
    }),
  },
  {
    title: 'time to goal [s], quartiles',
    highest: null,
    pointOf: ({ timeToGoalS }) => (timeToGoalS === null ? null : ofQuartiles(timeToGoalS)),
  },
  { title: 'effort [s], quartiles', highest: null, pointOf: ({ effort }) => ofQuartiles(effort) },
  {
    title: 'plan [ms], median and 95 %',
    highest: null,
    pointOf: ({ planMs }) => ({ value: planMs.p50, interval: [planMs.p50, planMs.p95] }),
  },
];

/** A PNG with a panel for each figure and a marker for each profile. */
export async function plotEvaluation(evaluation: Evaluation): Promise<Buffer> {
  const { episodes, seed, simulator, robot, model, task, machine } = evaluation;
  const svg = svgPicture(PANELS.length * PANEL_PX.width, PANEL_PX.height + MARGIN_PX.top, [
    svgText(
      MARGIN_PX.left,
      26,
      `${robot}, model ${model.name}, task ${task.name} in ${simulator}: ${episodes} episodes, seed ${seed}`,
      {
        size: 17,
      },
    ),
    svgText(MARGIN_PX.left, 46, machine, { size: 11, fill: GREY }),
    ...PANELS.map((panel, index) => drawPanel(panel, index, evaluation.profiles)),
  ]);
  return sharp(Buffer.from(svg)).png().toBuffer();
}

function drawPanel(panel: Panel, index: number, profiles: readonly ProfileFigures[]): string {
  const left = index * PANEL_PX.width + MARGIN_PX.left;
  const right = (index + 1) * PANEL_PX.width - MARGIN_PX.right;
  const bottom = PANEL_PX.height + MARGIN_PX.top - MARGIN_PX.bottom;
  const points = profiles.map((profile) => panel.pointOf(profile));
  const ticks = ticksTo(panel.highest ?? Math.max(0, ...points.map((point) => point?.interval[1] ?? 0)));
  const y = linearScale([0, ticks.at(-1) ?? 1], [bottom, MARGIN_PX.top]);
  const step = (right - left) / profiles.length;
  const grid = ticks.flatMap((tick) => [
    svgLine(left, y(tick), right, y(tick), GRID_GREY),
    svgText(left - 6, y(tick) + 4, tick, { anchor: 'end', size: 11, fill: GREY }),
  ]);
  const drawn = points.flatMap((point, run) => {
    const x = left + (run + 0.5) * step;
    const name = profiles[run]?.name ?? '';
    const label = name.length > MAX_LABEL ? `${name.slice(0, MAX_LABEL - 1)}…` : name;
    const title = svgText(x, bottom + 16, label, { anchor: 'middle', size: 11, fill: GREY });
    if (point === null) return [title];
    const [low, high] = point.interval;
    return [title, svgInterval(x, y(point.value), [y(low), y(high)], colourOf(run))];
  });
  const title = svgText((left + right) / 2, bottom + 34, panel.title, { anchor: 'middle' });
  return [...grid, ...drawn, title].join('');
}
