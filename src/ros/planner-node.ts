import rclnodejs from 'rclnodejs';

import type { JepaMpcError } from '../core/errors.js';
import type { ModelInfo } from '../core/model-info.js';
import type { Logger } from '../core/types.js';
import type { PlannerPort } from '../pipeline/planner-port.js';
import { ArrivalRate } from './arrival-rate.js';
import { GoalImageInput } from './camera-goal.js';
import { CameraInputs } from './camera-inputs.js';
import { CommandOutput } from './command-output.js';
import { CommandTiming } from './command-timing.js';
import { diagnosticArray } from './diagnostic-messages.js';
import { Goals } from './goals.js';
import { Motion } from './motion.js';
import { NodeClock } from './node-clock.js';
import { nodeDiagnostics } from './node-diagnostics.js';
import { advertise } from './node-outputs.js';
import type { NodeOutputs } from './node-outputs.js';
import { offerServices } from './node-services.js';
import type { ServiceOutcome } from './node-services.js';
import { ParameterBridge } from './parameter-bridge.js';
import { PlanFigures } from './plan-figures.js';
import { PlanPublisher } from './plan-publisher.js';
import { PlanningSession } from './planning-session.js';
import { ProblemLog } from './problem-log.js';
import { QosOverrides } from './qos-overrides.js';
import { QosWatch } from './qos-watch.js';
import { subscribeToRobot } from './robot-inputs.js';
import { stampToNs } from './stamp.js';

/** rclnodejs' lifecycle CallbackReturnCode, an ambient const enum that cannot be read under verbatimModuleSyntax. */
const transition = { success: 97, failure: 98 } as const;

/** As diagnostic_updater has it where there is no device. */
const noHardware = 'none';

const notConfigured: ServiceOutcome = { success: false, message: 'the node is not configured' };

/** What the composition root decides for the node. */
export interface PlannerNodeOptions {
  readonly createPlanner: (log: Logger) => PlannerPort;
  /**
   * Throws a JepaMpcError for a cost expression that can never work.
   *
   * @param joints joints of the model, null before it is loaded: what depends on them is then found out when the first plan is made.
   */
  readonly checkExpression: (text: string, joints: number | null) => void;
  /** Called when the node cannot do its job at all: the model cannot be loaded, before the robot was ever moved. */
  readonly onFatal: (error: JepaMpcError) => void;
}

/**
 * The lifecycle node: joins the parts that turn ROS messages into inputs of the control loop and its results into messages. It decides
 * nothing about motion.
 *
 * Transitions never wait: `configure` starts loading the model and returns, and `activate` is refused, with the reason in the log, until
 * the model, the limits and a joint state are there.
 */
export class PlannerNode {
  readonly #options: PlannerNodeOptions;
  readonly #node = new rclnodejs.lifecycle.LifecycleNode('planner_node');
  readonly #log = this.#node.getLogger();
  readonly #problems = new ProblemLog(this.#log);
  readonly #figures = new PlanFigures();
  readonly #timing = new CommandTiming();
  readonly #jointStates = new ArrivalRate();
  readonly #parameters: ParameterBridge;
  readonly #overrides: QosOverrides;
  readonly #qosWatch: QosWatch;
  readonly #outputs: NodeOutputs;
  readonly #clock: NodeClock;
  readonly #commands: CommandOutput;
  readonly #plans: PlanPublisher;
  readonly #goals: Goals;
  readonly #goalImages: GoalImageInput;
  readonly #motion: Motion;
  readonly #housekeeping: NodeJS.Timeout;
  #everActive = false;
  #session: PlanningSession | null = null;
  #robotDescription: string | null = null;
  #cameras: CameraInputs | null = null;

