import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { useApp, type App } from '../app.js';
import type { Condition, Remedy } from '../state/condition.js';
import { figure } from '../state/figures.js';
import type { StatisticsValues } from '../state/messages.js';
import { writeFixed } from '../text/numbers.js';
import { useDrawing } from './visibility.js';

/** Figures that change more often cannot be read. */
const SIGN_PERIOD_S = 0.25;

interface RemedyButton {
  readonly label: string;
  readonly act: (app: App) => void;
}

const REMEDIES: Readonly<Record<Remedy, RemedyButton>> = {
  retry: {
    label: 'Try again now',
    act: ({ link }) => {
      link.connect();
    },
  },
  reload: {
    label: 'Load again',
    act: () => {
      location.reload();
    },
  },
  configure: {
    label: 'Configure',
    act: ({ actions }) => void actions.transition('configure', 'Configuring: the model is being loaded.'),
  },
  activate: {
    label: 'Activate',
    act: ({ actions }) => void actions.transition('activate', 'Active.'),
  },
  continue: {
    label: 'Continue',
    act: ({ actions }) =>
      void actions.call({ service: 'pause', paused: false }, 'The robot follows plans again.'),
  },
  reset: {
    label: 'Reset',
    act: ({ actions }) => void actions.call({ service: 'reset' }, 'Reset.'),
  },
};

/** Why the robot does not follow plans, and what to do about it. Its place is kept, so that nothing moves when it comes and goes. */
export function Banner({ condition }: { readonly condition: Condition }): JSX.Element {
  const app = useApp();
  const remedy = condition.remedy === null ? null : REMEDIES[condition.remedy];
  return (
    <div class={`banner ${condition.tone}`} data-empty={condition.detail === ''}>
      <p class="banner-text">
        {condition.detail === '' ? (
          <VitalSigns />
        ) : (
          <>
            <strong>{condition.label}</strong>
            <span>{condition.detail}</span>
            <Countdown />
          </>
        )}
      </p>
      {remedy === null ? null : (
        <button
          type="button"
          class="button"
          onClick={() => {
            remedy.act(app);
          }}
        >
          {remedy.label}
        </button>
      )}
    </div>
  );
}

interface Sign {
  readonly name: string;
  readonly unit: string;
  readonly decimals: number;
  readonly read: (values: StatisticsValues | null) => number;
}

const SIGNS: readonly Sign[] = [
  { name: 'distance', unit: '', decimals: 2, read: (values) => figure(values, 'goal_distance') },
  { name: 'plan', unit: 'ms', decimals: 0, read: (values) => figure(values, 'plan_ms') },
  { name: 'frame age', unit: 'ms', decimals: 0, read: (values) => figure(values, 'frame_age_ms') },
  { name: 'plans', unit: '/s', decimals: 1, read: (values) => figure(values, 'plan_rate_hz') },
];

/** The figures that say at a glance whether all is well. */
function VitalSigns(): JSX.Element {
  const { dashboard } = useApp();
  const goal = dashboard.goal.value?.state.replace('_', ' ') ?? 'none';
  const signs = useRef<HTMLSpanElement>(null);
  const lastS = useRef(-Infinity);
  useDrawing((nowS) => {
    if (nowS - lastS.current < SIGN_PERIOD_S) return;
    lastS.current = nowS;
    const values = dashboard.statistics.peek();
    for (const [index, { read, decimals }] of SIGNS.entries()) {
      const output = signs.current?.querySelectorAll('.figure')[index];
      const text = writeFixed(read(values), decimals);
      if (output !== undefined && output.textContent !== text) output.textContent = text;
    }
  }, true);
  return (
    <span ref={signs} class="signs">
      <span>
        goal <strong>{goal}</strong>
      </span>
      {SIGNS.map(({ name, unit }) => (
        <span key={name}>
          {name} <strong class="figure" /> {unit}
        </span>
      ))}
    </span>
  );
}

/** When the page tries to connect again. */
function Countdown(): JSX.Element | null {
  const { dashboard, nowS } = useApp();
  const link = dashboard.link.value;
  const [, redraw] = useState(0);
  const isLost = link.kind === 'lost';
  useEffect(() => {
    if (!isLost) return undefined;
    const timer = setInterval(() => {
      redraw((count) => count + 1);
    }, 500);
    return () => {
      clearInterval(timer);
    };
  }, [isLost]);
  if (!isLost) return null;
  const leftS = Math.max(0, Math.ceil(link.retryAtMs / 1000 - nowS()));
  return <span aria-hidden="true">{`Next try in ${String(leftS)} s.`}</span>;
}
