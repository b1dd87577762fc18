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
import type { Sweep, SweepFigures, SweptParameter } from './result.js';

const WIDTH_PX = 560;
const PANEL_PX = { top: [44, 172], bottom: [208, 336] } as const;
const MARGIN_PX = { left: 56, right: 20 };
const HEIGHT_PX = 396;

interface Panel {
  readonly title: string;
  readonly ys: readonly [top: number, bottom: number];
  readonly highest: number;
  readonly of: (
    figures: SweepFigures,
  ) => { readonly value: number; readonly interval: readonly [number, number] } | null;
}

/**
 * An SVG: success and time to goal against the values of one parameter, evenly spaced in their order. Dashed: the profile as it is.
 *
 * @param swept at least one point
 */
export function plotParameter(sweep: Sweep, swept: SweptParameter): string {
  const all = [...swept.points, ...(sweep.base === null ? [] : [sweep.base])];
  const panels: readonly Panel[] = [
    {
      title: 'success [%]',
      ys: PANEL_PX.top,
      highest: 100,
      of: ({ successRate, successInterval95: [low, high] }) => ({
        value: successRate * 100,
        interval: [low * 100, high * 100],
      }),
    },
    {
      title: 'median time to goal [s]',
      ys: PANEL_PX.bottom,
      highest: Math.max(0, ...all.map(({ timeToGoalS }) => timeToGoalS?.interval95[1] ?? 0)),
      of: ({ timeToGoalS }) =>
        timeToGoalS === null ? null : { value: timeToGoalS.median, interval: timeToGoalS.interval95 },
    },
  ];
  const step = (WIDTH_PX - MARGIN_PX.left - MARGIN_PX.right) / swept.points.length;
  const xs = swept.points.map((_, index) => MARGIN_PX.left + (index + 0.5) * step);
  const unit = swept.unit === '' || swept.unit === '1' ? '' : ` [${swept.unit}]`;
  const conditions = [
    sweep.simulator,
    sweep.robot,
    `model ${sweep.model.name}`,
    `task ${sweep.task.name}`,
    ...sweep.imperfections,
  ].join(', ');
  return svgPicture(WIDTH_PX, HEIGHT_PX, [
    svgText(MARGIN_PX.left, 24, `${swept.name}${unit}`, { size: 16 }),
    ...panels.map((panel) => drawPanel(panel, xs, swept, sweep.base)),
    ...swept.points.map(({ value }, index) =>
      svgText(xs[index] ?? 0, PANEL_PX.bottom[1] + 18, String(value), { anchor: 'middle', size: 12 }),
    ),
    svgText(
      MARGIN_PX.left,
      HEIGHT_PX - 22,
      `${sweep.episodes} episodes a value, seed ${sweep.seed}; 95 % intervals; dashed: the profile as it is`,
      { size: 10, fill: GREY },
    ),
    svgText(MARGIN_PX.left, HEIGHT_PX - 8, conditions, { size: 10, fill: GREY }),
  ]);
}

function drawPanel(
  { title, ys: [top, bottom], highest, of }: Panel,
  xs: readonly number[],
  { points }: SweptParameter,
  base: SweepFigures | null,
): string {
  const ticks = ticksTo(highest);
  const y = linearScale([0, ticks.at(-1) ?? 1], [bottom, top]);
  const [left, right] = [MARGIN_PX.left, WIDTH_PX - MARGIN_PX.right];
  const grid = ticks.flatMap((tick) => [
    svgLine(left, y(tick), right, y(tick), GRID_GREY),
    svgText(left - 6, y(tick) + 4, tick, { anchor: 'end', size: 10, fill: GREY }),
  ]);
  const reference = base === null ? null : of(base);
  const dashed =
    reference === null
      ? ''
      : `<line x1="${left}" y1="${y(reference.value)}" x2="${right}" y2="${y(reference.value)}" stroke="${colourOf(2)}" stroke-dasharray="5 4"/>`;
  const markers = points.flatMap((figures, index) => {
    const point = of(figures);
    if (point === null) return [];
    const [low, high] = point.interval;
    return [svgInterval(xs[index] ?? 0, y(point.value), [y(low), y(high)], colourOf(0))];
  });
  return [...grid, dashed, ...markers, svgText(left, top - 6, title, { size: 11, fill: GREY })].join('');
}
