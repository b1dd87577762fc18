import sharp from 'sharp';
import {
  colourOf,
  escapeXml,
  GREY,
  GRID_GREY,
  svgInterval,
  svgLine,
  svgPicture,
  svgText,
} from '../plot/svg.js';
import type { Robustness } from './result.js';

const PANEL_PX = { width: 290, height: 250 };
const MARGIN_PX = { left: 44, right: 16, top: 96, bottom: 44 };
const GRID = [0, 0.25, 0.5, 0.75, 1];

/** One axis of all runs: success by level, with its 95 % intervals. */
function panel(runs: readonly Robustness[], axis: number): string {
  const curves = runs.map((run) => run.curves[axis]).filter((curve) => curve !== undefined);
  const [first] = curves;
  if (first === undefined) return '';
  const left = axis * PANEL_PX.width + MARGIN_PX.left;
  const right = (axis + 1) * PANEL_PX.width - MARGIN_PX.right;
  const [top, bottom] = [MARGIN_PX.top, PANEL_PX.height + MARGIN_PX.top - MARGIN_PX.bottom];
  const levels = first.points.map(({ level }) => level);
  const [lowest, highest] = [Math.min(...levels), Math.max(...levels)];
  const x = (level: number): number => left + ((level - lowest) / (highest - lowest)) * (right - left);
  const y = (rate: number): number => bottom - rate * (bottom - top);
  const grid = GRID.flatMap((rate) => [
    svgLine(left, y(rate), right, y(rate), GRID_GREY),
    svgText(left - 6, y(rate) + 4, rate * 100, { anchor: 'end', size: 11, fill: GREY }),
  ]);
  const labels = levels.map((level) =>
    svgText(x(level), bottom + 16, level, { anchor: 'middle', size: 11, fill: GREY }),
  );
  const drawn = curves.map(({ points }, run) => {
    const colour = colourOf(run);
    const path = points.map(({ level, successRate }) => `${x(level)},${y(successRate)}`).join(' ');
    const markers = points.map(({ level, successRate, successInterval95: [low, high] }) =>
      svgInterval(x(level), y(successRate), [y(low), y(high)], colour),
    );
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${markers.join('')}`;
  });
  const title = svgText((left + right) / 2, bottom + 34, first.title, { anchor: 'middle' });
  return [...grid, title, ...labels, ...drawn].join('');
}

/**
 * A PNG with a panel for each imperfection.
 *
 * @param runs the newest first, all with the same axes, at least one
 */
export async function plotRobustness(runs: readonly [Robustness, ...Robustness[]]): Promise<Buffer> {
  const [newest] = runs;
  const width = newest.curves.length * PANEL_PX.width;
  const names = runs.map(({ label, simulator, task, episodes, seed }, run) => {
    const where = task === undefined ? simulator : `${simulator}, task ${task.name}`;
    const legend = `${label} in ${where}, ${episodes} episodes a point, seed ${seed}`;
    return `<tspan dx="${run === 0 ? 0 : 24}" fill="${colourOf(run)}">${escapeXml(legend)}</tspan>`;
  });
  const svg = svgPicture(width, PANEL_PX.height + MARGIN_PX.top, [
    svgText(MARGIN_PX.left, 28, 'Success [%] with one thing wrong at a time, and its 95 % interval', {
      size: 17,
    }),
    `<text x="${MARGIN_PX.left}" y="50" font-family="DejaVu Sans, sans-serif" font-size="13">${names.join('')}</text>`,
    svgText(MARGIN_PX.left, 70, newest.machine, { size: 11, fill: GREY }),
    ...newest.curves.map((_, axis) => panel(runs, axis)),
  ]);
  return sharp(Buffer.from(svg)).png().toBuffer();
}
