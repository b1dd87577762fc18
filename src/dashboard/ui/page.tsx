import type { JSX } from 'preact';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useComputed } from '@preact/signals';

import { useApp } from './app.js';
import { Banner } from './controls/banner.js';
import { Notices } from './controls/notices.js';
import { TopBar } from './controls/top-bar.js';
import { CameraPanel } from './panels/camera-panel.js';
import { GoalsPanel } from './panels/goals-panel.js';
import { GuidePanel } from './panels/guide-panel.js';
import { HealthPanel } from './panels/health-panel.js';
import { PlannerPanel } from './panels/planner-panel.js';
import {
  AgePanel,
  CandidatesPanel,
  CostPanel,
  DistancePanel,
  JointsPanel,
  PlanTimePanel,
  SpreadPanel,
  WindowChoice,
} from './panels/plot-panels.js';
import { ProfilesPanel } from './panels/profiles-panel.js';
import { ReplayPanel } from './panels/replay-panel.js';
import { RobotPanel } from './panels/robot-panel.js';
import { ParametersPanel } from './parameters/parameters-panel.js';
import { conditionOf } from './state/condition.js';

/** As in protocol.ts, whose code the page leaves out: it would bring its library along. */
const PROTOCOL_VERSION: typeof import('../protocol.js').PROTOCOL_VERSION = 1;

const SECTIONS = [
  { id: 'watch', name: 'Watch' },
  { id: 'plots', name: 'Plots' },
  { id: 'tune', name: 'Tune' },
];

export function Page(): JSX.Element {
  const { dashboard } = useApp();
  const condition = useComputed(() =>
    conditionOf({
      link: dashboard.link.value,
      node: dashboard.node.value,
      nodeName: dashboard.hello.value?.node ?? '',
      operator: dashboard.operator.value,
      isOutdated: (dashboard.hello.value?.protocol ?? PROTOCOL_VERSION) !== PROTOCOL_VERSION,
    }),
  );
  // All of it appears at once when the node is known: panels that fill one after the other would push each other about.
  const isReady = useRef(false);
  isReady.current ||= dashboard.schema.value.length > 0 || dashboard.node.value?.present === false;
  const bar = useRef<HTMLDivElement>(null);
  useBarHeight(bar);
  return (
    <>
      <div ref={bar} class="bar-place">
        <TopBar condition={condition.value} />
        <Banner condition={condition.value} />
      </div>
      <nav class="sections" aria-label="Sections of the page">
        {SECTIONS.map(({ id, name }) => (
          <a key={id} href={`#${id}`}>
            {name}
          </a>
        ))}
      </nav>
      {isReady.current ? <Panels /> : <main class="loading">Waiting for the planner …</main>}
      <Notices />
    </>
  );
}

function Panels(): JSX.Element {
  return (
    <main class="columns">
      <div id="watch" class="column watch" tabIndex={-1}>
        <CameraPanel />
        <RobotPanel />
        <GoalsPanel />
      </div>
      <div id="plots" class="column plots" tabIndex={-1}>
        <div class="plots-head">
          <h2>Plots</h2>
          <WindowChoice />
        </div>
        <DistancePanel />
        <CostPanel />
        <PlanTimePanel />
        <AgePanel />
        <SpreadPanel />
        <CandidatesPanel />
        <JointsPanel />
        <HealthPanel />
        <ReplayPanel />
      </div>
      <div id="tune" class="column tune" tabIndex={-1}>
        <GuidePanel />
        <PlannerPanel />
        <ParametersPanel />
        <ProfilesPanel />
      </div>
    </main>
  );
}

/** Keeps `--bar-height` of the style sheet, so that the bar hides nothing that has the focus. */
function useBarHeight(bar: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (bar.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      const height = entry?.borderBoxSize[0]?.blockSize ?? 0;
      document.documentElement.style.setProperty('--bar-height', `${String(Math.ceil(height))}px`);
    });
    observer.observe(bar.current);
    return () => {
      observer.disconnect();
    };
  }, [bar]);
}
