import rclnodejs from 'rclnodejs';

import type { JepaMpcError } from '../../core/errors.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { checkPlanning } from '../../planning/check-planning.js';
import { checkCommandSettings } from '../../safety/command-settings.js';
import type { PlannerPort } from '../../worker/planner-port.js';
import { ArrivalRate } from '../topics/arrival-rate.js';
import { awaitedInputs, inputInWords, unsettledPose } from './awaited-inputs.js';
import type { AwaitedInput } from './awaited-inputs.js';
import { CameraInputs } from '../topics/camera-inputs.js';
import { CommandOutput } from '../topics/command-output.js';
import { CommandTiming } from '../topics/command-timing.js';
import { diagnosticArray } from '../diagnostics/diagnostic-messages.js';
import { GoalInputs } from '../goals/goal-inputs.js';
import { Lifecycle } from './lifecycle.js';
import type { LifecycleHandlers, Outcome } from './lifecycle.js';
import { makeNode } from './make-node.js';
import { Motion } from './motion.js';
import { NodeClock } from './node-clock.js';
import { nodeDiagnostics } from '../diagnostics/node-diagnostics.js';
import { advertise } from '../topics/node-outputs.js';
import type { NodeOutputs } from '../topics/node-outputs.js';
import { offerServices } from './node-services.js';
import { OperatorServices } from './operator-services.js';
import { ParameterBridge } from '../parameters/parameter-bridge.js';
import { offerParameterServices } from '../parameters/parameter-services.js';
import { PlanFigures } from '../diagnostics/plan-figures.js';
import { PlanPublisher } from '../topics/plan-publisher.js';
import { NOT_CONFIGURED, PlanningSession } from './planning-session.js';
import { ProblemLog } from '../diagnostics/problem-log.js';
import { publishersOf } from '../topics/publishers.js';
import { QosOverrides } from '../topics/qos-overrides.js';
import { QosWatch } from '../topics/qos-watch.js';
import { subscribeToRobot } from '../topics/robot-inputs.js';
import { stampToNs } from '../topics/stamp.js';
import { StartUpWatch } from './start-up-watch.js';
import type { StartupParameters } from '../parameters/startup-parameters.js';

/** As diagnostic_updater has it where there is no device. */
const noHardware = 'none';

/** What the composition root decides for the node. */
export interface PlannerNodeOptions {
  readonly startup: StartupParameters;
  readonly createPlanner: (log: Logger) => PlannerPort;
  /** Called when the node cannot do its job at all: the model cannot be loaded, before the robot was ever moved. */
  readonly onFatal: (error: JepaMpcError) => void;
}

/**
 * The lifecycle node: joins the parts that turn ROS messages into inputs of the control loop and its results into messages. It decides
 * nothing about motion.
 *
 * Transitions never wait: `configure` starts loading the model and returns, and `activate` is refused, with the reason in the log, until
 * the model, the limits and fresh inputs are there.
 */
export class PlannerNode {
  readonly #options: PlannerNodeOptions;
  readonly #node: rclnodejs.lifecycle.LifecycleNode;
  readonly #log: rclnodejs.Logging;
  readonly #problems: ProblemLog;
  readonly #figures = new PlanFigures();
  readonly #timing = new CommandTiming();
  readonly #jointStates = new ArrivalRate();
  /** Why the newest joint states were refused. */
  #jointStateRefusal: JepaMpcError | null = null;
  readonly #parameters: ParameterBridge;
  readonly #overrides: QosOverrides;
  readonly #qosWatch: QosWatch;
  readonly #startUp: StartUpWatch;
  readonly #outputs: NodeOutputs;
  readonly #clock: NodeClock;
  readonly #commands: CommandOutput;
  readonly #plans: PlanPublisher;
  readonly #goalInputs: GoalInputs;
  readonly #motion: Motion;
  readonly #housekeeping: NodeJS.Timeout;
  readonly #lifecycle: Lifecycle;
  #everActive = false;
  #fault: string | null = null;
  /** Settled when the planner of the session before is gone. */
  #closing: Promise<unknown> = Promise.resolve();
  /** A session that is over, while its robot still brakes: it goes on hearing of the robot. */
  #brakingSession: PlanningSession | null = null;
  #session: PlanningSession | null = null;
  #robotDescription: string | null = null;
  #cameras: CameraInputs | null = null;

