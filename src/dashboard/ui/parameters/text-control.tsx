import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import type { ControlProps } from './control-props.js';
import { parseParameter, writeParameter } from './parse.js';

/** A field for text and lists of numbers: Enter or leaving it sets the value. */
export function TextControl(props: ControlProps): JSX.Element {
  const { parameter, value, isDisabled, labelId, describedBy, isRefused, onSet, onProblem } = props;
  const inForce = writeParameter(value);
  const [draft, setDraft] = useState(inForce);
  useEffect(() => {
    setDraft(inForce);
  }, [inForce]);
  const isList = parameter.type === 'double_array';
  return (
    <input
      class="field"
      type="text"
      spellcheck={false}
      autocomplete="off"
      value={draft}
      disabled={isDisabled}
      placeholder={isList ? 'one for all joints, or 0.5, 0.2, …' : 'empty'}
      aria-labelledby={labelId}
      aria-describedby={describedBy}
      aria-invalid={isRefused}
      onInput={({ currentTarget }) => {
        setDraft(currentTarget.value);
      }}
      onChange={({ currentTarget }) => {
        const parsed = parseParameter(parameter, currentTarget.value);
        if ('problem' in parsed) onProblem(parsed.problem);
        else void onSet(parsed.value);
      }}
    />
  );
}
