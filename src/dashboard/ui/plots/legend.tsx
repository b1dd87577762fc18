import { useRef } from 'preact/hooks';
import type { JSX } from 'preact';

import { useDrawing } from '../controls/visibility.js';

export interface LegendEntry {
  readonly name: string;
  /** Custom property of the style sheet. */
  readonly colour: string;
  readonly kind?: 'line' | 'area' | 'dashed';
  /** The newest value as text, of constant width as far as possible; absent: the entry has no value. */
  readonly value?: () => string;
}

/** Numbers that change more often cannot be read. */
const PERIOD_S = 0.25;

/** The names of the series with their newest values, also for screen readers. */
export function Legend({
  entries,
  isInView,
}: {
  readonly entries: readonly LegendEntry[];
  readonly isInView: boolean;
}): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const lastS = useRef(-Infinity);
  useDrawing((nowS) => {
    if (nowS - lastS.current < PERIOD_S || list.current === null) return;
    lastS.current = nowS;
    const outputs = list.current.querySelectorAll<HTMLElement>('.legend-value');
    const written = entries.filter(({ value }) => value !== undefined);
    for (const [index, { value }] of written.entries()) {
      const output = outputs[index];
      const text = value?.() ?? '';
      if (output !== undefined && output.textContent !== text) output.textContent = text;
    }
  }, isInView);
  return (
    <ul ref={list} class="legend">
      {entries.map(({ name, colour, kind = 'line', value }) => (
        <li key={name}>
          <span class={`legend-mark ${kind}`} style={`--mark: var(${colour})`} />
          <span>{name}</span>
          {value === undefined ? null : <span class="legend-value" />}
        </li>
      ))}
    </ul>
  );
}
