import type { Parameters } from '../../params/schema.js';
import type { RecorderStatus } from '../../recording/recorder.js';
import type { OperatorState } from '../../safety/operator-state.js';
import type { GoalReport } from '../../goals/goals.js';
import { NOT_CONFIGURED } from '../node/planning-session.js';
import type { RosNode } from '../node/ros-node.js';
import type { Sessions } from '../node/sessions.js';
import type { ArrivalRate } from '../topics/arrival-rate.js';
import type { CameraReport } from '../topics/camera-inputs.js';
import type { CommandTiming } from '../topics/command-timing.js';
import { diagnosticArray } from './diagnostic-messages.js';
import { nodeDiagnostics } from './node-diagnostics.js';
import type { PlanFigures } from './plan-figures.js';
import type { ProblemLog } from './problem-log.js';

/** As diagnostic_updater has it if there is no device. */
const NO_HARDWARE = 'none';

export interface DiagnosticsPublisherOptions {
  readonly ros: Pick<RosNode, 'name' | 'clock' | 'outputs' | 'qosMismatches'>;
  readonly parameters: () => Parameters;
  readonly sessions: Pick<Sessions, 'current'>;
  readonly problems: ProblemLog;
  readonly figures: PlanFigures;
  readonly timing: CommandTiming;
  readonly jointStates: ArrivalRate;
  readonly cameras: () => readonly CameraReport[];
  readonly goal: () => GoalReport | null;
  readonly fault: () => string | null;
  readonly operator: () => OperatorState;
  readonly recording: () => RecorderStatus;
  /** Whether commands are being sent. */
  readonly isActive: () => boolean;
}

/** Publishes `/diagnostics`. */
export class DiagnosticsPublisher {
  readonly #options: DiagnosticsPublisherOptions;

  constructor(options: DiagnosticsPublisherOptions) {
    this.#options = options;
  }

  publish(): void {
    const { ros, parameters, sessions, problems, figures, timing, jointStates, ...view } = this.#options;
    const session = sessions.current;
    const loop = session?.loop ?? null;
    const { nowNs } = ros.clock;
    const isActive = view.isActive();
    const statuses = nodeDiagnostics(ros.name, {
      isConfigured: session !== null,
      fault: view.fault(),
      isActive,
      model: session?.model ?? null,
      missing: session === null ? NOT_CONFIGURED : loop === null ? session.missing : null,
      condition: (isActive ? loop?.condition : loop?.look(nowNs)) ?? null,
      refusedStamps: loop?.refusedStamps ?? null,
      cameras: view.cameras(),
      qosMismatches: ros.qosMismatches(),
      jointStates,
      jointStatesReport: session?.jointInput?.report(nowNs) ?? null,
      figures,
      timing,
      goal: view.goal(),
      operator: view.operator(),
      recording: view.recording(),
      parameters: parameters(),
      problems,
      nowMs: performance.now(),
    });
    const robot = session?.robot?.urdf.name ?? NO_HARDWARE;
    ros.outputs.diagnostics.publish(diagnosticArray(nowNs, robot, statuses));
  }
}
