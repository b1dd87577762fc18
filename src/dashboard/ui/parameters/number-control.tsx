import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';

import { useDragging } from '../controls/dragging.js';
import { writeExact, writeUnit } from '../text/numbers.js';
import { nearestNotch, notchesOf } from './notches.js';
import type { ControlProps } from './control-props.js';
import { parseParameter } from './parse.js';

/** A slider over the notches of a parameter, and a field for any other number. */
export function NumberControl(props: ControlProps): JSX.Element {
  const { parameter, value, isDisabled, labelId, describedBy, isRefused, onSet, onProblem } = props;
  const notches = useMemo(() => notchesOf(parameter), [parameter]);
  const [shown, drag] = useDragging(typeof value === 'number' ? value : NaN, onSet);
  const text = Number.isNaN(shown) ? '' : writeExact(shown);
  const [from, to] = parameter.range ?? [-Infinity, Infinity];
  const { defaultValue } = parameter;
  const defaultShare =
    typeof defaultValue === 'number'
      ? nearestNotch(notches, defaultValue) / Math.max(1, notches.length - 1)
      : null;
  return (
    <div class="number-control">
      <div class="slider" style={defaultShare === null ? '' : `--default: ${String(defaultShare)}`}>
        <input
          type="range"
          min={0}
          max={Math.max(1, notches.length - 1)}
          step={1}
          value={nearestNotch(notches, shown)}
          disabled={isDisabled}
          aria-labelledby={labelId}
          aria-describedby={describedBy}
          aria-valuetext={`${text}${writeUnit(parameter.unit)}`}
          onInput={({ currentTarget }) => {
            const next = notches[Number(currentTarget.value)];
            if (next !== undefined) drag(next);
          }}
        />
        {defaultShare === null ? null : <span class="slider-default" aria-hidden="true" />}
      </div>
      <input
        class="field number"
        type="text"
        inputMode="decimal"
        value={text}
        disabled={isDisabled}
        title={`from ${writeExact(from)} to ${writeExact(to)}`}
        aria-labelledby={labelId}
        aria-describedby={describedBy}
        aria-invalid={isRefused}
        onChange={({ currentTarget }) => {
          const parsed = parseParameter(parameter, currentTarget.value);
          if ('problem' in parsed) onProblem(parsed.problem);
          else void onSet(parsed.value);
        }}
      />
    </div>
  );
}
