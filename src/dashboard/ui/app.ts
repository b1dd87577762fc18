import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { signal } from '@preact/signals';

import { Link, type Socket } from './connection/link.js';
import { DrawLoop } from './plots/draw-loop.js';
import { Actions } from './state/actions.js';
import { Dashboard } from './state/dashboard.js';
import { Pictures } from './state/pictures.js';
import { Watching } from './state/watching.js';
import { movesLess } from './theme.js';

/** Plots are drawn at most at 15 Hz; at 2 Hz for people who want less movement. */
const PLOT_PERIOD_MS = 1000 / 15;
const CALM_PERIOD_MS = 500;
const WATCH_DELAY_MS = 50;

/** The parts of the running page. */
export interface App {
  readonly dashboard: Dashboard;
  readonly pictures: Pictures;
  readonly link: Link;
  readonly actions: Actions;
  readonly watching: Watching;
  readonly loop: DrawLoop;
  /** How much of the past plots show [s]. */
  readonly windowS: { value: number };
  readonly nowS: () => number;
}

const Context = createContext<App | null>(null);
export const AppProvider = Context.Provider;

export function useApp(): App {
  const app = useContext(Context);
  if (app === null) throw new RangeError('a part of the page is outside of it');
  return app;
}

/** Makes the page's parts and connects them to the server that the page came from. */
export function startApp(): App {
  const nowS = (): number => performance.now() / 1000;
  const pictures = new Pictures();
  const dashboard = new Dashboard(nowS, pictures);
  const actions = new Actions({ request: (request) => link.request(request), after });
  const link = new Link({
    open: () => new WebSocket(socketUrl(location)) as Socket,
    nowMs: () => performance.now(),
    after,
    whyRefused,
    onState: (state) => {
      dashboard.link.value = state;
      if (state.kind === 'lost') dashboard.disconnected();
    },
    onMessage: (message) => {
      if (message.type === 'problem') actions.warn(message.message);
      dashboard.message(message);
    },
    onFrame: (frame) => {
      dashboard.frame(frame);
    },
  });
  const watching = new Watching(
    (channels) => {
      link.watch(channels);
    },
    (then) => void after(WATCH_DELAY_MS, then),
  );
  const loop = new DrawLoop({
    nextFrame: (then) => void requestAnimationFrame(then),
    periodMs: () => (movesLess() ? CALM_PERIOD_MS : PLOT_PERIOD_MS),
  });
  document.addEventListener('visibilitychange', () => {
    watching.setPageHidden(document.hidden);
  });
  watching.setPageHidden(document.hidden);
  link.connect();
  return { dashboard, pictures, link, actions, watching, loop, windowS: signal(30), nowS };
}

function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  return () => {
    clearTimeout(timer);
  };
}

function socketUrl({ protocol, host }: Location): string {
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/ws`;
}

/** A browser does not say with which status a WebSocket was refused; the page itself is refused with the same. */
async function whyRefused(): Promise<string | null> {
  try {
    const { status } = await fetch('/', { method: 'HEAD', cache: 'no-store' });
    if (status !== 401) return null;
    return 'the token is missing or no longer right: open the address that the server has printed';
  } catch {
    return null;
  }
}