  /** @throws JepaMpcError `params.invalid` for parameters that do not fit. */
  constructor(options: PlannerNodeOptions) {
    this.#options = options;
    this.#node = makeNode(options.startup);
    this.#log = this.#node.getLogger();
    this.#problems = new ProblemLog(this.#log);
    this.#parameters = new ParameterBridge(this.#node, options.startup.own, {
      isConfigured: () => this.#session !== null,
      refuse: (values) => {
        checkParameters(values, this.#session?.model ?? null);
      },
    });
    offerParameterServices(this.#node, (changes) => this.#parameters.set(changes));
    this.#overrides = new QosOverrides(
      this.#node,
      new Map(this.#node.getParameterOverrides().map(({ name, value }) => [name, value])),
    );
    this.#qosWatch = new QosWatch(this.#node, (text) => {
      this.#log.warn(text);
    });
    this.#startUp = new StartUpWatch(this.#log, (topic) => publishersOf(this.#node, topic));
    this.#outputs = advertise(this.#node);
    this.#clock = new NodeClock(this.#node, this.#overrides);
    const isSimulated = this.#node.getParameter('use_sim_time').value === true;
    this.#commands = new CommandOutput(
      this.#outputs,
      this.#timing,
      () => this.#parameters.values,
      isSimulated,
    );
    this.#plans = new PlanPublisher({
      outputs: this.#outputs,
      clock: this.#clock,
      parameters: () => this.#parameters.values,
      figures: this.#figures,
      timing: this.#timing,
      problems: this.#problems,
    });
    this.#motion = new Motion({
      clock: this.#clock,
      parameters: () => this.#parameters.values,
      log: this.#log,
      problems: this.#problems,
      onCommand: (command) => {
        this.#commands.send(command);
      },
      onNoCommand: () => {
        this.#commands.brake();
      },
      onEnd: () => {
        this.#commands.release();
      },
      onPlan: (loop, report) => {
        this.#goalInputs.onPlan(report.plan);
        if (this.#session !== null) this.#plans.publish(this.#session, loop, report);
      },
    });
    subscribeToRobot(this.#node, this.#overrides, {
      onDescription: (urdf) => {
        this.#robotDescription = urdf;
        this.#session?.setRobotDescription(urdf);
      },
      onJointState: (message) => {
        this.#jointStates.note(performance.now());
        this.#jointStateRefusal = this.#problems.guard(() => {
          const isByArrival = this.#parameters.values['joint_states.stamps'] === 'arrival';
          const stampNs = isByArrival ? this.#clock.nowNs : stampToNs(message.header.stamp);
          this.#brakingSession?.onJointState(message, stampNs);
          this.#session?.onJointState(message, stampNs);
          this.#onInput();
        });
      },
    });
    this.#goalInputs = new GoalInputs(this.#node, {
      clock: this.#clock,
      overrides: this.#overrides,
      parameters: () => this.#parameters.values,
      log: this.#log,
      problems: this.#problems,
      status: this.#outputs.goalStatus,
      onGoal: (goal) => this.#session?.setGoal(goal),
      condition: () => (this.#motion.isRunning ? (this.#session?.loop?.condition ?? null) : null),
      model: () => this.#session?.model ?? null,
      robot: () => this.#session?.robot ?? null,
      newestFrame: () => this.#session?.loop?.newestFrame ?? null,
    });
    offerServices(
      this.#node,
      new OperatorServices({
        session: () => this.#session,
        clock: this.#clock,
        goals: this.#goalInputs.goals,
        figures: this.#figures,
        poseRefusal: (disagreement) => {
          const topic = this.#node.resolveTopicName('joint_states');
          return inputInWords(unsettledPose(topic, disagreement), publishersOf(this.#node, topic));
        },
      }),
      (error) => {
        this.#log.warn(`a service request stays unanswered: ${String(error)}`);
      },
    );
    this.#lifecycle = new Lifecycle(this.#node, this.#handlers(), this.#log, this.#problems);
    this.#housekeeping = setInterval(() => {
      this.#watchStartUp();
      this.#publishDiagnostics();
    }, 1000);
  }

  /** Starts taking messages; with the parameter `autostart`, configures, and activates as soon as all inputs are there. */
  start(): void {
    this.#node.spin();
    if (this.#parameters.values.autostart) this.#lifecycle.request('configure');
  }

  /** Brakes the robot to rest, lets go of the planner and stops taking messages. */
  async shutdown(): Promise<void> {
    clearInterval(this.#housekeeping);
    this.#goalInputs.dispose();
    this.#lifecycle.close();
    await this.#motion.brakeToRest();
    await this.#session?.close();
    await this.#closing;
    this.#cameras?.dispose();
    this.#figures.stop();
    this.#node.stop();
  }

  #handlers(): LifecycleHandlers {
    const values = (): Parameters => this.#parameters.values;
    return {
      configure: () => this.#configure(),
      activate: () => this.#activate(),
      deactivate: () => this.#deactivate(),
      cleanup: () => this.#cleanup(),
      shutdown: () => this.#cleanup(),
      recover: () => this.#cleanup(),
      obstacle: () => this.#obstacle(),
      get activationWaitMs() {
        return values()['activation.wait_s'] * 1000;
      },
    };
  }

  #configure(): Outcome {
    if (this.#parameters.values.model === '') {
      this.#log.error(
        'parameter model is empty: name the folder of a model, for example -p model:=models/reacher',
      );
      return 'failure';
    }
    this.#goalInputs.listen(this.#parameters.values['camera.transport']);
    this.#fault = null;
    this.#session = new PlanningSession({
      planner: this.#options.createPlanner(this.#log),
      parameters: () => this.#parameters.values,
      log: this.#log,
      problems: this.#problems,
      extras: () => this.#plans.extras,
      clock: this.#clock,
      after: this.#closing,
      checkModel: (model) => {
        checkParameters(this.#parameters.values, model);
      },
      onModel: (model) => {
        this.#subscribeToCameras(model);
      },
      onLoadFailure: (failure) => {
        this.#onLoadFailure(failure);
      },
    });
    if (this.#robotDescription !== null) this.#session.setRobotDescription(this.#robotDescription);
    if (this.#goalInputs.goals.current !== null) this.#session.setGoal(this.#goalInputs.goals.current);
    return 'success';
  }

  #activate(): Outcome {
    const loop = this.#session?.loop ?? null;
    const obstacle = this.#obstacle();
    if (loop === null || obstacle !== null) {
      this.#log.warn(`not activated: ${obstacle?.text ?? NOT_CONFIGURED}`);
      return 'failure';
    }
    this.#everActive = true;
    this.#startUp.look([]);
    this.#figures.start();
    this.#commands.begin(loop.joints);
    this.#motion.start(loop);
    this.#goalInputs.goals.onActivation();
    this.#log.info(`active; commands: ${this.#commands.form}`);
    return 'success';
  }

  #deactivate(): Outcome {
    this.#motion.brakeToRest().catch((error: unknown) => {
      this.#problems.report(error);
    });
    return 'success';
  }

  /** Also from active: the robot is told to brake first. */
  #cleanup(): Outcome {
    const session = this.#session;
    this.#session = null;
    this.#brakingSession = session;
    this.#closing = this.#motion
      .brakeToRest()
      .then(() => {
        if (this.#brakingSession === session) this.#brakingSession = null;
        return session?.close();
      })
      .catch((error: unknown) => {
        this.#problems.report(error);
      });
    this.#cameras?.dispose();
    this.#cameras = null;
    return 'success';
  }

  /** What keeps the node from being activated: no model, no limits, or inputs that are not there or not fresh. */
  #obstacle(): ReturnType<LifecycleHandlers['obstacle']> {
    const session = this.#session;
    if (session === null) return { text: NOT_CONFIGURED, canChange: false };
    const canChange = !session.isRefused;
    if (session.model === null) return { text: session.missing, canChange };
    const awaited = this.#awaited(session);
    if (awaited.length === 0) return null;
    const inWords = (input: AwaitedInput): string =>
      inputInWords(input, publishersOf(this.#node, input.topic));
    return {
      // A getter: the text is needed seldom, and whether there is one is asked with every message.
      get text() {
        return awaited.map(inWords).join('; ');
      },
      canChange,
    };
  }

  /** For a session whose model is loaded. */
  #awaited(session: PlanningSession): readonly AwaitedInput[] {
    const { loop } = session;
    const nowNs = this.#clock.nowNs;
    return awaitedInputs({
      simulatedNs: this.#node.getParameter('use_sim_time').value === true ? nowNs : null,
      description: {
        topic: this.#node.resolveTopicName('robot_description'),
        isReceived: this.#robotDescription !== null,
        refusal: loop === null ? session.missing : null,
      },
      cameras: this.#cameras?.reports ?? [],
      jointStates: {
        topic: this.#node.resolveTopicName('joint_states'),
        isReceived: this.#jointStates.ageMs(performance.now()) !== null,
        refusal: this.#jointStateRefusal,
      },
      reasons: loop?.look(nowNs).reasons ?? null,
      poseDisagreement: loop?.poseDisagreement ?? null,
    });
  }

  /** Without a lifecycle manager nobody would see a node that cannot do its job; with one it is for the manager to decide. */
  #onLoadFailure(failure: JepaMpcError): void {
    this.#fault = failure.message;
    const isAlone = this.#parameters.values.autostart && !this.#everActive;
    if (isAlone) this.#options.onFatal(failure);
    else this.#lifecycle.fail(failure);
  }

  #onInput(): void {
    this.#lifecycle.reconsider();
    const isWanted = this.#parameters.values.autostart && !this.#everActive && this.#session !== null;
    if (isWanted && this.#obstacle() === null) this.#lifecycle.request('activate');
  }

  #watchStartUp(): void {
    const session = this.#session;
    if (this.#everActive || !this.#parameters.values.autostart) return;
    const hasModel = session !== null && session.model !== null;
    this.#startUp.look(hasModel ? this.#awaited(session) : null);
  }

  #subscribeToCameras(model: ModelInfo): void {
    const values = this.#parameters.values;
    this.#cameras = new CameraInputs(this.#node, {
      cameras: model.cameras,
      transport: values['camera.transport'],
      syncToleranceMs: values['camera.sync_tolerance_ms'],
      ...(values['camera.stamps'] === 'arrival' && { arrivalNs: () => this.#clock.nowNs }),
      overrides: this.#overrides,
      onFrames: (set) => {
        this.#session?.onFrame(set);
        this.#onInput();
      },
      onProblem: (problem) => {
        this.#problems.report(problem);
      },
      warn: (text) => {
        this.#log.warn(text);
      },
    });
    for (const name of this.#overrides.unused) {
      this.#log.warn(`parameter ${name} has no effect: nothing listens to that topic`);
    }
  }

  #publishDiagnostics(): void {
    const session = this.#session;
    const statuses = nodeDiagnostics(this.#node.name(), {
      isConfigured: session !== null,
      fault: this.#fault,
      isActive: this.#motion.isRunning,
      model: session?.model ?? null,
      missing: session === null ? NOT_CONFIGURED : session.loop === null ? session.missing : null,
      condition: this.#motion.isRunning
        ? (session?.loop?.condition ?? null)
        : (session?.loop?.look(this.#clock.nowNs) ?? null),
      refusedStamps: session?.loop?.refusedStamps ?? null,
      cameras: this.#cameras?.reports ?? [],
      unheard: this.#qosWatch.look(),
      jointStates: this.#jointStates,
      figures: this.#figures,
      timing: this.#timing,
      goal: this.#goalInputs.goals.report,
      parameters: this.#parameters.values,
      problems: this.#problems,
      nowMs: performance.now(),
    });
    const robot = session?.robot?.urdf.name ?? noHardware;
    this.#outputs.diagnostics.publish(diagnosticArray(this.#clock.nowNs, robot, statuses));
  }
}

/**
 * Refuses values that contradict each other or do not fit the model.
 *
 * @param model null before it is loaded: what depends on it is not checked then
 * @throws JepaMpcError
 */
function checkParameters(values: Parameters, model: ModelInfo | null): void {
  checkCommandSettings(values, model?.joints ?? null);
  checkPlanning(values, model?.planning ?? null);
}
