import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import type { LogLine } from '../state/dashboard.js';
import type { Part } from '../state/messages.js';

const LEVELS: Readonly<Record<Part['level'], string>> = {
  ok: 'ok',
  warn: 'warning',
  error: 'error',
  stale: 'no data',
};

/** The parts of `/diagnostics`, and what the node logs. */
export function HealthPanel(): JSX.Element {
  const { dashboard } = useApp();
  const parts = dashboard.parts.value;
  return (
    <Panel name="health" title="Health of the node" class="wide">
      {parts.length === 0 ? (
        <p class="empty">No diagnostics yet: they come once a second.</p>
      ) : (
        <ul class="parts" aria-label="Parts of the node">
          {parts.map((part) => (
            <PartLine key={part.part} part={part} />
          ))}
        </ul>
      )}
      <Log />
    </Panel>
  );
}

function PartLine({ part: { part, level, message, values } }: { readonly part: Part }): JSX.Element {
  const entries = Object.entries(values);
  return (
    <li>
      <details>
        <summary>
          <span class={`level ${level}`}>{LEVELS[level]}</span>
          <span class="part-name">{part}</span>
          <span class="soft part-message">{message}</span>
        </summary>
        {entries.length === 0 ? (
          <p class="soft">no figures</p>
        ) : (
          <dl class="facts">
            {entries.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </details>
    </li>
  );
}

function Log(): JSX.Element {
  const { dashboard } = useApp();
  const [problemsOnly, setProblemsOnly] = useState(false);
  const lines = dashboard.log.value.filter(({ level }) => !problemsOnly || isProblem(level));
  return (
    <div class="log">
      <div class="row-head">
        <h3>Log</h3>
        <label class="check">
          <input
            type="checkbox"
            checked={problemsOnly}
            onChange={({ currentTarget }) => {
              setProblemsOnly(currentTarget.checked);
            }}
          />
          warnings and errors only
        </label>
      </div>
      <div class="log-lines" tabIndex={0} role="region" aria-label="Log of the node">
        {lines.length === 0 ? <p class="empty">Nothing logged since the page was opened.</p> : null}
        {lines.toReversed().map(({ key, timeMs, level, text }) => (
          <p key={key} class={`log-line ${level}`}>
            <time dateTime={new Date(timeMs).toISOString()}>{new Date(timeMs).toLocaleTimeString()}</time>
            {isProblem(level) ? (
              <span class={`level ${level === 'warn' ? 'warn' : 'error'}`}>{level}</span>
            ) : null}
            <span>{text}</span>
          </p>
        ))}
      </div>
    </div>
  );
}

function isProblem(level: LogLine['level']): boolean {
  return level === 'warn' || level === 'error' || level === 'fatal';
}
