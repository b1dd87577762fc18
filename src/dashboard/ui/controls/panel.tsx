import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

const STORED = 'jepa-mpc-closed-panels';

export interface PanelProps {
  /** Unique among the panels; whether it is open is remembered by it. */
  readonly name: string;
  readonly title: string;
  /** Beside the title, such as a unit. */
  readonly note?: string;
  /** At the right end of the heading. */
  readonly tools?: ComponentChildren;
  readonly isOpenAtFirst?: boolean;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A part of the page with a heading that opens and closes it. What is closed is not made and costs nothing. */
export function Panel({
  name,
  title,
  note,
  tools,
  isOpenAtFirst = true,
  class: extra = '',
  children,
}: PanelProps): JSX.Element {
  const [isOpen, setOpen] = useState(() => storedOpen(name) ?? isOpenAtFirst);
  const heading = useId();
  const body = useId();
  useEffect(() => {
    storeOpen(name, isOpen);
  }, [name, isOpen]);
  return (
    <section class={`panel ${extra}`} aria-labelledby={heading} data-panel={name}>
      <header class="panel-head">
        <h2 id={heading}>
          <button
            type="button"
            class="panel-toggle"
            aria-expanded={isOpen}
            aria-controls={body}
            onClick={() => {
              setOpen(!isOpen);
            }}
          >
            <span class="chevron" aria-hidden="true" />
            <span>
              {title}
              {note === undefined || note === '' ? null : <span class="panel-note"> {note}</span>}
            </span>
          </button>
        </h2>
        {isOpen ? tools : null}
      </header>
      <div id={body} class="panel-body" hidden={!isOpen}>
        {isOpen ? children : null}
      </div>
    </section>
  );
}

function storedStates(): Record<string, boolean> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(STORED) ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, boolean>) : {};
  } catch {
    return {};
  }
}

function storedOpen(name: string): boolean | undefined {
  return storedStates()[name];
}

function storeOpen(name: string, isOpen: boolean): void {
  try {
    localStorage.setItem(STORED, JSON.stringify({ ...storedStates(), [name]: isOpen }));
  } catch {
    // Without storage, panels are as at first with each load.
  }
}
