import sharp from 'sharp';

import { line, text } from './svg.mjs';

const PANEL_PX = { width: 290, height: 250 };
const MARGIN_PX = { left: 44, right: 16, top: 96, bottom: 44 };
const COLOURS = ['#1b6ca8', '#c0504d', '#7a7a7a', '#4f8a3c'];
const GRID = [0, 0.25, 0.5, 0.75, 1];

/** One axis of all runs: success against the level, with the 95 % interval of each. */
function panel(runs, index) {
  const [{ title, points }] = runs.map(({ curves }) => curves[index]);
  const left = index * PANEL_PX.width + MARGIN_PX.left;
  const right = (index + 1) * PANEL_PX.width - MARGIN_PX.right;
  const [top, bottom] = [MARGIN_PX.top, PANEL_PX.height + MARGIN_PX.top - MARGIN_PX.bottom];
  const levels = points.map(({ level }) => level);
  const [lowest, highest] = [levels[0], levels.at(-1)];
  const x = (level) => left + ((level - lowest) / (highest - lowest)) * (right - left);
  const y = (rate) => bottom - rate * (bottom - top);
  const parts = GRID.flatMap((rate) => [
    line(left, y(rate), right, y(rate), '#ddd'),
    text(left - 6, y(rate) + 4, `${rate * 100}`, { anchor: 'end', size: 11, fill: '#555' }),
  ]);
  parts.push(text((left + right) / 2, bottom + 34, title, { anchor: 'middle' }));
  for (const level of levels)
    parts.push(text(x(level), bottom + 16, level, { anchor: 'middle', size: 11, fill: '#555' }));
  runs.forEach(({ curves }, run) => {
    const colour = COLOURS[run % COLOURS.length];
    const seen = curves[index].points;
    const path = seen.map(({ level, successRate }) => `${x(level)},${y(successRate)}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const { level, successRate, successInterval95 } of seen) {
      const [low, high] = successInterval95;
      parts.push(
        line(x(level), y(low), x(level), y(high), colour),
        `<circle cx="${x(level)}" cy="${y(successRate)}" r="4" fill="${colour}"/>`,
      );
    }
  });
  return parts.join('');
}

/**
 * A PNG with a panel for each imperfection.
 *
 * @param {any[]} runs what robustness.mjs writes, the newest first; all with the same axes
 * @returns {Promise<Buffer>}
 */
export async function plotRobustness(runs) {
  const [{ curves }] = runs;
  const width = curves.length * PANEL_PX.width;
  const names = runs.map(
    ({ label, simulator, episodes, seed }, run) =>
      `<tspan dx="${run === 0 ? 0 : 24}" fill="${COLOURS[run % COLOURS.length]}">${label} in ${simulator}, ${episodes} episodes a point, seed ${seed}</tspan>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${PANEL_PX.height + MARGIN_PX.top}">
<rect width="100%" height="100%" fill="white"/>
${text(MARGIN_PX.left, 28, 'Success [%] with one thing wrong at a time, and its 95 % interval', { size: 17 })}
<text x="${MARGIN_PX.left}" y="50" font-family="DejaVu Sans, sans-serif" font-size="13">${names.join('')}</text>
${text(MARGIN_PX.left, 70, runs[0].machine, { size: 11, fill: '#555' })}
${curves.map((_, index) => panel(runs, index)).join('')}
</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}
