import { isDeepStrictEqual } from 'node:util';

import type { ModelInfo } from '../../core/model-info.js';
import type { OperatorState } from '../../safety/operator-state.js';
import { inWords } from '../../safety/watchdog.js';
import type { Condition } from '../../safety/watchdog.js';
import type { Status } from '../../core/status.js';
import type { Parameters } from '../../params/schema.js';
import { parameterInfos } from '../../params/schema.js';
import type { RecorderStatus } from '../../recording/recorder.js';
import type { ArrivalRate } from '../topics/arrival-rate.js';
import type { CameraReport } from '../topics/camera-inputs.js';
import type { CommandTiming } from '../topics/command-timing.js';
import type { GoalReport } from '../../goals/goals.js';
import { cameraPart, jointStatesPart, qosPart } from './input-diagnostics.js';
import type { JointStatesReport, StatusPart } from './input-diagnostics.js';
import type { PlanFigures } from './plan-figures.js';
import type { ProblemLog } from './problem-log.js';

/** State of the node that the diagnostics report. */
export interface NodeView {
  readonly isConfigured: boolean;
  /** Why the last session ended in an error, until the node is configured again. */
  readonly fault: string | null;
  readonly isActive: boolean;
  readonly model: ModelInfo | null;
  /** Why nothing can be planned; null if it can. */
  readonly missing: string | null;
  readonly condition: Condition | null;
  /** Frames and joint states refused for their stamps; null while there is no control loop, which judges them. */
  readonly refusedStamps: { readonly frames: number; readonly readings: number } | null;
  readonly cameras: readonly CameraReport[];
  /** Endpoints of other nodes that are not connected to this node, for their QoS or types. */
  readonly qosMismatches: readonly string[];
  readonly jointStates: ArrivalRate;
  /** Null before there is a model. */
  readonly jointStatesReport: JointStatesReport | null;
  readonly figures: PlanFigures;
  readonly timing: CommandTiming;
  readonly goal: GoalReport | null;
  readonly operator: OperatorState;
  readonly recording: RecorderStatus;
  readonly parameters: Parameters;
  readonly problems: ProblemLog;
  /** Wall-clock time. */
  readonly nowMs: number;
}

/** The content of `/diagnostics`: one status for each part of the node. A part that has nothing to do yet is stale. */
export function nodeDiagnostics(nodeName: string, view: NodeView): Status[] {
  const timeoutMs = (name: 'watchdog.image_timeout_s' | 'watchdog.joint_states_timeout_s'): number =>
    view.parameters[name] * 1000;
  const parts: StatusPart[] = [
    modelPart(view),
    plannerPart(view),
    ...view.cameras.map((camera) => cameraPart(camera, timeoutMs('watchdog.image_timeout_s'))),
    qosPart(view.qosMismatches),
    jointStatesPart(
      view.jointStates,
      view.jointStatesReport,
      view.nowMs,
      timeoutMs('watchdog.joint_states_timeout_s'),
    ),
    commandsPart(view),
    motionPart(view),
    goalPart(view),
    recordingPart(view),
    parametersPart(view),
    problemsPart(view),
  ];
  return parts.map(({ name, values, ...part }) => ({
    ...part,
    name: `${nodeName}: ${name}`,
    values: values ?? {},
  }));
}

function modelPart({ model, isConfigured, fault, missing }: NodeView): StatusPart {
  const name = 'model';
  if (fault !== null) return { level: 'error', name, message: fault };
  if (model === null) return { level: isConfigured ? 'warn' : 'stale', name, message: missing ?? '' };
  return {
    level: 'ok',
    name,
    message: `${model.name} on ${model.device}`,
    values: {
      name: model.name,
      sha256: model.sha256,
      device: model.device,
      joints: model.joints.join(' '),
      period_ms: model.periodMs,
    },
  };
}

