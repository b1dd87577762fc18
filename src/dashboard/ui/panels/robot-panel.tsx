import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { NumbersFrame } from '../../binary-frame.js';
import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { useChannels, useDrawing, useInView } from '../controls/visibility.js';
import type { RobotScene, View } from '../scene/robot-scene.js';
import type { Robot } from '../state/messages.js';
import { movesLess } from '../theme.js';

const CHANNELS = ['joints', 'plan', 'plan_path', 'candidates'];
const VIEWS: readonly { readonly view: View; readonly name: string }[] = [
  { view: 'oblique', name: 'Oblique' },
  { view: 'top', name: 'Top' },
  { view: 'front', name: 'Front' },
  { view: 'side', name: 'Side' },
];
/** The planned motion is shown again and again, each time this much slower than it is. */
const SLOWED = 1.5;
/** It rests at its end for this long [s]. */
const PAUSE_S = 0.4;
/** A plan that is older is no longer what the robot is about to do. */
const STALE_S = 2;
const TURN_RAD = Math.PI / 12;

/** The robot in three dimensions. Its library is loaded when the panel comes into view for the first time. */
export function RobotPanel(): JSX.Element {
  return (
    <Panel name="robot" title="Robot and plan" note="3-D">
      <RobotView />
    </Panel>
  );
}

function RobotView(): JSX.Element {
  const { dashboard } = useApp();
  const [element, isInView] = useInView<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [scene, setScene] = useState<RobotScene | null>(null);
  const [failure, setFailure] = useState('');
  const [wasInView, setWasInView] = useState(false);
  const shown = useRef<Shown>(nothing());
  const robot = dashboard.robot.value;
  const version = robot?.version;
  useChannels(CHANNELS, isInView && scene !== null);

  useEffect(() => {
    if (isInView) setWasInView(true);
  }, [isInView]);

  useEffect(() => {
    if (!wasInView) return undefined;
    let made: RobotScene | null = null;
    let isGone = false;
    const make = async (): Promise<void> => {
      const { RobotScene: Made } = await import('../scene/robot-scene.js');
      if (isGone || canvas.current === null) return;
      made = new Made(canvas.current);
      setScene(made);
    };
    make().catch(() => {
      setFailure('This browser cannot draw in three dimensions (no WebGL).');
    });
    return () => {
      isGone = true;
      made?.dispose();
    };
  }, [wasInView]);

  useEffect(() => {
    if (scene === null || version === undefined) return;
    fetchDescription(version)
      .then((urdf) => {
        scene.setRobot(urdf);
        setFailure('');
        shown.current = nothing();
      })
      .catch((error: unknown) => {
        setFailure(`The robot description cannot be shown: ${String(error)}`);
      });
  }, [scene, version]);

  useEffect(() => {
    const parent = element.current;
    if (scene === null || parent === null) return undefined;
    const observer = new ResizeObserver(() => {
      scene.resize(Math.max(1, parent.clientWidth), Math.max(1, parent.clientHeight));
    });
    observer.observe(parent);
    return () => {
      observer.disconnect();
    };
  }, [scene, element]);

  useDrawing(
    (nowS) => {
      if (scene === null || robot === null) return;
      update(scene, robot, (channel) => dashboard.numbers(channel), shown.current, nowS);
      scene.draw();
    },
    isInView && scene !== null,
  );

  return (
    <>
      <div ref={element} class="scene">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label="The robot, the planned motion as a ghost, and the paths of the candidates. Left and right arrow keys turn the view."
          onKeyDown={(event) => {
            const turn = { ArrowLeft: -TURN_RAD, ArrowRight: TURN_RAD }[event.key];
            if (turn === undefined) return;
            event.preventDefault();
            scene?.turn(turn);
          }}
        />
        {failure === '' && scene !== null && robot !== null ? null : (
          <p class="scene-none">{failure === '' ? 'Waiting for the robot description …' : failure}</p>
        )}
      </div>
      <div class="scene-tools">
        <ul class="legend">
          <li>
            <span class="legend-mark" style="--mark: var(--series-2)" />
            plan
          </li>
          <li>
            <span class="legend-mark ramp" />
            candidates, cheap to expensive
          </li>
        </ul>
        <div class="segments buttons" role="group" aria-label="View">
          {VIEWS.map(({ view, name }) => (
            <button
              key={view}
              type="button"
              onClick={() => {
                scene?.look(view);
              }}
            >
              {name}
            </button>
          ))}
        </div>
      </div>
    </>
  );
}

/** What the scene shows already. */
interface Shown {
  joints: NumbersFrame | undefined;
  plan: NumbersFrame | undefined;
  /** When the plan arrived. */
  planS: number;
  isGhostHidden: boolean;
  path: NumbersFrame | undefined;
  candidates: NumbersFrame | undefined;
}

function nothing(): Shown {
  return {
    joints: undefined,
    plan: undefined,
    planS: -Infinity,
    isGhostHidden: true,
    path: undefined,
    candidates: undefined,
  };
}

function update(
  scene: RobotScene,
  robot: Robot,
  numbers: (channel: string) => NumbersFrame | undefined,
  shown: Shown,
  nowS: number,
): void {
  const names = robot.joints.map(({ name }) => name);
  const joints = numbers('joints');
  if (joints !== shown.joints && joints !== undefined)
    scene.pose(names, joints.numbers.subarray(0, names.length));
  shown.joints = joints;
  const candidates = numbers('candidates');
  if (candidates !== shown.candidates) scene.showCandidates(candidates);
  shown.candidates = candidates;
  const path = numbers('plan_path');
  if (path !== shown.path) scene.showPlan(path);
  shown.path = path;
  const plan = numbers('plan');
  if (plan !== shown.plan) shown.planS = nowS;
  shown.plan = plan;
  if (plan === undefined) return;
  const isRecent = nowS - shown.planS < STALE_S;
  if (isRecent || !shown.isGhostHidden)
    scene.poseGhost(names, isRecent ? poseAt(plan, robot.periodMs ?? 100, nowS) : null);
  shown.isGhostHidden = !isRecent;
}

/** The pose of the plan that is shown now: the motion over and over, or its end for people who want less movement. */
function poseAt({ shape, numbers }: NumbersFrame, periodMs: number, nowS: number): Float32Array | null {
  const [steps = 0, joints = 0] = shape;
  if (steps === 0) return null;
  const lastsS = (steps * periodMs * SLOWED) / 1000;
  const share = movesLess() ? 1 : Math.min(1, (nowS % (lastsS + PAUSE_S)) / lastsS);
  const step = Math.min(steps - 1, Math.floor(share * steps));
  return numbers.subarray(step * joints, (step + 1) * joints);
}

async function fetchDescription(version: number): Promise<string> {
  const response = await fetch(`/robot/description.urdf?v=${String(version)}`);
  if (!response.ok) throw new RangeError(`the server answers ${String(response.status)}`);
  return response.text();
}
