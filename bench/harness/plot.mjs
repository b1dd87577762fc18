import sharp from 'sharp';

import { describe, show } from './report.mjs';
import { line, text } from './svg.mjs';

const WIDTH_PX = 1100;
const ROW_PX = 26;
const CHART_PX = 300;
const MARGIN_PX = 24;
const LABEL_PX = 420;
const OURS = '#1b6ca8';
const REFERENCE = '#8a8a8a';
/** Ratios whose bar is "below 1 is faster". */
const BARS = [
  'ms_per_iteration_fp32',
  'ms_per_iteration_int8',
  'time_to_99_percent',
  'time_to_99_percent_int8',
  'time_to_99_percent_same_planner',
  'peak_memory_mb',
];
const AXES = ['samples', 'horizon', 'tokens'];

/** Ratios with their spread on a logarithmic axis; 1 (no difference) is the line in the middle. */
function ratioBars(results, top) {
  const rows = results.filter(
    ({ metric, ratio }) => BARS.includes(metric) && ratio !== null && Number.isFinite(ratio),
  );
  const ends = rows
    .flatMap(({ ratioRange }) => ratioRange)
    .filter((value) => Number.isFinite(value) && value > 0);
  const reach = Math.max(2, ...ends.map((value) => Math.max(value, 1 / value)));
  const [left, right] = [LABEL_PX, WIDTH_PX - MARGIN_PX - 60];
  const place = (ratio) =>
    left +
    ((Math.log(Math.min(reach, Math.max(1 / reach, ratio))) / Math.log(reach) + 1) / 2) * (right - left);
  const bottom = top + rows.length * ROW_PX;
  const parts = [
    text(
      MARGIN_PX,
      top - 12,
      'Ours / reference (below 1: ours needs less), median and range of paired runs',
      { size: 15 },
    ),
    line(place(1), top, place(1), bottom, '#444'),
  ];
  rows.forEach((result, index) => {
    const y = top + (index + 0.5) * ROW_PX;
    const [min, max] = result.ratioRange;
    parts.push(
      text(LABEL_PX - 10, y + 4, `${result.case}: ${result.metric} ${result.planner ?? ''}`, {
        anchor: 'end',
      }),
      line(place(min), y, place(max), y, OURS, 3),
      `<circle cx="${place(result.ratio)}" cy="${y}" r="6" fill="${OURS}"/>`,
      text(right + 12, y + 4, show(result.ratio)),
    );
  });
  return { svg: parts.join(''), bottom };
}

/** Milliseconds an iteration over one axis, both logarithmic, both sides, one panel. */
function curve(results, caseName, axis, left, top, width) {
  const points = results
    .filter((result) => result.case.startsWith(caseName) && result.metric === `ms_per_iteration_by_${axis}`)
    .toSorted((a, b) => a.at - b.at);
  if (points.length < 2) return null;
  const values = points.flatMap(({ ours, reference }) => [ours, reference]).filter((value) => value !== null);
  const scale = (low, high, from, to) => (value) =>
    from + (Math.log(value / low) / Math.log(high / low || 2)) * (to - from);
  const x = scale(points[0].at, points.at(-1).at, left + 50, left + width - 20);
  const y = scale(Math.min(...values) / 1.2, Math.max(...values) * 1.2, top + CHART_PX - 40, top + 30);
  const parts = [
    text(left + 50, top + 16, `${caseName}: ms an iteration by ${axis}`, { size: 14 }),
    line(left + 50, top + CHART_PX - 40, left + width - 20, top + CHART_PX - 40, '#444'),
    ...points.map(({ at }) => text(x(at), top + CHART_PX - 22, at, { anchor: 'middle', size: 12 })),
  ];
  for (const [side, colour] of [
    ['reference', REFERENCE],
    ['ours', OURS],
  ]) {
    const seen = points.filter((point) => point[side] !== null);
    const path = seen.map((point) => `${x(point.at)},${y(point[side])}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const point of seen) {
      parts.push(
        `<circle cx="${x(point.at)}" cy="${y(point[side])}" r="4" fill="${colour}"/>`,
        text(x(point.at), y(point[side]) - 8, show(point[side]), {
          anchor: 'middle',
          size: 11,
          fill: colour,
        }),
      );
    }
  }
  return parts.join('');
}

/**
 * A PNG: the ratios, and how an iteration grows.
 *
 * @param {{ machine: any, results: any[], quick: boolean, seed: number }} report
 * @returns {Promise<Buffer>}
 */
export async function plot({ machine, results, quick, seed }) {
  const head = describe(machine);
  const bars = ratioBars(results, 110);
  const cases = [...new Set(results.map((result) => result.case.replace(/-(16|64)$/, '')))];
  const panelWidth = (WIDTH_PX - 2 * MARGIN_PX) / AXES.length;
  const charts = [];
  let top = bars.bottom + 40;
  for (const name of cases) {
    const panels = AXES.map((axis, index) =>
      curve(results, name, axis, MARGIN_PX + index * panelWidth, top, panelWidth),
    ).filter((panel) => panel !== null);
    if (panels.length === 0) continue;
    charts.push(...panels);
    top += CHART_PX + 10;
  }
  const height = top + MARGIN_PX;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH_PX}" height="${height}">
<rect width="100%" height="100%" fill="white"/>
${text(MARGIN_PX, 30, 'jepa_mpc against stable-worldmodel 0.1.1: same weights, noise, samples, iterations and horizon', { size: 17 })}
${text(MARGIN_PX, 50, head.slice(0, 165), { size: 11, fill: '#555' })}
${text(MARGIN_PX, 64, `${head.slice(165)} ${machine.date}${quick ? ', --quick' : ''}, seed ${seed}`, { size: 11, fill: '#555' })}
${text(WIDTH_PX - MARGIN_PX, 82, 'ours', { anchor: 'end', fill: OURS })}${text(WIDTH_PX - MARGIN_PX - 45, 82, 'reference', { anchor: 'end', fill: REFERENCE })}
${bars.svg}${charts.join('')}
</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}