function plannerPart({ isActive, missing, condition, figures }: NodeView): StatusPart {
  const name = 'planner';
  if (missing !== null) return { level: 'stale', name, message: missing };
  const values = {
    rate_hz: figures.rateHz.toFixed(2),
    plan_p95_ms: figures.planMs(0.95).toFixed(1),
    plans: figures.count,
    late_plans: figures.late,
    fallbacks: figures.fallbacks.map(({ instead }) => instead).join(', '),
  };
  const worker = condition?.reasons.find((reason) => reason.name === 'worker');
  if (worker !== undefined) return { level: 'error', name, message: `worker ${worker.found}`, values };
  if (!isActive) return { level: 'stale', name, message: 'not active', values };
  if (figures.count === 0) return { level: 'warn', name, message: 'no plan yet', values };
  if (figures.late * 20 > figures.count) {
    const message = `${String(figures.late)} of ${String(figures.count)} plans came late`;
    return { level: 'warn', name, message, values };
  }
  if (figures.fallbacks.length > 0) {
    // The planner goes on, but slower or less exactly than the parameters ask for.
    const messages = figures.fallbacks.map(
      ({ instead, reason, remedy }) => `instead: ${instead}, because of ${reason}. ${remedy}`,
    );
    return { level: 'warn', name, message: messages.join(' '), values };
  }
  return { level: 'ok', name, message: `${values.rate_hz} plans a second`, values };
}

function commandsPart({ isActive, timing, parameters, model }: NodeView): StatusPart {
  const name = 'commands';
  const values = {
    interface: parameters['command.interface'],
    ...(parameters['command.interface'] === 'commands' && {
      kind: parameters['command.kind'],
      joints: parameters['command.joints'] || (model?.joints.join(', ') ?? ''),
    }),
    period_ms: parameters['command.period_ms'],
    period_error_p99_ms: timing.periodErrorMs(0.99).toFixed(2),
    sent: timing.count,
    missed: timing.missed,
  };
  if (!isActive) return { level: 'stale', name, message: 'not active', values };
  if (timing.count === 0) return { level: 'warn', name, message: 'none sent yet', values };
  const isMissing = timing.missed * 100 > timing.count;
  const message = isMissing
    ? `${String(timing.missed)} of ${String(timing.count)} periods without a command`
    : '';
  return { level: isMissing ? 'warn' : 'ok', name, message, values };
}

function motionPart({ condition, refusedStamps, isActive, missing, operator }: NodeView): StatusPart {
  const name = 'motion';
  if (condition === null) return { level: 'stale', name, message: missing ?? '' };
  const { level } = condition;
  const message = inWords(condition);
  const values = {
    condition: level,
    emergency_stop: operator.emergencyStop?.found ?? '',
    speed_scale: operator.speedScale,
    dry_run: String(operator.isDryRun),
    frame_stamps_refused: refusedStamps?.frames ?? 0,
    joint_state_stamps_refused: refusedStamps?.readings ?? 0,
  };
  if (!isActive) return { level: 'stale', name, message, values };
  const severity = level === 'ok' ? 'ok' : level === 'degrade' ? 'warn' : 'error';
  return { level: severity, name, message, values };
}

function goalPart({ goal }: NodeView): StatusPart {
  const name = 'goal';
  return goal === null
    ? { level: 'warn', name, message: 'none: publish goal_image, or call ~/capture_goal' }
    : { ...goal, name };
}

function recordingPart({
  recording: { state, path, reason, messages, dropped, bytes },
}: NodeView): StatusPart {
  const name = 'recording';
  if (state === 'off') return { level: 'ok', name, message: 'off' };
  const values = { file: path, size_mb: (bytes / 1e6).toFixed(1), messages, dropped };
  if (state === 'failed') return { level: 'error', name, message: reason, values };
  if (dropped === 0) return { level: 'ok', name, message: path, values };
  const message = `${String(dropped)} messages found no room in recording.queue_mb: the disk is too slow`;
  return { level: 'warn', name, message, values };
}

/** The parameters that are not at their defaults. */
function parametersPart({ parameters }: NodeView): StatusPart {
  const changed = parameterInfos.filter(
    (info) => !isDeepStrictEqual(parameters[info.name], info.defaultValue),
  );
  return {
    level: 'ok',
    name: 'parameters',
    message: `${String(changed.length)} not at their defaults`,
    values: Object.fromEntries(changed.map(({ name }) => [name, String(parameters[name])])),
  };
}

function problemsPart({ problems: { last } }: NodeView): StatusPart {
  return { level: last?.isRecent === true ? 'error' : 'ok', name: 'problems', message: last?.text ?? '' };
}
