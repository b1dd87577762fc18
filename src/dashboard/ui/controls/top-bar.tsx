import type { JSX } from 'preact';
import { useCallback, useEffect } from 'preact/hooks';

import { useApp } from '../app.js';
import type { Condition } from '../state/condition.js';
import { useDragging } from './dragging.js';
import { nextTheme, theme, type Theme } from '../theme.js';

const THEME_NAMES: Readonly<Record<Theme, string>> = {
  system: 'as the system',
  light: 'light',
  dark: 'dark',
};
const THEME_SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

/** Always in view: what the robot does, and what stops, pauses and slows it. */
export function TopBar({ condition }: { readonly condition: Condition }): JSX.Element {
  const { dashboard } = useApp();
  const node = dashboard.hello.value?.node ?? '';
  return (
    <header class="bar">
      <div class="bar-name">
        <img src="/favicon.svg" alt="" width="26" height="26" />
        <h1>jepa_mpc</h1>
        <span class="bar-node">{node}</span>
      </div>
      <p class={`state ${condition.tone}`} role="status">
        <span class="state-dot" aria-hidden="true" />
        <span class="sr-only">State: </span>
        {condition.label}
      </p>
      <ThemeButton />
      <div class="operate" role="group" aria-label="Operate the robot">
        <SpeedScale />
        <PauseButton />
        <StopButton />
      </div>
    </header>
  );
}

function ThemeButton(): JSX.Element {
  const label = `Colours: ${THEME_NAMES[theme.value]}. Change`;
  return (
    <button type="button" class="button quiet icon" aria-label={label} title={label} onClick={nextTheme}>
      <span aria-hidden="true">{THEME_SIGNS[theme.value]}</span>
    </button>
  );
}

function PauseButton(): JSX.Element {
  const { dashboard, actions } = useApp();
  const isPaused = dashboard.operator.value?.paused === true;
  return (
    <button
      type="button"
      class="button pause"
      aria-pressed={isPaused}
      onClick={() => {
        void actions.call(
          { service: 'pause', paused: !isPaused },
          isPaused ? 'The robot follows plans again.' : 'Paused: the robot holds.',
        );
      }}
    >
      <span aria-hidden="true">{isPaused ? '▶' : '❚❚'}</span>
      {isPaused ? 'Continue' : 'Pause'}
    </button>
  );
}

/** The one key that stops the robot, whatever has the focus. */
const STOP_KEY = 'Escape';

function StopButton(): JSX.Element {
  const { actions } = useApp();
  const stop = useCallback(async (): Promise<void> => {
    const isStopped = await actions.call({ service: 'emergency_stop' }, 'Stopped. Reset clears it.');
    if (!isStopped) actions.warn('The robot was NOT stopped from here. Use its own emergency stop.');
  }, [actions]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== STOP_KEY || event.repeat || event.isComposing) return;
      event.preventDefault();
      void stop();
    };
    addEventListener('keydown', onKey, { capture: true });
    return () => {
      removeEventListener('keydown', onKey, { capture: true });
    };
  }, [stop]);
  return (
    <button type="button" class="button stop" aria-keyshortcuts={STOP_KEY} onClick={() => void stop()}>
      <span class="stop-sign" aria-hidden="true" />
      Stop
      <kbd>Esc</kbd>
    </button>
  );
}

function SpeedScale(): JSX.Element {
  const { dashboard, actions } = useApp();
  const inForce = dashboard.operator.value?.speedScale ?? 1;
  const [shown, drag] = useDragging(inForce, (value) => actions.setSpeedScale(value));
  const percent = Math.round(shown * 100);
  return (
    <label class="speed">
      <span>Speed</span>
      <input
        type="range"
        min="0"
        max="100"
        step="5"
        value={percent}
        aria-valuetext={`${String(percent)} per cent`}
        onInput={({ currentTarget }) => {
          drag(Number(currentTarget.value) / 100);
        }}
      />
      <output>{percent} %</output>
    </label>
  );
}
