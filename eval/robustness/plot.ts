import sharp from 'sharp';
import type { Robustness } from './result.js';

const PANEL_PX = { width: 290, height: 250 };
const MARGIN_PX = { left: 44, right: 16, top: 96, bottom: 44 };
const COLOURS = ['#1b6ca8', '#c0504d', '#7a7a7a', '#4f8a3c'] as const;
const GRID = [0, 0.25, 0.5, 0.75, 1];

interface TextStyle {
  readonly size?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Text with its baseline at `y`. */
function svgText(x: number, y: number, content: string | number, style: TextStyle = {}): string {
  const { size = 13, anchor = 'start', fill = '#222' } = style;
  return `<text x="${x}" y="${y}" font-family="DejaVu Sans, sans-serif" font-size="${size}" text-anchor="${anchor}" fill="${fill}">${escape(String(content))}</text>`;
}

function svgLine(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}" stroke-width="1"/>`;
}

function colourOf(run: number): string {
  return COLOURS[run % COLOURS.length] ?? COLOURS[0];
}

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
    svgLine(left, y(rate), right, y(rate), '#ddd'),
    svgText(left - 6, y(rate) + 4, rate * 100, { anchor: 'end', size: 11, fill: '#555' }),
  ]);
  const labels = levels.map((level) =>
    svgText(x(level), bottom + 16, level, { anchor: 'middle', size: 11, fill: '#555' }),
  );
  const drawn = curves.map(({ points }, run) => {
    const colour = colourOf(run);
    const path = points.map(({ level, successRate }) => `${x(level)},${y(successRate)}`).join(' ');
    const markers = points.map(({ level, successRate, successInterval95: [low, high] }) => {
      const bar = svgLine(x(level), y(low), x(level), y(high), colour);
      return `${bar}<circle cx="${x(level)}" cy="${y(successRate)}" r="4" fill="${colour}"/>`;
    });
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
  const names = runs.map(({ label, simulator, episodes, seed }, run) => {
    const legend = `${label} in ${simulator}, ${episodes} episodes a point, seed ${seed}`;
    return `<tspan dx="${run === 0 ? 0 : 24}" fill="${colourOf(run)}">${escape(legend)}</tspan>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${PANEL_PX.height + MARGIN_PX.top}">
<rect width="100%" height="100%" fill="white"/>
${svgText(MARGIN_PX.left, 28, 'Success [%] with one thing wrong at a time, and its 95 % interval', { size: 17 })}
<text x="${MARGIN_PX.left}" y="50" font-family="DejaVu Sans, sans-serif" font-size="13">${names.join('')}</text>
${svgText(MARGIN_PX.left, 70, newest.machine, { size: 11, fill: '#555' })}
${newest.curves.map((_, axis) => panel(runs, axis)).join('')}
</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}
