import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';

import { useApp } from '../app.js';
import { columnOf, type Figure } from '../state/figures.js';
import type { History } from '../state/history.js';
import { writeFixed, writeNumber } from '../text/numbers.js';
import { colour } from '../theme.js';
import { Chart, type ChartData } from './chart.js';
import { axes, COMMON, drawLevel, fromZero, softened } from './style.js';

export interface TimeSeries {
  readonly figure: Figure;
  readonly name: string;
  readonly colour: string;
  readonly dash?: boolean;
}

export interface Level {
  readonly name: string;
  readonly colour: string;
  readonly value: () => number;
}

export interface TimeChartProps {
  readonly title: string;
  readonly unit: string;
  readonly decimals: number;
  /** Areas on top of each other; they come before the lines. */
  readonly stack?: readonly TimeSeries[];
  readonly lines?: readonly TimeSeries[];
  readonly level?: Level;
  readonly height?: number;
}

/** A stretch without data that is longer is left blank. */
const GAP_S = 1.5;
const NONE: readonly TimeSeries[] = [];

/** Figures of the plans over the last seconds, the newest at the right edge. */
export function TimeChart({
  title,
  unit,
  decimals,
  stack = NONE,
  lines = NONE,
  level,
  height = 170,
}: TimeChartProps): JSX.Element {
  const { dashboard, windowS } = useApp();
  const buffers = useMemo(() => new TimeBuffers(stack, lines), [stack, lines]);
  const drawn = useRef({ newestS: NaN, second: NaN });
  const value =
    ({ figure }: TimeSeries) =>
    (): string =>
      writeFixed(dashboard.figures.newest(columnOf(figure)), decimals);

  const data = (nowS: number): ChartData | null => {
    const { newestS } = dashboard.figures;
    // Without new figures the plot moves on, too, but there is nothing to draw once everything has left it.
    if (nowS - newestS > 2 * windowS.value && drawn.current.newestS === newestS) return null;
    drawn.current.newestS = newestS;
    return buffers.fill(dashboard.figures, nowS, windowS.value);
  };

  const options = (): Omit<uPlot.Options, 'width' | 'height'> => ({
    ...COMMON,
    cursor: { show: false },
    axes: axes((x) => `${writeNumber(x)}\u00a0s`),
    scales: { x: { time: false, range: () => [-windowS.value, 0] }, y: { range: fromZero } },
    series: [
      {},
      ...stack.toReversed().map((series) => ({
        label: series.name,
        stroke: () => colour(series.colour),
        fill: () => softened(series.colour, 0.45),
        width: 1,
        points: { show: false },
        gaps: longGaps,
      })),
      ...lines.map((series) => ({
        label: series.name,
        stroke: () => colour(series.colour),
        width: 1.75,
        points: { show: false },
        gaps: longGaps,
        ...(series.dash === true && { dash: [5, 4] }),
      })),
    ],
    hooks: {
      draw: [
        (plot) => {
          if (level !== undefined) drawLevel(plot, level.value(), level.name, level.colour);
        },
      ],
    },
  });

  return (
    <Chart
      label={`${title}${unit === '' ? '' : ` [${unit}]`} over time`}
      height={height}
      options={options}
      data={data}
      legend={[
        ...stack.map((series) => ({ ...series, kind: 'area' as const, value: value(series) })),
        ...lines.map((series) => ({
          ...series,
          kind: series.dash === true ? ('dashed' as const) : ('line' as const),
          value: value(series),
        })),
        ...(level === undefined
          ? []
          : [
              {
                name: level.name,
                colour: level.colour,
                kind: 'dashed' as const,
                value: () => writeFixed(level.value(), decimals),
              },
            ]),
      ]}
    />
  );
}

/** Leaves out what no data stands for: uPlot would draw a straight line over it. */
export const longGaps: uPlot.Series.GapsRefiner = (plot, _, from, to, gaps) => {
  const times = plot.data[0];
  for (let index = from + 1; index <= to; index++) {
    const before = times[index - 1] ?? 0;
    const after = times[index] ?? 0;
    if (after - before <= GAP_S) continue;
    uPlot.addGap(
      gaps,
      Math.round(plot.valToPos(before, 'x', true)),
      Math.round(plot.valToPos(after, 'x', true)),
    );
  }
  return gaps;
};

/** The arrays of one plot, written anew for each drawing and never allocated again. */
class TimeBuffers {
  readonly #stack: readonly TimeSeries[];
  readonly #lines: readonly TimeSeries[];
  #times = new Float64Array(0);
  #sums: Float64Array[] = [];

  constructor(stack: readonly TimeSeries[], lines: readonly TimeSeries[]) {
    this.#stack = stack;
    this.#lines = lines;
  }

  fill(history: History, nowS: number, windowS: number): ChartData {
    // One entry beyond the left edge, so that lines reach it.
    const sinceS = nowS - windowS - GAP_S;
    const times = history.times(sinceS);
    const count = times.length;
    this.#grow(count);
    for (let index = 0; index < count; index++) this.#times[index] = (times[index] ?? 0) - nowS;
    const sums = this.#stack.map((series, place) => {
      const column = history.column(columnOf(series.figure), sinceS);
      const below = place === 0 ? null : this.#sums[place - 1];
      const sum = this.#sums[place] ?? new Float64Array(count);
      for (let index = 0; index < count; index++) {
        const value = column[index] ?? NaN;
        sum[index] = (below?.[index] ?? 0) + (Number.isNaN(value) ? 0 : value);
      }
      return sum.subarray(0, count);
    });
    return [
      this.#times.subarray(0, count),
      ...sums.reverse(),
      ...this.#lines.map(({ figure }) => history.column(columnOf(figure), sinceS)),
    ];
  }

  #grow(count: number): void {
    if (this.#times.length >= count && this.#sums.length === this.#stack.length) return;
    const size = Math.max(256, 2 * count);
    this.#times = new Float64Array(size);
    this.#sums = this.#stack.map(() => new Float64Array(size));
  }
}
