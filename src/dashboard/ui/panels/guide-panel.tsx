import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { advise, type AdvisedTurn, type Advice } from '../../../guide/guide.js';
import type { ParameterValue } from '../../protocol.js';
import { useApp, type App } from '../app.js';
import { Panel } from '../controls/panel.js';
import { writeParameter } from '../parameters/parse.js';
import { GUIDE_WINDOW_S, guideWindow } from '../state/guide-window.js';

const PERIOD_MS = 1000;
/** Advice that stood a moment ago stays, so that its button does not vanish under the pointer. */
const KEPT_S = 5;

/** What limits plans now, in words, and the parameter to turn. */
export function GuidePanel(): JSX.Element {
  const app = useApp();
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const isActive = app.dashboard.node.value?.state === 'active';
  useEffect(() => {
    if (!isActive) {
      setShown([]);
      return undefined;
    }
    const timer = setInterval(() => {
      const now = adviceNow(app);
      setShown((before) => withKept(before, now, app.nowS()));
    }, PERIOD_MS);
    return () => {
      clearInterval(timer);
    };
  }, [app, isActive]);
  return (
    <Panel name="guide" title="What should I turn?">
      {shown.length === 0 ? (
        <p class="empty">
          {isActive
            ? 'Nothing stands out in the last seconds.'
            : 'The guide speaks while the node is active.'}
        </p>
      ) : (
        <ul class="advice" aria-live="polite">
          {shown.map(({ advice }) => (
            <AdviceItem key={advice.id} advice={advice} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function AdviceItem({ advice: { id, says, turns, besides, why } }: { readonly advice: Advice }): JSX.Element {
  return (
    <li data-advice={id}>
      <p>
        <strong>{says}</strong>
      </p>
      <p class="soft">{why}</p>
      {turns.map((turn) => (
        <TurnLine key={turn.parameter} turn={turn} />
      ))}
      {besides === '' ? null : <p>{besides}</p>}
    </li>
  );
}

function TurnLine({ turn }: { readonly turn: AdvisedTurn }): JSX.Element {
  const { actions } = useApp();
  const { parameter, present, suggested } = turn;
  return (
    <div class="turn">
      <span class="turn-name">{parameter}</span>
      <span class="figure">{`${textOf(present)} → ${textOf(suggested)}`}</span>
      <button
        type="button"
        class="button small"
        onClick={() =>
          void actions.setAll({ [parameter]: mutable(suggested) }, `${parameter} is ${textOf(suggested)}.`)
        }
      >
        Apply<span class="sr-only">{` ${parameter} ${textOf(suggested)}`}</span>
      </button>
    </div>
  );
}

interface Shown {
  readonly advice: Advice;
  readonly seenS: number;
}

function adviceNow({ dashboard, nowS }: App): readonly Advice[] {
  const parameters = dashboard.schema
    .peek()
    .map(({ name, range }) => ({ name, range, value: dashboard.value(name).peek() }));
  return advise(
    guideWindow(dashboard.recentPlans.since(nowS() - GUIDE_WINDOW_S), dashboard.parts.peek(), parameters),
  );
}

function withKept(before: readonly Shown[], now: readonly Advice[], nowS: number): readonly Shown[] {
  const kept = before.filter(
    ({ advice, seenS }) => nowS - seenS < KEPT_S && !now.some(({ id }) => id === advice.id),
  );
  return [...now.map((advice) => ({ advice, seenS: nowS })), ...kept];
}

type GuideValue = AdvisedTurn['present'];

function mutable(value: GuideValue): ParameterValue {
  return typeof value === 'object' ? [...value] : value;
}

function textOf(value: GuideValue): string {
  return writeParameter(mutable(value)) || 'empty';
}
