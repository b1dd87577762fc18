import type { ActionSemantics } from '../../core/ports.js';
import { EffortLaw } from '../../safety/effort-law.js';
import { jointLimits, limitOptions } from '../../robot/joint-limits.js';
import { JointStateReader } from '../../robot/joint-reading.js';
import type { JointStateMessage } from '../../robot/joint-reading.js';
import { Proprioception } from '../../robot/proprioception.js';
import { createActionSemantics } from '../../robot/action-semantics.js';
import { trackingTolerances } from '../../safety/tracking-guard.js';
import { parseUrdf } from '../../robot/urdf.js';
import type { Urdf } from '../../robot/urdf.js';
import { JepaMpcError } from '../../core/errors.js';
import { valuesOf } from '../../core/parameter.js';
import { planningParameters } from '../../planning/planning-parameters.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { JointLimit, Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { ControlLoop } from '../../loop/control-loop.js';
import { loadParameters, type PlanExtras, type PlannerPort } from '../../worker/planner-port.js';
import { commandsEfforts, effortGains } from '../../safety/command-settings.js';
import type { NodeClock } from './node-clock.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';

/** Why there is nothing to plan with before there is a session. */
export const NOT_CONFIGURED = 'the node is not configured';

/** What the robot description comes to. */
export interface RobotModel {
  readonly urdf: Urdf;
  /** Of the joints that the model acts on. */
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** Where the model is told of the robot. */
  readonly proprioception?: Proprioception;
}

export interface PlanningSessionOptions {
  readonly planner: PlannerPort;
  readonly parameters: () => Parameters;
  readonly log: Logger;
  readonly problems: ProblemLog;
  readonly extras: () => PlanExtras;
  readonly clock: Pick<NodeClock, 'nowNs' | 'stepS'>;
  /** Throws a JepaMpcError for settings that the model cannot plan with. */
  readonly checkModel: (model: ModelInfo) => void;
  readonly onModel: (model: ModelInfo) => void;
  /** The model could not be loaded, or a planner that died could not be started again: nothing more is to be expected of this session. */
  readonly onLoadFailure: (failure: JepaMpcError) => void;
  /** What has to be done with before a model is loaded: a device may not have room for two. */
  readonly after: Promise<unknown>;
}

/**
 * What lives from `configure` to `cleanup`: the planner with its model, and, once the robot's limits are known too, the control loop.
 * Inputs may come in any order; what they are not needed for yet is kept.
 */
export class PlanningSession {
  readonly #options: PlanningSessionOptions;
  #model: ModelInfo | null = null;
  #reader: JointStateReader | null = null;
  #lastNowNs = 0n;
  #robot: RobotModel | null = null;
  #loop: ControlLoop | null = null;
  /** Where efforts are commanded. */
  #effortLaw: EffortLaw | undefined;
  #robotDescription: string | null = null;
  #goal: FrameSet | null = null;
  #missing = 'the model is still being loaded';
  #isRefused = false;
  #isClosed = false;

