import { monitorEventLoopDelay } from 'node:perf_hooks';

import rclnodejs from 'rclnodejs';
import { asyncScheduler, observeOn, Subject, Subscription } from 'rxjs';

import { actionSemantics } from '../control/action-semantics.js';
import { jointLimits } from '../control/joint-limits.js';
import { JointStateReader } from '../control/joint-reading.js';
import { parseUrdf } from '../control/urdf.js';
import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import { ControlLoop } from '../pipeline/control-loop.js';
import type { PlanReport } from '../pipeline/control-loop.js';
import type { PlannerPort } from '../pipeline/planner-port.js';
import { guardSubscriptions } from './callback-errors.js';
import { CameraInputs } from './camera-inputs.js';
import { GoalImageInput } from './camera-goal.js';
import { loopSettings } from './loop-settings.js';
import { toStatus } from './messages.js';
import { NodeOutputs } from './node-outputs.js';
import { offerServices } from './node-services.js';
import type { ServiceOutcome } from './node-services.js';
import { ParameterBridge } from './parameter-bridge.js';
import { PlanRate } from './plan-rate.js';
import { latched, reliable, sensorData } from './qos.js';
import { stampToNs } from './stamp.js';
import { simulatedTicks, wallTicks } from './ticks.js';

/** rclnodejs' lifecycle CallbackReturnCode, an ambient const enum that cannot be read under verbatimModuleSyntax. */
const transition = { success: 97, failure: 98 } as const;

/** Longest time that a robot is given to come to rest when the node goes down. */
const brakeTimeoutMs = 1000;

/** What the composition root decides for the node. */
export interface PlannerNodeOptions {
  readonly createPlanner: () => PlannerPort;
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
 * The lifecycle node: turns ROS messages into inputs of the control loop and its results into messages. It decides nothing about motion.
 *
 * Transitions never wait: `configure` starts loading the model and returns, and `activate` is refused, with the reason in the log, until
 * the model, the limits and a joint state are there.
 */
export class PlannerNode {
  readonly #options: PlannerNodeOptions;
  readonly #node = new rclnodejs.lifecycle.LifecycleNode('planner_node');
  readonly #log = this.#node.getLogger();
  readonly #parameters: ParameterBridge;
  readonly #outputs: NodeOutputs;
  readonly #simulatedTime: boolean;
  readonly #clock$ = new Subject<bigint>();
  readonly #threadGaps = monitorEventLoopDelay({ resolution: 1 });
  readonly #planRate = new PlanRate();
  readonly #housekeeping: NodeJS.Timeout;
  #clockNs = 0n;
  #configured = false;
  #everActive = false;
  #planner: PlannerPort | null = null;
  #model: ModelInfo | null = null;
  #reader: JointStateReader | null = null;
  #robotDescription: string | null = null;
  #goal: FrameSet | null = null;
  #cameras: CameraInputs | null = null;
  #loop: ControlLoop | null = null;
  /** Why there is no loop; for whoever asks for something that needs one. */
  #missing = 'the node is not configured';
  #running = new Subscription();
  #problem: { readonly text: string; readonly atMs: number } | null = null;
  #conditionText = '';

