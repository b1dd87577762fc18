import type { JSX } from 'preact';

import { useApp } from '../app.js';

/** What came of the last things that a person did, read out by screen readers as well. */
export function Notices(): JSX.Element {
  const { actions } = useApp();
  return (
    <>
      <p class="sr-only" role="status">
        {actions.announcement.value}
      </p>
      <div class="notices" role="log" aria-live="polite" aria-relevant="additions" aria-label="Messages">
        {actions.notices.value.map(({ key, tone, text }) => (
          <div key={key} class={`notice ${tone}`}>
            <p>{text}</p>
            <button
              type="button"
              class="button quiet icon"
              aria-label="Dismiss"
              onClick={() => {
                actions.dismiss(key);
              }}
            >
              <span aria-hidden="true">✕</span>
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
