import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import type { Refusal } from '../../protocol.js';
import { useApp } from '../app.js';
import { caretLines } from './caret-lines.js';

const NAME = 'objective.expression';
const EXAMPLES = [
  'goal_distance + 0.05 * norm(action)',
  'goal_distance + 5 * max(0, abs(q[2]) - 70 deg)',
  '0.9 ^ (H - t) * goal_distance',
];

/** Edits the cost expression. What is wrong with it is shown below the place where it is wrong. */
export function ExpressionEditor(): JSX.Element {
  const { dashboard, actions } = useApp();
  const [labelId, errorId] = [useId(), useId()];
  const field = useRef<HTMLTextAreaElement>(null);
  const value = dashboard.value(NAME).value;
  const inForce = typeof value === 'string' ? value : '';
  const [draft, setDraft] = useState(inForce);
  /** The text that the refusal is about. */
  const [tried, setTried] = useState('');
  const refusal = actions.refusal(NAME).value;
  useEffect(() => {
    setDraft(inForce);
  }, [inForce]);
  useEffect(() => {
    const place = refusal?.place;
    if (!place || field.current === null) return;
    field.current.focus();
    field.current.setSelectionRange(place.start, Math.max(place.end, place.start));
  }, [refusal]);

  const apply = (text: string): void => {
    setDraft(text);
    setTried(text);
    void actions.set(NAME, text.trim());
  };
  const leading = tried.length - tried.trimStart().length;
  return (
    <div class="expression" data-refused={refusal !== null}>
      <div class="row-head">
        <label id={labelId} for={`${labelId}-field`} class="parameter-name">
          Cost expression
        </label>
        {inForce === '' ? (
          <span class="soft">none: the objective’s distance</span>
        ) : (
          <span class="badge">in force</span>
        )}
      </div>
      <textarea
        id={`${labelId}-field`}
        ref={field}
        class="field code"
        rows={3}
        spellcheck={false}
        autocapitalize="off"
        value={draft}
        aria-invalid={refusal !== null}
        aria-describedby={refusal === null ? undefined : errorId}
        placeholder={EXAMPLES[0]}
        onInput={({ currentTarget }) => {
          setDraft(currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          apply(draft);
        }}
      />
      {refusal === null ? null : (
        <ExpressionError id={errorId} text={tried.slice(leading)} refusal={refusal} />
      )}
      <div class="actions">
        <button
          type="button"
          class="button primary small"
          disabled={draft.trim() === inForce && refusal === null}
          onClick={() => {
            apply(draft);
          }}
        >
          Apply <kbd>Ctrl ↵</kbd>
        </button>
        <button
          type="button"
          class="button small"
          disabled={draft === inForce && refusal === null}
          onClick={() => {
            setDraft(inForce);
            actions.clearRefusal(NAME);
          }}
        >
          Discard
        </button>
        <button
          type="button"
          class="button small"
          disabled={inForce === ''}
          onClick={() => {
            apply('');
          }}
        >
          Remove
        </button>
      </div>
      <details class="examples">
        <summary>Examples</summary>
        <ul>
          {EXAMPLES.map((example) => (
            <li key={example}>
              <button
                type="button"
                class="button quiet code-button"
                onClick={() => {
                  setDraft(example);
                  field.current?.focus();
                }}
              >
                {example}
              </button>
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}

function ExpressionError({
  id,
  text,
  refusal,
}: {
  readonly id: string;
  readonly text: string;
  readonly refusal: Refusal;
}): JSX.Element {
  const { place, message } = refusal;
  return (
    <div id={id} class="expression-error">
      {place === null ? null : (
        <pre class="caret" aria-hidden="true">
          {caretLines(text, place).map(({ line, caret }, index) => (
            <span key={index} class="caret-line">
              {`${line}\n`}
              {caret === null ? null : <span class="caret-mark">{`${caret}\n`}</span>}
            </span>
          ))}
        </pre>
      )}
      <p class="refusal">{message}</p>
    </div>
  );
}
