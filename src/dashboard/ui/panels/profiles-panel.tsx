import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import type { Comparable, ProfileDifference, ProfileLoad } from '../../protocol.js';
import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { SaveForm } from '../controls/save-form.js';
import { writeParameter } from '../parameters/parse.js';

/** Saves the values in force as a profile, loads one, and compares two. */
export function ProfilesPanel(): JSX.Element {
  const { dashboard, actions } = useApp();
  const [loaded, setLoaded] = useState<ProfileLoad | null>(null);
  const names = dashboard.profiles.value;
  const folder = dashboard.hello.value?.profilesFolder ?? '';
  const save = (name: string): Promise<boolean> =>
    actions.ask({ type: 'save_profile', name }, `Profile ${name} saved.`);
  const load = async (wanted: string): Promise<void> => {
    setLoaded(null);
    const data = await actions.data({ type: 'load_profile', name: wanted }, `Profile ${wanted} is in force.`);
    setLoaded(loadIn(data));
  };
  return (
    <Panel name="profiles" title="Profiles">
      <SaveForm label="Save the values as" onSave={save} />
      {names.length === 0 ? (
        <p class="empty">No profiles yet{folder === '' ? '' : ` in ${folder}`}.</p>
      ) : (
        <ul class="names" aria-label="Profiles">
          {names.map((each) => (
            <li key={each}>
              <span>{each}</span>
              <button type="button" class="button small" onClick={() => void load(each)}>
                Load<span class="sr-only"> profile {each}</span>
              </button>
              <button type="button" class="button quiet small" onClick={() => void save(each)}>
                Overwrite<span class="sr-only"> profile {each}</span>
              </button>
              <DeleteButton name={each} />
            </li>
          ))}
        </ul>
      )}
      {loaded === null ? null : <Loaded load={loaded} />}
      <Comparison names={names} />
    </Panel>
  );
}

/** Asks once more in place: a profile that is deleted is gone. */
function DeleteButton({ name }: { readonly name: string }): JSX.Element {
  const { actions } = useApp();
  const [isAsking, setAsking] = useState(false);
  return (
    <button
      type="button"
      class={`button quiet small ${isAsking ? 'danger' : ''}`}
      onBlur={() => {
        setAsking(false);
      }}
      onClick={() => {
        if (isAsking) void actions.ask({ type: 'delete_profile', name }, `Profile ${name} deleted.`);
        setAsking(!isAsking);
      }}
    >
      {isAsking ? 'Really delete' : 'Delete'}
      <span class="sr-only"> profile {name}</span>
    </button>
  );
}

function Loaded({ load: { changed, kept } }: { readonly load: ProfileLoad }): JSX.Element {
  return (
    <p class="soft" role="status">
      {changed.length === 0 ? 'No value changed.' : `Changed: ${changed.join(', ')}.`}
      {kept.length === 0 ? '' : ` Not changed, because the node is configured: ${kept.join(', ')}.`}
    </p>
  );
}

const PRESENT = '\u0000present';
const DEFAULTS = '\u0000defaults';

/** Two profiles, the values in force or the defaults beside each other: what differs. */
function Comparison({ names }: { readonly names: readonly string[] }): JSX.Element {
  const { actions } = useApp();
  const [left, setLeft] = useState(PRESENT);
  const [right, setRight] = useState(DEFAULTS);
  const [found, setFound] = useState<readonly ProfileDifference[] | null>(null);
  const compare = async (): Promise<void> => {
    const data = await actions.data({
      type: 'compare_profiles',
      left: comparable(left),
      right: comparable(right),
    });
    setFound(differencesIn(data));
  };
  const choose = (label: string, value: string, set: (value: string) => void): JSX.Element => (
    <select
      class="field"
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => {
        set(currentTarget.value);
        setFound(null);
      }}
    >
      <option value={PRESENT}>values in force</option>
      <option value={DEFAULTS}>defaults</option>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
  return (
    <div class="comparison">
      <h3>Compare</h3>
      <div class="inline-form">
        {choose('Left side of the comparison', left, setLeft)}
        <span class="soft">with</span>
        {choose('Right side of the comparison', right, setRight)}
        <button type="button" class="button" onClick={() => void compare()}>
          Compare
        </button>
      </div>
      {found === null ? null : <Differences differences={found} left={title(left)} right={title(right)} />}
    </div>
  );
}

function Differences({
  differences,
  left,
  right,
}: {
  readonly differences: readonly ProfileDifference[];
  readonly left: string;
  readonly right: string;
}): JSX.Element {
  if (differences.length === 0) return <p class="empty">They are the same.</p>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Differences">
      <table>
        <thead>
          <tr>
            <th scope="col">parameter</th>
            <th scope="col">{left}</th>
            <th scope="col">{right}</th>
          </tr>
        </thead>
        <tbody>
          {differences.map((difference) => (
            <tr key={difference.name}>
              <th scope="row">{difference.name}</th>
              <td>{writeParameter(difference.left) || '–'}</td>
              <td>{writeParameter(difference.right) || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function comparable(choice: string): Comparable {
  if (choice === PRESENT) return { kind: 'present' };
  return choice === DEFAULTS ? { kind: 'defaults' } : { kind: 'profile', name: choice };
}

function title(choice: string): string {
  if (choice === PRESENT) return 'in force';
  return choice === DEFAULTS ? 'default' : choice;
}

function differencesIn(data: unknown): readonly ProfileDifference[] | null {
  if (typeof data !== 'object' || data === null || !('differences' in data)) return null;
  return data.differences as readonly ProfileDifference[];
}

function loadIn(data: unknown): ProfileLoad | null {
  return typeof data === 'object' && data !== null && 'changed' in data ? (data as ProfileLoad) : null;
}
