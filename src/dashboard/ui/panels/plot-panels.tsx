import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { COST_TITLES } from '../../../core/cost-titles.js';
import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { useChannels, useDrawing, useInView } from '../controls/visibility.js';
import { CandidateChart } from '../plots/candidate-chart.js';
import { commandUnit, JointCommandChart, JointPositionChart } from '../plots/joint-chart.js';
import { SpreadChart } from '../plots/spread-chart.js';
import { TimeChart, type TimeSeries } from '../plots/time-chart.js';
import { JointGauge } from '../plots/joint-gauge.js';

const WINDOWS_S = [10, 30, 120];

const DISTANCE: readonly TimeSeries[] = [{ figure: 'goal_distance', name: 'distance', colour: '--series-1' }];

const COSTS: readonly TimeSeries[] = [
  { figure: 'cost_distance', name: COST_TITLES.distance, colour: '--series-1' },
  { figure: 'cost_action', name: COST_TITLES.action, colour: '--series-5' },
  { figure: 'cost_smoothness', name: COST_TITLES.smoothness, colour: '--series-3' },
  { figure: 'cost_limit', name: COST_TITLES.limit, colour: '--series-4' },
];
const COST_OF_REST: readonly TimeSeries[] = [
  { figure: 'cost_rest', name: COST_TITLES.rest, colour: '--series-2', dash: true },
];

const STAGES: readonly TimeSeries[] = [
  { figure: 'encode_ms', name: 'encode', colour: '--series-3' },
  { figure: 'search_ms', name: 'search', colour: '--series-1' },
];
const WHOLE: readonly TimeSeries[] = [
  { figure: 'plan_ms', name: 'whole plan', colour: '--series-6' },
  { figure: 'plan_p95_ms', name: '95th percentile', colour: '--series-2', dash: true },
];

const AGES: readonly TimeSeries[] = [
  { figure: 'frame_age_ms', name: 'frame, when its plan arrives', colour: '--series-1' },
  { figure: 'frame_to_command_ms', name: 'frame to command', colour: '--series-4' },
  { figure: 'camera_age_p95_ms', name: 'frame, on arrival (p95)', colour: '--series-6', dash: true },
];

/** How much of the past the plots show. */
export function WindowChoice(): JSX.Element {
  const { windowS } = useApp();
  return (
    <fieldset class="segments">
      <legend class="sr-only">Time that the plots show</legend>
      {WINDOWS_S.map((seconds) => (
        <label key={seconds}>
          <input
            type="radio"
            name="window"
            checked={windowS.value === seconds}
            onChange={() => {
              windowS.value = seconds;
            }}
          />
          <span>{seconds < 60 ? `${String(seconds)} s` : `${String(seconds / 60)} min`}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function DistancePanel(): JSX.Element {
  const { dashboard } = useApp();
  const level = useRef({
    name: 'goal tolerance',
    colour: '--ok',
    value: () => dashboard.numberOf('goal.tolerance'),
  });
  return (
    <Panel name="distance" title="Distance to the goal" note="in the unit of the objective" class="wide">
      <TimeChart title="Distance to the goal" unit="" decimals={2} lines={DISTANCE} level={level.current} />
    </Panel>
  );
}

export function CostPanel(): JSX.Element {
  return (
    <Panel name="cost" title="Cost by term" note="of the plan in force">
      <TimeChart title="Cost by term" unit="" decimals={3} stack={COSTS} lines={COST_OF_REST} />
    </Panel>
  );
}

export function PlanTimePanel(): JSX.Element {
  return (
    <Panel name="plan-time" title="Time of a plan" note="ms, by stage">
      <TimeChart title="Time of a plan by stage" unit="ms" decimals={1} stack={STAGES} lines={WHOLE} />
    </Panel>
  );
}

export function AgePanel(): JSX.Element {
  return (
    <Panel name="age" title="Age of frames" note="ms">
      <TimeChart title="Age of frames" unit="ms" decimals={0} lines={AGES} />
    </Panel>
  );
}

export function SpreadPanel(): JSX.Element {
  return (
    <Panel name="spread" title="Spread of the elites" note="by iteration, of half the action range">
      <SpreadChart />
    </Panel>
  );
}

/** One plot for each number of an action: it has the name of the joint where there is one for each joint. */
export function CandidatesPanel(): JSX.Element {
  const { dashboard } = useApp();
  const [element, isInView] = useInView<HTMLDivElement>();
  useChannels(['candidate_actions', 'candidate_costs'], isInView);
  const joints = dashboard.robot.value?.joints ?? [];
  const [numbers, setNumbers] = useState(0);
  useDrawing(() => {
    const size = dashboard.numbers('candidate_actions')?.shape[2] ?? joints.length;
    if (size !== numbers) setNumbers(size);
  }, isInView);
  const names = Array.from({ length: numbers }, (_, index) =>
    numbers === joints.length ? (joints[index]?.name ?? '') : `action ${String(index + 1)}`,
  );
  return (
    <Panel name="candidates" title="Candidate actions" note="over the horizon" class="wide">
      <div ref={element} class="small-multiples">
        {names.length === 0 ? <p class="empty">Waiting for the robot description.</p> : null}
        {names.map((name, index) => (
          <div key={name}>
            <h3>{name}</h3>
            <CandidateChart name={name} number={index} numbers={numbers} />
          </div>
        ))}
      </div>
    </Panel>
  );
}

export function JointsPanel(): JSX.Element {
  const { dashboard } = useApp();
  const [element, isInView] = useInView<HTMLDivElement>();
  useChannels(['joints'], isInView);
  const robot = dashboard.robot.value;
  return (
    <Panel name="joints" title="Joints and commands" note="between their limits" class="wide">
      <div ref={element} class="small-multiples">
        {robot === null ? <p class="empty">Waiting for the robot description.</p> : null}
        {robot?.joints.map((joint, index) => (
          <div key={joint.name}>
            <h3>
              {joint.name} <span class="soft">{`command in ${commandUnit(joint, robot.commandKind)}`}</span>
            </h3>
            <JointGauge
              joint={joint}
              index={index}
              isInView={isInView}
              hasCommand={robot.commandKind === 'position'}
            />
            <JointPositionChart joint={joint} index={index} kind={robot.commandKind} />
            {robot.commandKind === 'position' ? null : (
              <JointCommandChart joint={joint} index={index} kind={robot.commandKind} />
            )}
          </div>
        ))}
      </div>
    </Panel>
  );
}
