import type { JepaMpcError } from '../../core/errors.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Logger } from '../../core/types.js';
import type { ControlLoop } from '../../loop/control-loop.js';
import type { Parameters } from '../../params/schema.js';
import type { PlannerPort } from '../../worker/planner-port.js';
import { DiagnosticsPublisher } from '../diagnostics/diagnostics-publisher.js';
import { PlanFigures } from '../diagnostics/plan-figures.js';
import { ProblemLog } from '../diagnostics/problem-log.js';
import { GoalInputs } from '../goals/goal-inputs.js';
import { CommandOutput } from '../topics/command-output.js';
import { CommandTiming } from '../topics/command-timing.js';
import { PlanPublisher } from '../topics/plan-publisher.js';
import { RobotInputs } from '../topics/robot-inputs.js';
import { ActivationPreconditions } from './activation-preconditions.js';
import { Motion } from './motion.js';
import { NodeTransitions } from './node-transitions.js';
import type { RosNode } from './ros-node.js';
import { SessionCameras } from './session-cameras.js';
import type { Sessions } from './sessions.js';

export interface PlannerPartsOptions {
  readonly ros: RosNode;
  readonly sessions: Sessions;
  readonly createPlanner: (log: Logger) => PlannerPort;
  /** Throws a JepaMpcError for settings that the model cannot plan with. */
  readonly checkModel: (model: ModelInfo) => void;
  /** A frame set or a joint state has come, which a pending activation may have waited for. */
  readonly onInput: () => void;
  readonly onLoadFailure: (failure: JepaMpcError) => void;
  readonly onActivation: () => void;
}

/** The parts of the planner node, wired to each other and to ROS. */
export interface PlannerParts {
  readonly problems: ProblemLog;
  readonly figures: PlanFigures;
  readonly cameras: SessionCameras;
  readonly goalInputs: GoalInputs;
  readonly motion: Motion;
  readonly preconditions: ActivationPreconditions;
  readonly transitions: NodeTransitions;
  readonly diagnostics: DiagnosticsPublisher;
}

/** Makes the parts, and subscribes to what comes from the robot and from users. */
export function wirePlanner(options: PlannerPartsOptions): PlannerParts {
  const { ros, sessions, onInput } = options;
  const { clock, log, outputs, topics } = ros;
  const parameters = (): Parameters => ros.parameters.values;
  const problems = new ProblemLog(log);
  const report = (problem: unknown): void => {
    problems.report(problem);
  };
  const figures = new PlanFigures();
  const timing = new CommandTiming();
  const commands = new CommandOutput(outputs, timing, parameters, ros.isSimulated);
  const plans = new PlanPublisher({ outputs, clock, parameters, figures, timing, problems });
  const loop = (): ControlLoop | null => sessions.current?.loop ?? null;

  const motion = new Motion({
    clock,
    parameters,
    log,
    problems,
    onCommand: (command) => {
      commands.send(command);
    },
    onNoCommand: () => {
      commands.brake();
    },
    onEnd: () => {
      commands.release();
    },
    onPlan: (loop, planned) => {
      goalInputs.onPlan(planned.plan);
      if (sessions.current !== null) plans.publish(sessions.current, loop, planned);
    },
  });
  const robot = new RobotInputs(topics, {
    problems,
    arrivalNs: () => (parameters()['joint_states.stamps'] === 'arrival' ? clock.nowNs : null),
    onDescription: (urdf) => {
      sessions.setRobotDescription(urdf);
    },
    onJointState: (message, stampNs) => {
      sessions.onJointState(message, stampNs);
      onInput();
    },
  });
  const cameras = new SessionCameras({
    ros,
    parameters,
    onFrames: (set) => {
      sessions.current?.onFrame(set);
      onInput();
    },
    onProblem: report,
  });
  const goalInputs = new GoalInputs({
    clock,
    topics,
    services: ros.services,
    serveReachGoal: (handlers) => {
      ros.serveReachGoal(handlers, report);
    },
    parameters,
    log,
    problems,
    status: outputs.goalStatus,
    onGoal: (goal) => sessions.current?.setGoal(goal),
    condition: () => (motion.isRunning ? (loop()?.condition ?? null) : null),
    model: () => sessions.current?.model ?? null,
    robot: () => sessions.current?.robot ?? null,
    newestFrame: () => loop()?.newestFrame ?? null,
  });
  const preconditions = new ActivationPreconditions({
    ros,
    sessions,
    cameras: () => cameras.reports,
    jointStates: () => robot.jointStates,
  });
  const transitions = new NodeTransitions({
    ...options,
    parameters,
    problems,
    cameras,
    motion,
    commands,
    figures,
    goalInputs,
    extras: () => plans.extras,
    blocker: () => preconditions.blocker,
  });
  const diagnostics = new DiagnosticsPublisher({
    ros,
    parameters,
    sessions,
    problems,
    figures,
    timing,
    jointStates: robot.rate,
    cameras: () => cameras.reports,
    goal: () => goalInputs.goals.report,
    fault: () => transitions.fault,
    isActive: () => motion.isRunning,
  });
  return { problems, figures, cameras, goalInputs, motion, preconditions, transitions, diagnostics };
}