  /** @throws JepaMpcError `params.invalid` for parameters that do not fit. */
  constructor(options: PlannerNodeOptions) {
    this.#options = options;
    this.#parameters = new ParameterBridge(
      this.#node,
      () => this.#configured,
      (values) => {
        const text = values['objective.expression'];
        if (text !== '') options.checkExpression(text, this.#model?.joints.length ?? null);
      },
    );
    this.#outputs = new NodeOutputs(this.#node);
    this.#simulatedTime = this.#node.getParameter('use_sim_time').value === true;
    this.#subscribe();
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
    this.#node.registerOnConfigure(() => this.#configure());
    this.#node.registerOnActivate(() => this.#activate());
    this.#node.registerOnDeactivate(() => this.#deactivate());
    this.#node.registerOnCleanup(() => this.#cleanup());
    this.#node.registerOnShutdown(() => {
      this.#deactivate();
      return this.#cleanup();
    });
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
    await this.#brakeToRest();
    this.#running.unsubscribe();
    await this.#planner?.dispose();
    this.#threadGaps.disable();
    this.#node.stop();
  }

  get #nowNs(): bigint {
    return this.#simulatedTime ? this.#clockNs : this.#node.now().nanoseconds;
  }

  #subscribe(): void {
    if (this.#simulatedTime) {
      this.#node.createSubscription(
        'rosgraph_msgs/msg/Clock',
        '/clock',
        { qos: reliable(10) },
        (message: rclnodejs.rosgraph_msgs.msg.Clock) => {
          this.#clockNs = stampToNs(message.clock);
          this.#clock$.next(this.#clockNs);
        },
      );
    }
    const description = this.#node.createSubscription(
      'std_msgs/msg/String',
      'robot_description',
      { qos: latched() },
      (message: rclnodejs.std_msgs.msg.String) => {
        this.#robotDescription = message.data;
        this.#buildLoop();
      },
    );
    guardSubscriptions(description, (error) => {
      throw error;
    });
    this.#node.createSubscription(
      'sensor_msgs/msg/JointState',
      'joint_states',
      { qos: sensorData(5) },
      (message: rclnodejs.sensor_msgs.msg.JointState) => {
        this.#guard(() => {
          const read = this.#reader?.read(message, stampToNs(message.header.stamp));
          if (read !== undefined) this.#loop?.onReading(read.reading);
          this.#autoActivate();
        });
      },
    );
    new GoalImageInput(this.#node, {
      onGoal: (goal) => {
        this.#setGoal(goal);
      },
    });
  }

  #configure(): number {
    const { model } = this.#parameters.values;
    if (model === '') {
      this.#log.error(
        'parameter model is empty: name the folder of a model, for example -p model:=models/reacher',
      );
      return transition.failure;
    }
    const planner = this.#options.createPlanner();
    this.#planner = planner;
    this.#configured = true;
    this.#missing = 'the model is still being loaded';
    this.#loadModel(planner).then(
      (info) => {
        if (this.#planner === planner) this.#onModel(info);
      },
      (error: unknown) => {
        if (this.#planner === planner) this.#onLoadFailure(error);
      },
    );
    return transition.success;
  }

  #activate(): number {
    const loop = this.#loop;
    if (loop === null || loop.reading === null) {
      this.#log.warn(`not activated: ${loop === null ? this.#missing : 'no joint_states yet'}`);
      return transition.failure;
    }
    this.#everActive = true;
    this.#threadGaps.enable();
    this.#threadGaps.reset();
    this.#planRate.reset();
    loop.start(this.#nowNs);
    this.#run(loop);
    this.#log.info('active');
    return transition.success;
  }

  /** The robot is told to brake and hold: one trajectory is enough, single set-points need the rest of the ramp. */
  #deactivate(): number {
    this.#brakeToRest().catch((error: unknown) => {
      this.#report(error);
    });
    return transition.success;
  }

  #cleanup(): number {
    const planner = this.#planner;
    this.#loop?.stop();
    this.#running.unsubscribe();
    this.#cameras?.dispose();
    this.#cameras = null;
    this.#planner = null;
    this.#model = null;
    this.#reader = null;
    this.#loop = null;
    this.#configured = false;
    this.#missing = 'the node is not configured';
    planner?.dispose().catch((error: unknown) => {
      this.#report(error);
    });
    return transition.success;
  }

  #run(loop: ControlLoop): void {
    const periodMs = this.#parameters.values['command.period_ms'];
    const ticks$ = this.#simulatedTime
      ? simulatedTicks(this.#clock$, BigInt(periodMs) * 1_000_000n)
      : wallTicks(periodMs, () => this.#nowNs);
    this.#running.unsubscribe();
    this.#running = new Subscription();
    this.#running.add(
      // In a turn of its own, so that a command which is due need not wait for figures.
      loop.plans$.pipe(observeOn(asyncScheduler)).subscribe((report) => {
        this.#publishPlan(loop, report);
      }),
    );
    this.#running.add(
      loop.problems$.subscribe((problem) => {
        this.#report(problem);
      }),
    );
    this.#running.add(
      ticks$.subscribe((nowNs) => {
        this.#tick(loop, nowNs);
      }),
    );
  }

  #tick(loop: ControlLoop, nowNs: bigint): void {
    const command = loop.tick(nowNs);
    if (command !== null) this.#outputs.command(command, this.#model?.joints ?? [], this.#parameters.values);
    const kind = loop.condition.reasons.map((reason) => reason.name).join(',');
    if (kind === this.#conditionText) return;
    this.#conditionText = kind;
    const text = loop.condition.reasons
      .map(
        (reason) => `${reason.name}: ${reason.found} (limit ${reason.limit}; clears with ${reason.clears})`,
      )
      .join('; ');
    if (loop.condition.level === 'ok') this.#log.info('following plans');
    else this.#log.warn(`${loop.condition.level}: ${text}`);
  }

  async #brakeToRest(): Promise<void> {
    const loop = this.#loop;
    if (loop === null || this.#running.closed) return;
    loop.brake('told to stop');
    this.#tick(loop, this.#nowNs);
    if (this.#parameters.values['command.interface'] === 'commands') {
      const deadlineMs = performance.now() + brakeTimeoutMs;
      while (!loop.isAtRest && performance.now() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, this.#parameters.values['command.period_ms']));
      }
    }
    loop.stop();
    this.#running.unsubscribe();
  }

  #loadModel(planner: PlannerPort): Promise<ModelInfo> {
    const values = this.#parameters.values;
    this.#log.info(`loading the model in ${values.model}, device ${values.device}`);
    return planner.load({
      modelFolder: values.model,
      device: values.device,
      threads: values['onnx.threads'],
      seed: values.seed,
    });
  }

  #onModel(model: ModelInfo): void {
    this.#log.info(`model ${model.name} runs on ${model.device}; joints ${model.joints.join(', ')}`);
    const values = this.#parameters.values;
    this.#model = model;
    this.#reader = new JointStateReader(model.joints);
    this.#cameras?.dispose();
    this.#cameras = new CameraInputs(this.#node, {
      cameras: model.cameras,
      reliable: values['camera.reliable'],
      syncToleranceMs: values['camera.sync_tolerance_ms'],
      onFrames: (set) => {
        this.#loop?.onFrame(set);
      },
    });
    this.#buildLoop();
  }

  #onLoadFailure(error: unknown): void {
    const failure = this.#report(error);
    this.#missing = failure.message;
    if (!this.#everActive) this.#options.onFatal(failure);
  }

  /** The loop needs the model (which joints) and the robot description (their limits): whichever comes last builds it. */
  #buildLoop(): void {
    const model = this.#model;
    const planner = this.#planner;
    if (model === null || planner === null || this.#loop !== null) return;
    if (this.#robotDescription === null) {
      this.#missing = 'no robot_description yet, and without limits nothing may move';
      return;
    }
    const values = this.#parameters.values;
    const description = this.#robotDescription;
    this.#guard(
      () => {
        const acceleration = values['limits.default_acceleration'];
        this.#loop = new ControlLoop({
          model,
          planner,
          limits: jointLimits(parseUrdf(description), model.joints, {
            positionMargin: values['limits.position_margin'],
            velocityScale: values['limits.velocity_scale'],
            accelerationScale: values['limits.acceleration_scale'],
            ...(acceleration > 0 ? { acceleration } : {}),
          }),
          semantics: actionSemantics(model.actionKind),
          commandPeriodNs: BigInt(values['command.period_ms']) * 1_000_000n,
          trackingTolerance: values['command.tracking_tolerance'],
          committedPeriods: values['planning.committed_periods'],
          settings: () => loopSettings(this.#parameters.values),
          restartPlanner: () => this.#loadModel(planner),
        });
        if (this.#goal !== null) this.#loop.onGoal(this.#goal);
      },
      (problem) => {
        this.#missing = problem.message;
      },
    );
  }

  #autoActivate(): void {
    const ready = (this.#loop?.reading ?? null) !== null;
    if (ready && !this.#everActive && this.#parameters.values.autostart) this.#node.activate();
  }

  #setGoal(goal: FrameSet): void {
    this.#goal = goal;
    this.#loop?.onGoal(goal);
    this.#log.info(`new goal image, stamp ${String(goal.stampNs)} ns`);
  }

  #pause(paused: boolean): ServiceOutcome {
    if (this.#loop === null) return { success: false, message: this.#missing };
    this.#loop.setPaused(paused);
    return { success: true, message: paused ? 'paused: the robot holds' : 'planning' };
  }

  /** The answer tells what the node knows at this moment, so that a test or a script can see whether its own changes have arrived. */
  #reset(): ServiceOutcome {
    const loop = this.#loop;
    if (loop === null) return { success: false, message: this.#missing };
    if (loop.reading === null) return { success: false, message: 'no joint_states yet' };
    const nowNs = this.#nowNs;
    loop.reset(nowNs);
    this.#planRate.reset();
    const { position } = loop.reading;
    const pose = (this.#model?.joints ?? [])
      .map((joint, index) => `${joint}=${String(position[index])}`)
      .join(' ');
    return {
      success: true,
      message: `anchored at ${pose}; goal ${String(loop.goalStampNs ?? 0n)}; now ${String(nowNs)}`,
    };
  }

  #captureGoal(): ServiceOutcome {
    const frame = this.#loop?.newestFrame ?? null;
    if (frame === null)
      return { success: false, message: this.#loop === null ? this.#missing : 'no frame yet' };
    this.#setGoal(frame);
    return { success: true, message: `the goal is the frame stamped ${String(frame.stampNs)} ns` };
  }

  #publishPlan(loop: ControlLoop, { plan, late }: PlanReport): void {
    this.#planRate.note(performance.now());
    const { statistics } = plan;
    this.#outputs.plan(plan, this.#model?.joints ?? []);
    const status = toStatus(late ? 'warn' : 'ok', 'planner', late ? 'the plan came late' : '', {
      frame_stamp_ns: plan.frameStampNs,
      goal_stamp_ns: plan.goalStampNs,
      plan_index: statistics.planIndex,
      plan_ms: statistics.planMs.toFixed(3),
      encode_ms: statistics.encodeMs.toFixed(3),
      frame_to_command_ms: loop.frameToCommandMs?.toFixed(3) ?? 'nan',
      best_cost: statistics.bestCost,
      mean_cost: statistics.meanCost,
      goal_distance: statistics.goalDistance,
      iterations: statistics.iterations,
      elites_std: statistics.elitesStd,
      rollout: statistics.rollout,
      late: late ? 1 : 0,
      plan_rate_hz: this.#planRate.hz.toFixed(2),
      thread_gap_p99_ms: (this.#threadGaps.percentile(99) / 1e6).toFixed(3),
      thread_gap_max_ms: (this.#threadGaps.max / 1e6).toFixed(3),
      device: this.#model?.device ?? '',
    });
    this.#outputs.statistics(plan.frameStampNs, status);
  }

  #publishDiagnostics(): void {
    const loop = this.#loop;
    const condition = loop?.condition ?? { level: 'stop', reasons: [] };
    const motionLevel = condition.level === 'ok' ? 'ok' : condition.level === 'degrade' ? 'warn' : 'error';
    const motionText = condition.reasons.map(
      (reason) => `${reason.name}: ${reason.found}, clears with ${reason.clears}`,
    );
    const recent = this.#problem !== null && performance.now() - this.#problem.atMs < 5000;
    this.#outputs.diagnostics(this.#node.now().nanoseconds, [
      this.#model === null
        ? toStatus(this.#configured ? 'warn' : 'stale', 'planner_node: model', this.#missing, {})
        : toStatus('ok', 'planner_node: model', '', {
            name: this.#model.name,
            sha256: this.#model.sha256,
            device: this.#model.device,
          }),
      loop === null
        ? toStatus('stale', 'planner_node: motion', this.#missing, {})
        : toStatus(motionLevel, 'planner_node: motion', motionText.join('; '), {
            condition: condition.level,
          }),
      toStatus(recent ? 'error' : 'ok', 'planner_node: problems', this.#problem?.text ?? '', {}),
    ]);
  }

  /** Runs what may refuse a message or a setting; a refusal is reported and changes nothing. */
  #guard(action: () => void, onProblem?: (problem: JepaMpcError) => void): void {
    try {
      action();
    } catch (error) {
      const problem = this.#report(error);
      onProblem?.(problem);
    }
  }

  /** Logs a problem (the same one at most once a second) and keeps it for the diagnostics. */
  #report(error: unknown): JepaMpcError {
    const problem =
      error instanceof JepaMpcError
        ? error
        : new JepaMpcError('planner.not-ready', {
            subject: 'planner_node',
            found: error instanceof Error ? error.message : String(error),
            expected: 'no such failure',
            remedy: 'Please report it, with the log.',
            cause: error,
          });
    const nowMs = performance.now();
    const repeated = this.#problem?.text === problem.message && nowMs - this.#problem.atMs < 1000;
    if (!repeated) {
      this.#problem = { text: problem.message, atMs: nowMs };
      this.#log.error(problem.message);
    }
    return problem;
  }
}
