import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';

import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { SaveForm } from '../controls/save-form.js';
import { namesIn } from './names-in.js';

/** Captures what the cameras see as the goal, and keeps goals by name. */
export function GoalsPanel(): JSX.Element {
  const { dashboard, actions } = useApp();
  const [names, setNames] = useState<readonly string[]>([]);
  const isPresent = dashboard.node.value?.present === true;
  const refresh = useCallback(async (): Promise<void> => {
    setNames(namesIn(await actions.data({ type: 'call', call: { service: 'list_goals' } })));
  }, [actions]);
  useEffect(() => {
    if (isPresent) void refresh();
  }, [isPresent, refresh]);
  const save = async (name: string): Promise<boolean> => {
    const isSaved = await actions.call({ service: 'save_goal', name }, `Goal ${name} saved.`);
    if (isSaved) await refresh();
    return isSaved;
  };
  return (
    <Panel name="goals" title="Goals" note={dashboard.goal.value?.state.replace('_', ' ') ?? ''}>
      <div class="actions">
        <button
          type="button"
          class="button primary"
          onClick={() =>
            void actions.call({ service: 'capture_goal' }, 'What the cameras see now is the goal.')
          }
        >
          Capture goal
        </button>
        <span class="soft">what the cameras see now</span>
      </div>
      <SaveForm label="Save the goal as" onSave={save} />
      {names.length === 0 ? (
        <p class="empty">No goals saved yet.</p>
      ) : (
        <ul class="names" aria-label="Saved goals">
          {names.map((saved) => (
            <li key={saved}>
              <span>{saved}</span>
              <button
                type="button"
                class="button small"
                onClick={() =>
                  void actions.call({ service: 'load_goal', name: saved }, `Goal ${saved} is in force.`)
                }
              >
                Load<span class="sr-only"> goal {saved}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
