import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type uPlot from 'uplot';

import type { JointInfo } from '../../protocol.js';
import { useApp } from '../app.js';
import type { Robot } from '../state/messages.js';
import { writeFixed, writeNumber } from '../text/numbers.js';
import { colour } from '../theme.js';
import { Chart, type ChartData } from './chart.js';
import { axes, COMMON, drawLevel } from './style.js';
import { longGaps } from './time-chart.js';

type CommandKind = Robot['commandKind'];

const UNITS = { position: '', velocity: '/s', effort: '' } as const;

/** Unit of the command of a joint. */
export function commandUnit({ unit }: JointInfo, kind: CommandKind): string {
  if (kind === 'effort') return unit === 'rad' ? 'N·m' : 'N';
  return `${unit}${UNITS[kind]}`;
}

/** Position of a joint, and its command where that is a position, between its limits. */
export function JointPositionChart({
  joint,
  index,
  kind,
}: {
  readonly joint: JointInfo;
  readonly index: number;
  readonly kind: CommandKind;
}): JSX.Element {
  const { dashboard } = useApp();
  const hasCommand = kind === 'position';
  const read = (sinceS: number): Float64Array[] => [
    dashboard.joints.position(index, sinceS),
    ...(hasCommand ? [dashboard.joints.command(index, sinceS)] : []),
  ];
  return (
    <JointTimeChart
      label={`Position of joint ${joint.name} [${joint.unit}] over time`}
      read={read}
      limits={[joint.lower ?? NaN, joint.upper ?? NaN]}
      series={[
        {
          name: `measured [${joint.unit}]`,
          colour: '--series-1',
          value: () => writeFixed(dashboard.joints.newestPosition(index), 3),
        },
        ...(hasCommand
          ? [
              {
                name: 'command',
                colour: '--series-2',
                value: () => writeFixed(dashboard.joints.newestCommand(index), 3),
              },
            ]
          : []),
      ]}
    />
  );
}

/** Command of a joint where it is a velocity or an effort. */
export function JointCommandChart({
  joint,
  index,
  kind,
}: {
  readonly joint: JointInfo;
  readonly index: number;
  readonly kind: CommandKind;
}): JSX.Element {
  const { dashboard } = useApp();
  const unit = commandUnit(joint, kind);
  const limit = kind === 'velocity' && joint.velocity !== null ? joint.velocity : NaN;
  return (
    <JointTimeChart
      label={`Command of joint ${joint.name} [${unit}] over time`}
      read={(sinceS) => [dashboard.joints.command(index, sinceS)]}
      limits={[-limit, limit]}
      series={[
        {
          name: `command [${unit}]`,
          colour: '--series-2',
          value: () => writeFixed(dashboard.joints.newestCommand(index), 3),
        },
      ]}
    />
  );
}

interface JointTimeChartProps {
  readonly label: string;
  readonly read: (sinceS: number) => Float64Array[];
  /** NaN: none. */
  readonly limits: readonly [lower: number, upper: number];
  readonly series: readonly {
    readonly name: string;
    readonly colour: string;
    readonly value: () => string;
  }[];
}

function JointTimeChart({ label, read, limits, series }: JointTimeChartProps): JSX.Element {
  const { dashboard, windowS } = useApp();
  const times = useRef(new Float64Array(512));
  const drawnS = useRef(NaN);
  const [lower, upper] = limits;

  const data = (nowS: number): ChartData | null => {
    const { newestS } = dashboard.joints;
    if (nowS - newestS > 2 * windowS.value && drawnS.current === newestS) return null;
    drawnS.current = newestS;
    const sinceS = nowS - windowS.value - 1;
    const known = dashboard.joints.times(sinceS);
    if (times.current.length < known.length) times.current = new Float64Array(2 * known.length);
    for (let entry = 0; entry < known.length; entry++) times.current[entry] = (known[entry] ?? 0) - nowS;
    return [times.current.subarray(0, known.length), ...read(sinceS)];
  };

  const options = (): Omit<uPlot.Options, 'width' | 'height'> => ({
    ...COMMON,
    cursor: { show: false },
    axes: axes((x) => `${writeNumber(x)}\u00a0s`),
    scales: {
      x: { time: false, range: () => [-windowS.value, 0] },
      y: { range: (_, min, max) => withLimits(min, max, lower, upper) },
    },
    series: [
      {},
      ...series.map((each) => ({
        label: each.name,
        stroke: () => colour(each.colour),
        width: 1.75,
        points: { show: false },
        gaps: longGaps,
      })),
    ],
    hooks: {
      draw: [
        (plot) => {
          drawLevel(plot, upper, 'upper limit', '--bad');
          drawLevel(plot, lower, 'lower limit', '--bad');
        },
      ],
    },
  });

  return (
    <Chart
      label={label}
      height={140}
      options={options}
      data={data}
      legend={series}
      version={`${String(series.length)} ${String(lower)} ${String(upper)}`}
    />
  );
}

/** The whole range between the limits, and what lies outside of it; without limits, the data with some room. */
function withLimits(
  min: number | null,
  max: number | null,
  lower: number,
  upper: number,
): uPlot.Range.MinMax {
  const low = Math.min(min ?? Infinity, Number.isNaN(lower) ? Infinity : lower);
  const high = Math.max(max ?? -Infinity, Number.isNaN(upper) ? -Infinity : upper);
  if (!(low < high)) return [Number.isFinite(low) ? low - 0.5 : -1, Number.isFinite(high) ? high + 0.5 : 1];
  const room = 0.06 * (high - low);
  return [low - room, high + room];
}