  /** @throws JepaMpcError `params.invalid` for parameters that do not fit. */
  constructor(options: PlannerNodeOptions) {
    this.#options = options;
    this.#parameters = new ParameterBridge(
      this.#node,
      () => this.#session !== null,
      (values) => {
        const text = values['objective.expression'];
        if (text !== '') options.checkExpression(text, this.#session?.model?.joints.length ?? null);
      },
    );
    this.#overrides = new QosOverrides(
      this.#node,
      new Map(this.#node.getParameterOverrides().map(({ name, value }) => [name, value])),
    );
    this.#qosWatch = new QosWatch(this.#node, (text) => {
      this.#log.warn(text);
    });
    this.#outputs = advertise(this.#node);
    this.#clock = new NodeClock(this.#node, this.#overrides);
    this.#commands = new CommandOutput(this.#outputs, this.#timing, () => this.#parameters.values);
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
        this.#commands.send(command, this.#session?.model?.joints ?? []);
      },
      onPlan: (loop, report) => {
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
        this.#problems.guard(() => {
          this.#session?.onJointState(message, stampToNs(message.header.stamp));
          this.#autoActivate();
        });
      },
    });
    this.#goals = new Goals(this.#log, (goal) => this.#session?.setGoal(goal));
    this.#goalImages = new GoalImageInput(this.#node, {
      overrides: this.#overrides,
      onProblem: (problem) => {
        this.#problems.report(problem);
      },
      onGoal: (goal) => {
        this.#goals.set(goal);
      },
    });
    this.#goalImages.listen(this.#parameters.values['camera.transport']);
    this.#offerServices();
    this.#registerTransitions();
    this.#housekeeping = setInterval(() => {
      this.#publishDiagnostics();
    }, 1000);
  }

  /** Starts taking messages; with the parameter `autostart`, configures, and activates as soon as all inputs are there. */
  start(): void {
    this.#node.spin();
    if (this.#parameters.values.autostart) this.#node.configure();
  }

  /** Brakes the robot to rest, lets go of the planner and stops taking messages. */
  async shutdown(): Promise<void> {
    clearInterval(this.#housekeeping);
    await this.#motion.brakeToRest();
    await this.#session?.close();
    this.#figures.stop();
    this.#node.stop();
  }

  #registerTransitions(): void {
    this.#node.registerOnConfigure(() => this.#configure());
    this.#node.registerOnActivate(() => this.#activate());
    this.#node.registerOnDeactivate(() => this.#deactivate());
    this.#node.registerOnCleanup(() => this.#cleanup());
    this.#node.registerOnShutdown(() => {
      this.#deactivate();
      return this.#cleanup();
    });
  }

  #configure(): number {
    if (this.#parameters.values.model === '') {
      this.#log.error(
        'parameter model is empty: name the folder of a model, for example -p model:=models/reacher',
      );
      return transition.failure;
    }
    this.#goalImages.listen(this.#parameters.values['camera.transport']);
    this.#session = new PlanningSession({
      planner: this.#options.createPlanner(this.#log),
      parameters: () => this.#parameters.values,
      log: this.#log,
      problems: this.#problems,
      extras: () => this.#plans.extras,
      onModel: (model) => {
        this.#subscribeToCameras(model);
      },
      onLoadFailure: (failure) => {
        if (!this.#everActive) this.#options.onFatal(failure);
      },
    });
    if (this.#robotDescription !== null) this.#session.setRobotDescription(this.#robotDescription);
    if (this.#goals.current !== null) this.#session.setGoal(this.#goals.current);
    return transition.success;
  }

  #activate(): number {
    const loop = this.#session?.loop ?? null;
    if (loop === null || loop.reading === null) {
      const missing = loop === null ? this.#missing.message : 'no joint_states yet';
      this.#log.warn(`not activated: ${missing}`);
      return transition.failure;
    }
    this.#everActive = true;
    this.#figures.start();
    this.#timing.reset();
    this.#motion.start(loop);
    this.#log.info('active');
    return transition.success;
  }

  #deactivate(): number {
    this.#motion.brakeToRest().catch((error: unknown) => {
      this.#problems.report(error);
    });
    return transition.success;
  }

  #cleanup(): number {
    const session = this.#session;
    this.#session = null;
    this.#motion.stop();
    this.#cameras?.dispose();
    this.#cameras = null;
    session?.close().catch((error: unknown) => {
      this.#problems.report(error);
    });
    return transition.success;
  }

  #autoActivate(): void {
    const isReady = (this.#session?.loop?.reading ?? null) !== null;
    if (isReady && !this.#everActive && this.#parameters.values.autostart) this.#node.activate();
  }

  #subscribeToCameras(model: ModelInfo): void {
    const values = this.#parameters.values;
    this.#cameras = new CameraInputs(this.#node, {
      cameras: model.cameras,
      transport: values['camera.transport'],
      syncToleranceMs: values['camera.sync_tolerance_ms'],
      overrides: this.#overrides,
      onFrames: (set) => {
        this.#session?.onFrame(set);
      },
      onProblem: (problem) => {
        this.#problems.report(problem);
      },
      warn: (text) => {
        this.#log.warn(text);
      },
    });
  }

  #offerServices(): void {
    offerServices(
      this.#node,
      {
        pause: (paused) => this.#pause(paused),
        reset: () => this.#reset(),
        captureGoal: () => this.#captureGoal(),
      },
      (error) => {
        this.#log.warn(`a service request stays unanswered: ${String(error)}`);
      },
    );
  }

  /** The answer to whatever needs the control loop, while there is none. */
  get #missing(): ServiceOutcome {
    return this.#session === null ? notConfigured : { success: false, message: this.#session.missing };
  }

  #pause(paused: boolean): ServiceOutcome {
    const loop = this.#session?.loop;
    if (!loop) return this.#missing;
    loop.setPaused(paused);
    return { success: true, message: paused ? 'paused: the robot holds' : 'planning' };
  }

  /** The answer tells what the node knows at this moment, so that a test or a script can see whether its own changes have arrived. */
  #reset(): ServiceOutcome {
    const loop = this.#session?.loop;
    if (!loop) return this.#missing;
    if (loop.reading === null) return { success: false, message: 'no joint_states yet' };
    const { nowNs } = this.#clock;
    loop.reset(nowNs);
    this.#figures.restart();
    const { position } = loop.reading;
    const pose = (this.#session?.model?.joints ?? [])
      .map((joint, index) => `${joint}=${String(position[index])}`)
      .join(' ');
    return {
      success: true,
      message: `anchored at ${pose}; goal ${String(loop.goalStampNs ?? 0n)}; now ${String(nowNs)}`,
    };
  }

  #captureGoal(): ServiceOutcome {
    const loop = this.#session?.loop;
    if (!loop) return this.#missing;
    const frame = loop.newestFrame;
    if (frame === null) return { success: false, message: 'no frame yet' };
    this.#goals.set(frame);
    return { success: true, message: `the goal is the frame stamped ${String(frame.stampNs)} ns` };
  }

  #publishDiagnostics(): void {
    const session = this.#session;
    const statuses = nodeDiagnostics(this.#node.name(), {
      isConfigured: session !== null,
      isActive: this.#motion.isRunning,
      model: session?.model ?? null,
      missing: session === null ? notConfigured.message : session.loop === null ? session.missing : null,
      condition: session?.loop?.condition ?? null,
      cameras: this.#cameras?.reports ?? [],
      unheard: this.#qosWatch.look(),
      jointStates: this.#jointStates,
      figures: this.#figures,
      timing: this.#timing,
      goalStampNs: this.#goals.current?.stampNs ?? null,
      parameters: this.#parameters.values,
      problems: this.#problems,
      nowMs: performance.now(),
    });
    const robot = session?.robot?.urdf.name ?? noHardware;
    this.#outputs.diagnostics.publish(diagnosticArray(this.#clock.nowNs, robot, statuses));
  }
}
