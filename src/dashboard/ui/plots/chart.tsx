import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { useDrawing, useInView } from '../controls/visibility.js';
import { colourVersion } from '../theme.js';
import { Legend, type LegendEntry } from './legend.js';

/** What one drawing of a plot shows. */
export type ChartData = uPlot.AlignedData;

export interface ChartProps {
  /** Says what is plotted, for people who do not see it. */
  readonly label: string;
  readonly height: number;
  /** Made once; what changes is read by functions at each drawing. */
  readonly options: () => Omit<uPlot.Options, 'width' | 'height'>;
  /** @returns null: nothing has changed */
  readonly data: (nowS: number) => ChartData | null;
  readonly legend: readonly LegendEntry[];
  /** Changes of it make the plot anew: the number of series, for example. */
  readonly version?: string;
}

/** One plot with its legend. It is drawn by the page's loop, and only while it is in view. */
export function Chart({ label, height, options, data, legend, version = '' }: ChartProps): JSX.Element {
  const [figure, isInView] = useInView<HTMLElement>();
  const canvas = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const drawnColours = useRef(-1);

  useEffect(() => {
    const parent = canvas.current;
    if (parent === null) return undefined;
    const width = Math.max(80, parent.clientWidth);
    const made = new uPlot({ ...options(), width, height }, undefined, parent);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      const newWidth = Math.max(80, parent.clientWidth);
      if (newWidth !== made.width) made.setSize({ width: newWidth, height });
    });
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
      drawnColours.current = -1;
    };
    // `options` is read once for each version.
  }, [version, height]);

  useDrawing((nowS) => {
    const drawn = plot.current;
    if (drawn === null) return;
    const next = data(nowS);
    const colours = colourVersion.peek();
    if (next !== null) drawn.setData(next);
    else if (colours !== drawnColours.current) drawn.redraw(false, true);
    drawnColours.current = colours;
  }, isInView);

  return (
    <figure ref={figure} class="chart" aria-label={label}>
      <div ref={canvas} class="chart-canvas" style={{ height: `${String(height)}px` }} aria-hidden="true" />
      <Legend entries={legend} isInView={isInView} />
    </figure>
  );
}
