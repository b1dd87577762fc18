import type { EffortLaw } from '../../safety/effort-law.js';
import type { JointStateMessage } from '../../timeline/joint-state-reader.js';
import { JepaMpcError } from '../../core/errors.js';
import { valuesOf } from '../../core/parameter.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { ControlLoop } from '../../loop/control-loop.js';
import { readingJoints } from '../../loop/loop-options.js';
import { planningParameters } from '../../planning/planning-parameters.js';
import type { DistanceMap, ExplainingPlanner } from '../../worker/planner-port.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import { JointInput } from './joint-input.js';
import type { JointInputOptions } from './joint-input.js';
import { ModelLoader } from './model-loader.js';
import type { ModelLoaderOptions } from './model-loader.js';
import { readRobot } from './robot-model.js';
import type { RobotModel } from './robot-model.js';
import { effortLawFor, loopFor } from './session-loop.js';
import type { SessionLoopOptions } from './session-loop.js';

/** Why there is nothing to plan with before there is a session. */
export const NOT_CONFIGURED = 'the node is not configured';

export interface PlanningSessionOptions
  extends
    ModelLoaderOptions,
    Omit<SessionLoopOptions, 'restartPlanner' | 'jointMessages'>,
    Pick<JointInputOptions, 'publisherName'> {
  readonly planner: ExplainingPlanner;
  readonly problems: ProblemLog;
  readonly onModel: (model: ModelInfo) => void;
  /** The model could not be loaded, or a planner that died could not be restarted: this session cannot plan any more. */
  readonly onLoadFailure: (failure: JepaMpcError) => void;
  /** Settles before the model is loaded: a device may not have room for two. */
  readonly after: Promise<unknown>;
}

/**
 * What lives from `configure` to `cleanup`: the planner with its model, and, once the robot's limits are known too, the control loop.
 * Inputs may come in any order. Those that come too early to be used are kept.
 */
export class PlanningSession {
  readonly #options: PlanningSessionOptions;
  readonly #loader: ModelLoader;
  #model: ModelInfo | null = null;
  #jointInput: JointInput | null = null;
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
    this.#loader = new ModelLoader(options);
    options.after
      .then(() => this.#loader.load())
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

  /** Null until there are a model and limits, like the loop. */
  get robot(): RobotModel | null {
    return this.#robot;
  }

  /** Null until there are a model and limits. */
  get loop(): ControlLoop | null {
    return this.#loop;
  }

  /** Null until there is a model. */
  get jointInput(): JointInput | null {
    return this.#jointInput;
  }

  /** Why there is no loop, for a person. */
  get missing(): string {
    return this.#missing;
  }

  /** Whether there is no loop because an input was refused: waiting does not help. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Has no effect once the loop is there: limits do not change under a moving robot. */
  setRobotDescription(text: string): void {
    if (this.#loop !== null && text !== this.#robotDescription) {
      this.#options.log.warn(
        'robot_description has changed: it counts when the node is cleaned up and configured again',
      );
    }
    this.#robotDescription = text;
    this.#buildLoop();
  }

  /** Null: the robot is to have none. */
  setGoal(goal: FrameSet | null): void {
    this.#goal = goal;
    this.#loop?.onGoal(goal);
  }

  onFrame(set: FrameSet): void {
    this.#loop?.onFrame(set, this.#options.clock.nowNs);
  }

  /** @param publisher tells the publishers of joint states apart @throws JepaMpcError `joint-states.*` */
  onJointState(message: JointStateMessage, stampNs: bigint, publisher?: string): void {
    const { nowNs } = this.#options.clock;
    // The clock started again: parts of a reading that are kept would be newer than all that comes.
    if (nowNs < this.#lastNowNs) this.#jointInput?.reset();
    this.#lastNowNs = nowNs;
    if (this.#loop?.isOfThisClock(stampNs, nowNs) === false) return;
    this.#noteOtherJoints(message);
    const reading = this.#jointInput?.read(message, stampNs, nowNs, publisher) ?? null;
    if (reading === null) return;
    if (this.#effortLaw?.canUse(reading) === false) throw noVelocity();
    this.#loop?.onReading(reading, nowNs);
  }

  /** The rules of the work space depend on joints that the model does not move, too. */
  #noteOtherJoints({ name, position }: JointStateMessage): void {
    const { motionCheck } = this.#robot ?? {};
    if (motionCheck === undefined || motionCheck.rules.length === 0) return;
    for (const [index, joint] of name.entries()) {
      const measured = position[index] ?? NaN;
      if (Number.isFinite(measured)) motionCheck.hold(joint, measured);
    }
  }

  /** What makes a frame differ from a goal; see `ExplainingPlanner.explain`. @param patches along the longer side of an image */
  explain(frame: FrameSet, goal: FrameSet, patches: number): Promise<DistanceMap> {
    const { planner, parameters } = this.#options;
    return planner.explain({ frame, goal, patches, values: valuesOf(planningParameters, parameters()) });
  }

  /** Stops the loop and ends the planner. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#loop?.stop();
    await this.#options.planner.dispose();
  }

  async #restartPlanner(): Promise<void> {
    try {
      await this.#loader.reload();
    } catch (error) {
      if (!this.#isClosed) this.#onLoadFailure(error);
      throw error;
    }
  }

  #onModel(model: ModelInfo): void {
    this.#options.log.info(`model ${model.name} runs on ${model.device}; joints ${model.joints.join(', ')}`);
    this.#model = model;
    this.#jointInput = new JointInput(model.joints, this.#options);
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
    const jointMessages = this.#jointInput;
    if (model === null || jointMessages === null || this.#loop !== null) return;
    const description = this.#robotDescription;
    if (description === null) {
      this.#missing = 'no robot_description yet, and without limits nothing may move';
      return;
    }
    const refusal = this.#options.problems.guard(() => {
      const values = this.#options.parameters();
      this.#robot = readRobot(model, description, values);
      const { notes } = this.#robot.motionCheck;
      if (notes.length > 0) this.#options.log.warn(`work space: ${notes.join('; ')}`);
      this.#effortLaw = effortLawFor(model, this.#robot, values);
      const restartPlanner = (): Promise<void> => this.#restartPlanner();
      this.#loop = loopFor(model, this.#robot, this.#effortLaw, {
        ...this.#options,
        jointMessages,
        restartPlanner,
      });
      jointMessages.setJoints(readingJoints(this.#robot.limits));
      if (this.#goal !== null) this.#loop.onGoal(this.#goal);
    });
    this.#isRefused = refusal !== null;
    if (refusal !== null) this.#missing = refusal.message;
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
