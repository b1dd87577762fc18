import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

import type { ParameterInfo, ParameterValue } from '../../protocol.js';
import { useApp } from '../app.js';
import { writeExact, writeUnit } from '../text/numbers.js';
import { groupOf, isChanged, isSettable, GENERAL } from './groups.js';
import type { ControlProps } from './control-props.js';
import { NumberControl } from './number-control.js';
import { writeParameter } from './parse.js';
import { TextControl } from './text-control.js';

/** One parameter: its control, what it is for, whether it is changed, and why a value was refused. */
export function ParameterRow({
  parameter,
  hasFullName = false,
}: {
  readonly parameter: ParameterInfo;
  /** Outside of the groups, whose names its own would repeat. */
  readonly hasFullName?: boolean;
}): JSX.Element {
  const { dashboard, actions } = useApp();
  const { name, unit, description, change } = parameter;
  const [labelId, helpId, refusalId] = [useId(), useId(), useId()];
  const [problem, setProblem] = useState('');
  const [isExplained, setExplained] = useState(false);
  const value = dashboard.value(name).value;
  const refusal = actions.refusal(name).value;
  const wrong = problem === '' ? (refusal?.message ?? '') : problem;
  const changed = isChanged(parameter, value);
  const isDisabled = value === undefined || !isSettable(parameter, dashboard.node.value?.state ?? '');
  const set = (next: ParameterValue): Promise<boolean> => {
    setProblem('');
    return actions.set(name, next);
  };
  const control: ControlProps = {
    parameter,
    value,
    isDisabled,
    labelId,
    describedBy: wrong === '' ? helpId : `${refusalId} ${helpId}`,
    isRefused: wrong !== '',
    onSet: set,
    onProblem: setProblem,
  };
  return (
    <div
      class={`parameter ${isShort(parameter) ? 'inline' : ''}`}
      data-parameter={name}
      data-changed={changed}
      data-refused={wrong !== ''}
    >
      <div class="parameter-head">
        <span id={labelId} class="parameter-name" title={name}>
          {hasFullName ? name : shortName(name)}
          <span class="soft">{writeUnit(unit)}</span>
        </span>
        {changed ? <span class="badge">changed</span> : null}
        {change === 'dynamic' ? null : <span class="badge soft-badge">{change}</span>}
        {changed && !isDisabled ? (
          <button
            type="button"
            class="button quiet small"
            onClick={() => {
              if (parameter.defaultValue !== null) void set(parameter.defaultValue);
            }}
          >
            Reset<span class="sr-only"> {name}</span>
          </button>
        ) : null}
        <button
          type="button"
          class="button quiet icon small"
          aria-expanded={isExplained}
          aria-label={`About ${name}`}
          onClick={() => {
            setExplained(!isExplained);
          }}
        >
          <span aria-hidden="true">?</span>
        </button>
      </div>
      <Control {...control} />
      {wrong === '' ? null : (
        <p id={refusalId} class="refusal">
          {wrong}
        </p>
      )}
      <p id={helpId} class="parameter-help" hidden={!isExplained}>
        {description} <span class="soft">{facts(parameter)}</span>
      </p>
    </div>
  );
}

function Control(props: ControlProps): JSX.Element {
  const { parameter, value, isDisabled, labelId, describedBy, onSet } = props;
  const { type, choices, range } = parameter;
  if (choices !== null)
    return (
      <select
        class="field"
        aria-labelledby={labelId}
        aria-describedby={describedBy}
        aria-invalid={props.isRefused}
        disabled={isDisabled}
        value={typeof value === 'string' ? value : ''}
        onChange={({ currentTarget }) => {
          void onSet(currentTarget.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  if (type === 'boolean')
    return (
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          aria-labelledby={labelId}
          aria-describedby={describedBy}
          disabled={isDisabled}
          checked={value === true}
          onChange={({ currentTarget }) => {
            void onSet(currentTarget.checked);
          }}
        />
        <span aria-hidden="true">{value === true ? 'on' : 'off'}</span>
      </label>
    );
  return (type === 'integer' || type === 'double') && range !== null ? (
    <NumberControl {...props} />
  ) : (
    <TextControl {...props} />
  );
}

/** Whether its control fits beside its name. */
function isShort({ type, choices }: ParameterInfo): boolean {
  return choices !== null || type === 'boolean';
}

function shortName(name: string): string {
  const group = groupOf(name);
  return group === GENERAL ? name : name.slice(group.length + 1);
}

function facts({ name, range, unit, defaultValue, change, maxLength }: ParameterInfo): string {
  const parts = [
    name,
    ...(range === null ? [] : [`from ${writeExact(range[0])} to ${writeExact(range[1])}${writeUnit(unit)}`]),
    ...(maxLength === null ? [] : [`at most ${String(maxLength)} numbers`]),
    ...(defaultValue === null ? [] : [`default ${writeParameter(defaultValue) || 'empty'}`]),
    change === 'dynamic' ? 'takes effect at once' : whenSet(change),
  ];
  return `${parts.join(' · ')}.`;
}

function whenSet(change: 'static' | 'read-only'): string {
  return change === 'static' ? 'only while the node is not configured' : 'only at the start of the node';
}