  /** Starts loading the model. */
  constructor(options: PlanningSessionOptions) {
    this.#options = options;
    options.after
      .then(() => this.#loadFittingModel())
      .then(
        (model) => {
          if (!this.#isClosed) this.#onModel(model);
        },
        (error: unknown) => {
          if (!this.#isClosed) this.#onLoadFailure(error);
        },
      );
  }

  /** Null until it is loaded. */
  get model(): ModelInfo | null {
    return this.#model;
  }

  /** Null until there are a model and limits, as is the loop. */
  get robot(): RobotModel | null {
    return this.#robot;
  }

  /** Null until there are a model and limits. */
  get loop(): ControlLoop | null {
    return this.#loop;
  }

  /** Why there is no loop; for whoever asks for something that needs one. */
  get missing(): string {
    return this.#missing;
  }

  /** Whether there is no loop because of what was given: waiting does not help. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** One that comes after the loop is there has no effect on it: limits do not change under a moving robot. */
  setRobotDescription(text: string): void {
    if (this.#loop !== null && text !== this.#robotDescription) {
      this.#options.log.warn(
        'robot_description has changed: it counts when the node is cleaned up and configured again',
      );
    }
    this.#robotDescription = text;
    this.#buildLoop();
  }

  /** Null: none any more. */
  setGoal(goal: FrameSet | null): void {
    this.#goal = goal;
    this.#loop?.onGoal(goal);
  }

  onFrame(set: FrameSet): void {
    this.#loop?.onFrame(set, this.#options.clock.nowNs);
  }

  onJointState(message: JointStateMessage, stampNs: bigint): void {
    const { nowNs } = this.#options.clock;
    // A clock that started again: what was kept would be newer than all that comes.
    if (nowNs < this.#lastNowNs) this.#reader?.reset();
    this.#lastNowNs = nowNs;
    if (this.#loop?.isOfThisClock(stampNs, nowNs) === false) return;
    const reading = this.#reader?.read(message, stampNs) ?? null;
    if (reading === null) {
      this.#reader?.assertAllReceived(stampNs);
      return;
    }
    if (this.#effortLaw?.canUse(reading) === false) throw noVelocity();
    this.#loop?.onReading(reading, nowNs);
  }

  /** Lets go of the planner and all that was made with it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#loop?.stop();
    await this.#options.planner.dispose();
  }

  #loadModel(): Promise<ModelInfo> {
    const values = this.#options.parameters();
    this.#options.log.info(`loading the model in ${values.model}, device ${values.device}`);
    return this.#options.planner.load({
      parameters: valuesOf(loadParameters, values),
      warmUp: valuesOf(planningParameters, values),
    });
  }

  async #restartPlanner(): Promise<void> {
    try {
      await this.#loadModel();
    } catch (error) {
      if (!this.#isClosed) this.#onLoadFailure(error);
      throw error;
    }
  }

  async #loadFittingModel(): Promise<ModelInfo> {
    const model = await this.#loadModel();
    this.#options.checkModel(model);
    return model;
  }

  #onModel(model: ModelInfo): void {
    this.#options.log.info(`model ${model.name} runs on ${model.device}; joints ${model.joints.join(', ')}`);
    this.#model = model;
    this.#reader = new JointStateReader(model.joints);
    this.#options.onModel(model);
    this.#buildLoop();
  }

  #onLoadFailure(error: unknown): void {
    const failure = this.#options.problems.report(error);
    this.#missing = failure.message;
    this.#isRefused = true;
    this.#options.onLoadFailure(failure);
  }

  /** The loop needs the model (which joints) and the robot description (their limits): whichever comes last builds it. */
  #buildLoop(): void {
    const model = this.#model;
    if (model === null || this.#loop !== null) return;
    const description = this.#robotDescription;
    if (description === null) {
      this.#missing = 'no robot_description yet, and without limits nothing may move';
      return;
    }
    const refusal = this.#options.problems.guard(() => {
      this.#robot = this.#readRobot(model, description);
      this.#loop = this.#makeLoop(model, this.#robot);
      if (this.#goal !== null) this.#loop.onGoal(this.#goal);
    });
    this.#isRefused = refusal !== null;
    if (refusal !== null) this.#missing = refusal.message;
  }

  #readRobot(model: ModelInfo, description: string): RobotModel {
    const values = this.#options.parameters();
    const urdf = parseUrdf(description);
    const limits = jointLimits(urdf, model.joints, limitOptions(values, commandsEfforts(values)));
    const { planning, proprioception: fields, joints } = model;
    return {
      urdf,
      limits,
      semantics: createActionSemantics(planning.action, limits, urdf),
      ...(fields.length > 0 && { proprioception: new Proprioception(fields, joints, urdf) }),
    };
  }

  #makeLoop(model: ModelInfo, { limits, semantics, proprioception }: RobotModel): ControlLoop {
    const { planner, parameters, extras, clock } = this.#options;
    const values = parameters();
    this.#effortLaw = commandsEfforts(values)
      ? new EffortLaw(limits, effortGains(values, model.joints))
      : undefined;
    return new ControlLoop({
      model,
      planner,
      limits,
      semantics,
      ...(this.#effortLaw && { effortLaw: this.#effortLaw }),
      ...(proprioception && { proprioception }),
      commandPeriodNs: BigInt(values['command.period_ms']) * 1_000_000n,
      trackingTolerances: trackingTolerances(
        limits,
        values['command.tracking_tolerance'],
        values['command.tracking_tolerance_m'],
      ),
      clock,
      values: parameters,
      restartPlanner: () => this.#restartPlanner(),
      extras,
    });
  }
}

function noVelocity(): JepaMpcError {
  return new JepaMpcError('joint-states.no-velocity', {
    subject: 'joint_states, velocity',
    found: 'none, or NaN, for a joint of the model',
    expected: 'measured velocities, since command.effort_kd is above 0',
    remedy:
      'Let the driver publish velocities, or set command.effort_kd: [0.0] if the joints are damped by themselves.',
  });
}
