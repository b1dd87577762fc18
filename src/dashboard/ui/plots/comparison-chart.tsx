import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import uPlot from 'uplot';

import { written, type ChartView, type Source } from '../../../recording/what-if-view.js';
import { writeNumber } from '../text/numbers.js';
import { colour } from '../theme.js';
import { Chart, type ChartData } from './chart.js';
import { axes, clipToPlot, COMMON } from './style.js';

export interface ComparisonChartProps {
  readonly chart: ChartView;
  /** Where the mark is [s]. */
  readonly markS: number;
  /** The values beside the names are those of this place in the lines. */
  readonly place: number;
  readonly titles: Readonly<Record<Source, string>>;
  /** What the horizontal axis is, for people who do not see it. */
  readonly over: string;
}

/** What was planned beside what was planned again, with a mark across. */
export function ComparisonChart({ chart, markS, place, titles, over }: ComparisonChartProps): JSX.Element {
  const shown = useRef({ chart, markS });
  const drawn = useRef<{ readonly chart: ChartView; readonly markS: number } | null>(null);
  shown.current = { chart, markS };

  const data = (): ChartData | null => {
    const next = shown.current;
    if (drawn.current?.chart === next.chart && drawn.current.markS === next.markS) return null;
    drawn.current = next;
    const { xs, lines } = next.chart;
    return [[...xs], [...lines.recorded], [...lines.again]];
  };

  const drawMark = (plot: uPlot): void => {
    const { ctx, bbox } = plot;
    // At both ends of the axis it is still seen.
    const last = bbox.left + bbox.width - 1;
    const x = Math.round(Math.min(last, plot.valToPos(shown.current.markS, 'x', true))) + 0.5;
    ctx.save();
    clipToPlot(plot);
    ctx.setLineDash([]);
    ctx.strokeStyle = colour('--text-soft');
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  };

  const options = (): Omit<uPlot.Options, 'width' | 'height'> => ({
    ...COMMON,
    cursor: { show: false },
    axes: axes((x) => `${writeNumber(x)}\u00a0s`),
    scales: {
      x: { time: false, range: (_, min, max) => withRoom(min, max, 0) },
      y: { range: (_, min, max) => withRoom(min, max, 0.08) },
    },
    series: [
      {},
      { label: 'recorded', stroke: () => colour('--series-1'), width: 2, points: { show: false } },
      {
        label: 'again',
        stroke: () => colour('--series-2'),
        width: 2,
        dash: [5, 4],
        points: { show: false },
      },
    ],
    hooks: { draw: [drawMark] },
  });

  const { title, unit, lines } = chart;
  return (
    <div>
      <h4>
        {title} {unit === '' ? null : <span class="soft">{unit}</span>}
      </h4>
      <Chart
        label={`${title}${unit === '' ? '' : ` [${unit}]`} over ${over}`}
        height={140}
        options={options}
        data={data}
        legend={[
          {
            name: titles.recorded,
            colour: '--series-1',
            value: () => written(lines.recorded[place]),
          },
          {
            name: titles.again,
            colour: '--series-2',
            kind: 'dashed',
            value: () => written(lines.again[place]),
          },
        ]}
      />
    </div>
  );
}

/** The range of the data with some room; of a single value, half a unit to each side. */
function withRoom(min: number | null, max: number | null, share: number): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  if (min === max) return [min - 0.5, max + 0.5];
  return [min - share * (max - min), max + share * (max - min)];
}
