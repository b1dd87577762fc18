import type { JSX } from 'preact';

import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { ParameterRow } from '../parameters/parameter-row.js';
import { ExpressionEditor } from './expression-editor.js';

/** What is chosen from lists: how plans are sought, and by which cost. */
const CHOSEN = ['planner', 'objective.metric', 'objective.steps'];

export function PlannerPanel(): JSX.Element {
  const { dashboard } = useApp();
  const schema = dashboard.schema.value;
  const chosen = CHOSEN.flatMap((name) => schema.find((parameter) => parameter.name === name) ?? []);
  return (
    <Panel name="planner" title="Planner and objective">
      {chosen.map((parameter) => (
        <ParameterRow key={parameter.name} parameter={parameter} hasFullName />
      ))}
      {schema.length === 0 ? (
        <p class="empty">The node has not described its parameters yet.</p>
      ) : (
        <ExpressionEditor />
      )}
    </Panel>
  );
}
