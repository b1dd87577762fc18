import type { JepaMpcError } from '../../core/errors.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Logger } from '../../core/types.js';
import type { ControlLoop } from '../../loop/control-loop.js';
import type { Parameters } from '../../params/schema.js';
import type { ExplainingPlanner } from '../../worker/planner-port.js';
import { DiagnosticsPublisher } from '../diagnostics/diagnostics-publisher.js';
import { PlanFigures } from '../diagnostics/plan-figures.js';
import { ProblemLog } from '../diagnostics/problem-log.js';
import { offerExplanations } from '../goals/explain-service.js';
import { GoalDisplay } from '../goals/goal-display.js';
import { GoalInputs } from '../goals/goal-inputs.js';
import { NodeRecording, type RecorderSetup } from '../recording/node-recording.js';
import { CameraImages } from '../topics/camera-images.js';
import { CommandOutput } from '../topics/command-output.js';
import { CommandTiming } from '../topics/command-timing.js';
import type { DisposableOutput } from '../topics/node-outputs.js';
import { OperatorInputs } from '../topics/operator-inputs.js';
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
  readonly createPlanner: (log: Logger) => ExplainingPlanner;
  readonly recorder: RecorderSetup;
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
  readonly recording: NodeRecording;
  readonly figures: PlanFigures;
  readonly operator: OperatorInputs;
  /** Moves joints back inside their limits, in a node that is not active. */
  readonly recover: (loop: ControlLoop) => ReturnType<ControlLoop['recover']>;
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
  const operator = new OperatorInputs({
    topics,
    graph: ros,
    parameters,
    log,
    problems,
    isCommanding: () => motion.isRunning,
  });
  const timing = new CommandTiming();
  const commands = new CommandOutput(outputs, timing, parameters, ros.isSimulated);
  const recording = new NodeRecording({ ros, setup: options.recorder, parameters, problems });
  ros.watch(recording);
  const isRecorded = (): boolean => recording.isOn;
  const plans = new PlanPublisher({ outputs, clock, parameters, figures, timing, problems, isRecorded });
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
    onReceived: (message) => {
      recording.onJointState(message);
    },
    onDescription: (urdf) => {
      recording.onDescription(urdf);
      sessions.setRobotDescription(urdf);
    },
    onJointState: (message, stampNs, publisher) => {
      sessions.onJointState(message, stampNs, publisher);
      onInput();
    },
  });
  const cameras = new SessionCameras({
    ros,
    parameters,
    onReceived: (image) => {
      recording.onImage(image);
    },
    onFrames: (set) => {
      sessions.current?.onFrame(set);
      onInput();
    },
    onProblem: report,
  });
  const advertiseImages = (topic: string): DisposableOutput => ros.advertiseImages(topic);
  const goalDisplay = new GoalDisplay(advertiseImages);
  const distanceMaps = new CameraImages(advertiseImages, '~/distance_map');
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
    onGoal: (goal) => {
      sessions.current?.setGoal(goal);
      goalDisplay.show(goal);
    },
    condition: () => (motion.isRunning ? (loop()?.condition ?? null) : null),
    model: () => sessions.current?.model ?? null,
    robot: () => sessions.current?.robot ?? null,
    capturedGoal: () => loop()?.capturedGoal ?? null,
  });
  offerExplanations(ros.services, {
    parameters,
    session: () => sessions.current,
    goal: () => goalInputs.goals.current,
    maps: distanceMaps,
    report,
  });
  const preconditions = new ActivationPreconditions({
    ros,
    sessions,
    cameras: () => cameras.reports,
    jointStates: () => robot.jointStates,
    heartbeat: () => ({ topic: operator.stopTopic, silence: operator.silence }),
    isRecovering: () => motion.isRecovering,
  });
  const transitions = new NodeTransitions({
    ...options,
    createPlanner: (log) => recording.recorded(options.createPlanner(log)),
    publisherName: (publisher) => ros.publisherOf(topics.resolve('joint_states'), publisher),
    parameters,
    problems,
    cameras: {
      open: (model) => {
        cameras.open(model);
        goalInputs.open(model.cameras);
        goalDisplay.open(model.cameras);
        distanceMaps.open(model.cameras);
      },
      close: () => {
        cameras.close();
        goalInputs.close();
        goalDisplay.close();
        distanceMaps.close();
      },
      lateCameras: (sinceNs) => cameras.lateCameras(sinceNs),
    },
    motion,
    commands,
    figures,
    goalInputs,
    extras: () => recording.extras(plans.extras),
    operator: () => operator.state,
    watchOperator: () => {
      operator.watch();
    },
    onActivation: () => {
      operator.lookAtController();
      options.onActivation();
    },
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
    operator: () => operator.state,
    recording: () => recording.status,
  });
  const recover = (stray: ControlLoop): ReturnType<ControlLoop['recover']> => {
    operator.lookAtController();
    const strays = stray.recover(clock.nowNs);
    if ('refusal' in strays || strays.length === 0) return strays;
    commands.begin(stray.joints);
    motion.recover(stray);
    return strays;
  };
  return {
    problems,
    recording,
    operator,
    recover,
    figures,
    cameras,
    goalInputs,
    motion,
    preconditions,
    transitions,
    diagnostics,
  };
}
