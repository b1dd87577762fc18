import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type uPlot from 'uplot';

import { useApp } from '../app.js';
import { spreadByIteration } from '../state/figures.js';
import type { StatisticsValues } from '../state/messages.js';
import { writeFixed } from '../text/numbers.js';
import { colour } from '../theme.js';
import { Chart, type ChartData } from './chart.js';
import { axes, clipToPlot, COMMON, fromZero } from './style.js';

/** Earlier plans that stay as a trace behind the newest. */
const TRACES = 12;

/** How the elites contract from iteration to iteration: the newest plan, and the ones before it behind it. */
export function SpreadChart(): JSX.Element {
  const { dashboard } = useApp();
  const traces = useRef<(readonly number[])[]>([]);
  const drawn = useRef<StatisticsValues | null>(null);

  const data = (): ChartData | null => {
    const values = dashboard.statistics.peek();
    if (values === drawn.current) return null;
    drawn.current = values;
    const spread = spreadByIteration(values);
    traces.current = [...traces.current.slice(-TRACES), spread];
    return [spread.map((_, index) => index + 1), [...spread]];
  };

  const options = (): Omit<uPlot.Options, 'width' | 'height'> => ({
    ...COMMON,
    cursor: { show: false },
    axes: axes((x) => (Number.isInteger(x) ? String(x) : '')),
    scales: {
      x: {
        time: false,
        // Room for the points at both ends; two iterations at least, so that one is not a point in the middle of nothing.
        range: (_: uPlot, min: number | null, max: number | null) => [
          (min ?? 1) - 0.25,
          Math.max(max ?? 2, (min ?? 1) + 1) + 0.25,
        ],
      },
      y: { range: fromZero },
    },
    series: [
      {},
      {
        label: 'spread',
        stroke: () => colour('--series-1'),
        width: 2,
        points: { show: true, size: 6, fill: () => colour('--series-1') },
      },
    ],
    hooks: {
      drawAxes: [
        (plot) => {
          for (const trace of traces.current.slice(0, -1)) drawTrace(plot, trace);
        },
      ],
    },
  });

  return (
    <Chart
      label="Spread of the elites by iteration, as a fraction of half the action range"
      height={170}
      options={options}
      data={data}
      legend={[
        {
          name: 'at the end',
          colour: '--series-1',
          value: () => {
            const spread = spreadByIteration(dashboard.statistics.peek());
            return `${writeFixed(spread.at(-1) ?? NaN, 3)} (iteration ${String(spread.length)})`;
          },
        },
        { name: 'earlier plans', colour: '--series-faint' },
      ]}
    />
  );
}

function drawTrace(plot: uPlot, trace: readonly number[]): void {
  const { ctx } = plot;
  ctx.save();
  clipToPlot(plot);
  ctx.strokeStyle = colour('--series-faint');
  ctx.globalAlpha = 0.5;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (const [index, value] of trace.entries()) {
    ctx.lineTo(plot.valToPos(index + 1, 'x', true), plot.valToPos(value, 'y', true));
  }
  ctx.stroke();
  ctx.restore();
}
