import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type uPlot from 'uplot';

import type { NumbersFrame } from '../../binary-frame.js';
import { useApp } from '../app.js';
import { writeFixed, writeNumber } from '../text/numbers.js';
import { colour } from '../theme.js';
import { Chart, type ChartData } from './chart.js';
import { axes, clipToPlot, COMMON } from './style.js';

export interface CandidateChartProps {
  /** Of the number of the action. */
  readonly name: string;
  /** Its column. */
  readonly number: number;
  /** Number of columns, A. */
  readonly numbers: number;
}

/** One number of the action over the horizon, in each of the candidates that the node shows: the elites, the others, and the chosen plan. */
export function CandidateChart({ name, number, numbers }: CandidateChartProps): JSX.Element {
  const { dashboard } = useApp();
  const drawn = useRef<NumbersFrame | undefined>(undefined);

  const data = (): ChartData | null => {
    const frame = dashboard.numbers('candidate_actions');
    if (frame === drawn.current) return null;
    drawn.current = frame;
    if (frame === undefined) return [[], []];
    const steps = frame.shape[1] ?? 0;
    const stepS = (dashboard.robot.peek()?.periodMs ?? 1000) / 1000;
    const times = Array.from({ length: steps + 1 }, (_, step) => step * stepS);
    const chosen = Array.from({ length: steps }, (_, step) => frame.numbers[step * numbers + number] ?? NaN);
    return [times, [...chosen, chosen.at(-1) ?? NaN]];
  };

  const drawCandidates = (plot: uPlot): void => {
    const frame = drawn.current;
    if (frame === undefined) return;
    const [count = 0, steps = 0] = frame.shape;
    const elites = dashboard.shownElites;
    const times = plot.data[0];
    const { ctx } = plot;
    ctx.save();
    clipToPlot(plot);
    ctx.lineWidth = devicePixelRatio;
    // From the most expensive to the cheapest: the cheap ones lie on top.
    for (let candidate = count - 1; candidate >= 1; candidate--) {
      const isElite = candidate <= elites;
      ctx.strokeStyle = colour(isElite ? '--series-1' : '--series-faint');
      ctx.globalAlpha = isElite ? 0.7 : 0.4;
      ctx.beginPath();
      for (let step = 0; step < steps; step++) {
        const value = frame.numbers[(candidate * steps + step) * numbers + number] ?? NaN;
        const y = plot.valToPos(value, 'y', true);
        ctx.lineTo(plot.valToPos(times[step] ?? 0, 'x', true), y);
        ctx.lineTo(plot.valToPos(times[step + 1] ?? 0, 'x', true), y);
      }
      ctx.stroke();
    }
    ctx.restore();
  };

  const options = (): Omit<uPlot.Options, 'width' | 'height'> => ({
    ...COMMON,
    cursor: { show: false },
    axes: axes((x) => `${writeNumber(x, 2)}\u00a0s`),
    scales: {
      x: { time: false, range: (_: uPlot, min: number | null, max: number | null) => [min ?? 0, max ?? 1] },
      y: { range: () => rangeOf(drawn.current, number, numbers) },
    },
    series: [
      {},
      {
        label: 'chosen plan',
        stroke: () => colour('--series-2'),
        width: 2.5,
        points: { show: false },
        paths: stepped,
      },
    ],
    hooks: { drawAxes: [drawCandidates] },
  });

  return (
    <Chart
      label={`Candidates for ${name} over the horizon`}
      height={150}
      options={options}
      data={data}
      legend={[
        {
          name: 'chosen plan',
          colour: '--series-2',
          value: () => writeFixed(drawn.current?.numbers[number] ?? NaN, 3),
        },
        { name: 'elites', colour: '--series-1' },
        { name: 'others', colour: '--series-faint' },
      ]}
    />
  );
}

/** An action is in force for its whole period. */
const stepped: uPlot.Series.PathBuilder = (plot, series, from, to) => {
  const times = plot.data[0];
  const values = plot.data[series] ?? [];
  const stroke = new Path2D();
  for (let index = from; index < to; index++) {
    const y = plot.valToPos(values[index] ?? NaN, 'y', true);
    stroke.lineTo(plot.valToPos(times[index] ?? 0, 'x', true), y);
    stroke.lineTo(plot.valToPos(times[index + 1] ?? 0, 'x', true), y);
  }
  return { stroke, fill: null, clip: null };
};

function rangeOf(frame: NumbersFrame | undefined, number: number, numbers: number): uPlot.Range.MinMax {
  let min = Infinity;
  let max = -Infinity;
  const values = frame?.numbers ?? new Float32Array();
  for (let index = number; index < values.length; index += numbers) {
    const value = values[index] ?? NaN;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (!(min <= max)) return [-1, 1];
  const room = Math.max(0.05, 0.08 * (max - min));
  return [min - room, max + room];
}
