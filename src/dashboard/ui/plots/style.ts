import type uPlot from 'uplot';

import { writeNumber } from '../text/numbers.js';
import { colour } from '../theme.js';

const FONT = '11px system-ui, sans-serif';
/** Room for the numbers of an axis, so that plots below each other line up and nothing moves when numbers get longer. */
const Y_SIZE = 50;
const X_SIZE = 30;
/** Between two ticks [px]. */
const Y_SPACE = 28;
const X_SPACE = 56;

/** A colour mixed with the surface that it lies on: opaque, so that stacked areas do not shine through each other. */
export function softened(name: string, share: number): string {
  const [front, back] = [colour(name), colour('--surface')].map(channelsOf);
  const mixed = (front ?? []).map((value, index) => value * share + (back?.[index] ?? 0) * (1 - share));
  return `rgb(${mixed.map(Math.round).join(' ')})`;
}

/** The axes of every plot. */
export function axes(
  writeX: (value: number) => string,
  writeY = (value: number) => writeNumber(value),
): uPlot.Axis[] {
  const common: uPlot.Axis = {
    stroke: () => colour('--text-soft'),
    font: FONT,
    grid: { stroke: () => colour('--grid'), width: 1 },
    ticks: { show: false },
    gap: 4,
  };
  return [
    { ...common, size: X_SIZE, space: X_SPACE, values: (_, splits) => splits.map(writeX) },
    { ...common, size: Y_SIZE, space: Y_SPACE, values: (_, splits) => splits.map(writeY) },
  ];
}

/** What all plots have in common. No drag, no zoom: they move on by themselves. */
export const COMMON: Pick<uPlot.Options, 'legend' | 'padding' | 'pxAlign'> = {
  legend: { show: false },
  padding: [8, 18, 0, 0],
  pxAlign: 1,
};

/** A range from 0, with some room above: for quantities that are never negative. */
export function fromZero(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  const top = max !== null && max > 0 ? max * 1.12 : 1;
  return [min !== null && min < 0 ? min * 1.12 : 0, top];
}

/** A dashed horizontal line with its name at the right end. Nothing where the value is not known or out of range. */
export function drawLevel(plot: uPlot, value: number, name: string, colourName: string): void {
  const { ctx, bbox } = plot;
  const { min = 0, max = 0 } = plot.scales['y'] ?? {};
  if (!Number.isFinite(value) || value < min || value > max) return;
  const y = Math.round(plot.valToPos(value, 'y', true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = colour(colourName);
  ctx.fillStyle = colour(colourName);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${String(10 * devicePixelRatio)}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  ctx.textBaseline = y - bbox.top < 14 * devicePixelRatio ? 'top' : 'bottom';
  ctx.fillText(name, bbox.left + bbox.width - 2, y - 2);
  ctx.restore();
}

/** What is drawn after it, until `restore`, stays between the axes. */
export function clipToPlot({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

/** Red, green and blue of a computed colour, 0 to 255. */
function channelsOf(text: string): number[] {
  return (text.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}
