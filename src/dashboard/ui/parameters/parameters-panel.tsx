import type { JSX } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';

import type { ParameterInfo } from '../../protocol.js';
import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { groupsOf, isChanged, type Group } from './groups.js';
import { ParameterRow } from './parameter-row.js';

/** Groups that people turn most. */
const OPEN_AT_FIRST = new Set(['sampling']);

/** A control for every parameter of the node, from its own description of them. */
export function ParametersPanel(): JSX.Element {
  const { dashboard } = useApp();
  const [query, setQuery] = useState('');
  const [changedOnly, setChangedOnly] = useState(false);
  const searchId = useId();
  const schema = dashboard.schema.value;
  const groups = useMemo(() => groupsOf(schema, query), [schema, query]);
  const isWanted = (parameter: ParameterInfo): boolean =>
    !changedOnly || isChanged(parameter, dashboard.value(parameter.name).value);
  const shown = changedOnly
    ? groups.map(({ name, parameters }) => ({ name, parameters: parameters.filter(isWanted) }))
    : groups;
  const found = shown.filter(({ parameters }) => parameters.length > 0);
  const count = found.reduce((sum, { parameters }) => sum + parameters.length, 0);
  const isSearching = query.trim() !== '' || changedOnly;
  return (
    <Panel name="parameters" title="Parameters" note={`${String(count)} of ${String(schema.length)}`}>
      <div class="search" role="search">
        <label class="sr-only" for={searchId}>
          Search parameters
        </label>
        <input
          id={searchId}
          class="field"
          type="search"
          placeholder="Search names and descriptions"
          value={query}
          onInput={({ currentTarget }) => {
            setQuery(currentTarget.value);
          }}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={changedOnly}
            onChange={({ currentTarget }) => {
              setChangedOnly(currentTarget.checked);
            }}
          />
          changed only
        </label>
      </div>
      <p class="sr-only" role="status">
        {isSearching ? `${String(count)} parameters found` : ''}
      </p>
      {found.length === 0 ? (
        <p class="empty">
          {schema.length === 0 ? 'The node has not described its parameters yet.' : 'No parameter matches.'}
        </p>
      ) : (
        found.map((group) => <ParameterGroup key={group.name} group={group} isForcedOpen={isSearching} />)
      )}
    </Panel>
  );
}

/** The rows are made when the group is opened. */
function ParameterGroup({
  group,
  isForcedOpen,
}: {
  readonly group: Group;
  readonly isForcedOpen: boolean;
}): JSX.Element {
  const { dashboard } = useApp();
  const [isOpen, setOpen] = useState(OPEN_AT_FIRST.has(group.name));
  const changed = group.parameters.filter((parameter) =>
    isChanged(parameter, dashboard.value(parameter.name).value),
  ).length;
  const shows = isOpen || isForcedOpen;
  return (
    <details
      class="group"
      open={shows}
      data-group={group.name}
      onToggle={({ currentTarget }) => {
        if (!isForcedOpen) setOpen(currentTarget.open);
      }}
    >
      <summary>
        <span class="chevron" aria-hidden="true" />
        {group.name}
        <span class="soft">{group.parameters.length}</span>
        {changed === 0 ? null : <span class="badge">{`${String(changed)} changed`}</span>}
      </summary>
      {shows
        ? group.parameters.map((parameter) => <ParameterRow key={parameter.name} parameter={parameter} />)
        : null}
    </details>
  );
}
