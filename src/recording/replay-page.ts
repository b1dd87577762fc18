import {
  committedS,
  momentText,
  overviewCharts,
  planCharts,
  SOURCES,
  sourceTitle,
  summarySentences,
  written,
  type ChartView,
  type WhatIf,
} from './what-if-view.js';

/** Digits that matter in a plot: a page of every digit would be twice as large. */
const DIGITS = 7;

/**
 * A page that needs nothing else, also no network: what was planned, what would have been planned with other values, and a slider over the
 * moments of the recording. What it draws is what the dashboard draws, see `what-if-view.ts`.
 */
export function replayPage(report: WhatIf): string {
  // A text with </script> in it would end the data.
  const data = JSON.stringify(pageData(report), rounded).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Replay with other parameters</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Replay with other parameters</h1>
<p id="recording"></p>
<div id="about"></div>
<table id="changed"><caption>Changed parameters</caption><tbody></tbody></table>
<p class="legend"><span class="recorded"></span> <span class="again"></span></p>
<p><label for="moment">Moment of the recording</label> <output id="when" for="moment"></output><br>
<input id="moment" type="range" min="0" value="0"></p>
<section id="overview"></section>
<h2>The plan of this moment</h2>
<p id="numbers"></p>
<section id="plan"></section>
<table id="terms"><caption>Cost by term</caption><thead><tr><td></td><th scope="col"></th><th scope="col"></th></tr></thead><tbody></tbody></table>
</main>
<script type="application/json" id="data">${data}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Everything that the page shows, ready to be drawn. */
function pageData(report: WhatIf): object {
  return {
    recording: report.recording,
    sentences: summarySentences(report),
    changed: Object.entries(report.changed),
    titles: SOURCES.map((source) => sourceTitle(source, report)),
    times: report.moments.map(({ timeS }) => timeS),
    overview: overviewCharts(report).map((chart) => ({ ...chartData(chart), xs: null })),
    moments: report.moments.map((moment) => ({
      ...momentText(moment),
      committedS: committedS(report, moment),
      charts: planCharts(report, moment).map(chartData),
    })),
  };
}

function chartData({ title, unit, xs, lines }: ChartView): object {
  let [low, high] = [Infinity, -Infinity];
  for (const value of SOURCES.flatMap((source) => lines[source])) {
    low = Math.min(low, value ?? Infinity);
    high = Math.max(high, value ?? -Infinity);
  }
  const range = low <= high ? [low, high] : null;
  const shown = range?.map((value) => written(value)).join(' to ');
  const name = `${title}${unit === '' ? '' : ` [${unit}]`}`;
  return {
    caption: `${name}: ${shown ?? 'no values'}`,
    range,
    xs,
    lines: SOURCES.map((source) => lines[source]),
  };
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value;
}

const STYLE = `
:root { color-scheme: light dark; --recorded: light-dark(#1f6fb2, #6bb2ec); --again: light-dark(#c2541b, #f09a6a); --grid: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; }
table { border-collapse: collapse; margin: 0 0 1rem; }
caption { text-align: left; font-weight: 600; }
td, th { padding: 0 1rem 0 0; text-align: left; overflow-wrap: anywhere; }
input[type=range] { width: 100%; }
figure { margin: 0 0 1rem; }
svg { width: 100%; height: 9rem; display: block; border: 1px solid var(--grid); }
.recorded { color: var(--recorded); stroke: var(--recorded); }
.again { color: var(--again); stroke: var(--again); }
.legend span { font-weight: 600; margin-right: 1rem; }
.legend .again::before { content: "- - "; }
.legend .recorded::before { content: "\\2014 "; }
path { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
path.again { stroke-dasharray: 5 3; }
line { stroke: currentColor; vector-effect: non-scaling-stroke; opacity: .6; }
`;

/** Draws the data of the page. */
const SCRIPT = `
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const KINDS = ['recorded', 'again'];
const SIZE = { width: 1000, height: 200 };
byId('recording').textContent = data.recording;
for (const sentence of data.sentences) byId('about').append(Object.assign(document.createElement('p'), { textContent: sentence }));
const addRow = (table, cells) => {
  const row = table.tBodies[0].insertRow();
  for (const cell of cells) row.insertCell().textContent = cell;
};
for (const change of data.changed) addRow(byId('changed'), change);
KINDS.forEach((kind, index) => {
  document.querySelector('.legend .' + kind).textContent = data.titles[index];
  byId('terms').tHead.querySelectorAll('th')[index].textContent = data.titles[index];
});
const svgNode = (name, attributes) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};
function draw(parent, { caption, range, lines }, xs) {
  const figure = document.createElement('figure');
  const title = Object.assign(document.createElement('figcaption'), { textContent: caption });
  const svg = svgNode('svg', { viewBox: '0 0 ' + SIZE.width + ' ' + SIZE.height, preserveAspectRatio: 'none', role: 'img', 'aria-label': caption });
  const [low, high] = range ?? [0, 0];
  const [first, last] = [xs[0], xs[xs.length - 1]];
  const x = (value) => (last > first ? (value - first) / (last - first) : 0.5) * SIZE.width;
  const y = (value) => (high > low ? 1 - (value - low) / (high - low) : 0.5) * (SIZE.height - 10) + 5;
  lines.forEach((ys, kind) => {
    let isDrawing = false;
    let steps = '';
    ys.forEach((value, index) => {
      if (value !== null) steps += (isDrawing ? 'L' : 'M') + x(xs[index]).toFixed(1) + ' ' + y(value).toFixed(1);
      isDrawing = value !== null;
    });
    svg.append(svgNode('path', { class: KINDS[kind], d: steps }));
  });
  const mark = svgNode('line', { y1: 0, y2: SIZE.height, x1: 0, x2: 0 });
  svg.append(mark);
  figure.append(title, svg);
  parent.append(figure);
  return (value) => {
    mark.setAttribute('x1', x(value));
    mark.setAttribute('x2', x(value));
  };
}
const marks = data.overview.map((chart) => draw(byId('overview'), chart, data.times));
function show(index) {
  const { title, plans, terms, committedS, charts } = data.moments[index];
  byId('when').textContent = title;
  for (const mark of marks) mark(data.times[index]);
  byId('numbers').textContent = KINDS.map((kind, which) => data.titles[which] + ': ' + plans[kind] + '.').join(' ');
  byId('plan').replaceChildren();
  for (const chart of charts) draw(byId('plan'), chart, chart.xs)(committedS);
  byId('terms').tBodies[0].replaceChildren();
  for (const term of terms) addRow(byId('terms'), [term.title, term.recorded, term.again]);
  byId('terms').hidden = terms.length === 0;
}
byId('changed').hidden = data.changed.length === 0;
byId('moment').max = String(data.moments.length - 1);
byId('moment').addEventListener('input', () => show(Number(byId('moment').value)));
show(0);
`;
