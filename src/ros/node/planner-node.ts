import type { JepaMpcError } from '../../core/errors.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { checkPlanning } from '../../planning/check-planning.js';
import { checkCommandSettings } from '../../safety/command-settings.js';
import type { ExplainingPlanner } from '../../worker/planner-port.js';
import type { ParameterRules } from '../parameters/parameter-bridge.js';
import type { RecorderSetup } from '../recording/node-recording.js';
import { Lifecycle } from './lifecycle.js';
import { offerServices } from './node-services.js';
import { OperatorServices } from './operator-services.js';
import { wirePlanner } from './planner-parts.js';
import type { PlannerParts } from './planner-parts.js';
import type { RosNode } from './ros-node.js';
import { Sessions } from './sessions.js';
import { StartUpWatch } from './start-up-watch.js';

const HOUSEKEEPING_PERIOD_MS = 1000;

/** What the composition root decides for the node. */
export interface PlannerNodeOptions {
  /** Makes the ROS node. @throws JepaMpcError `params.invalid`, and what `rules.refuse` throws */
  readonly openNode: (rules: ParameterRules) => RosNode;
  readonly createPlanner: (log: Logger) => ExplainingPlanner;
  readonly recorder: RecorderSetup;
  /** Called when the node cannot do its job at all: the model cannot be loaded, before the robot was ever moved. */
  readonly onFatal: (error: JepaMpcError) => void;
}

/**
 * The lifecycle node: ROS messages go into the control loop, its results come out as messages. It decides nothing about motion.
 *
 * With the parameter `autostart` it configures itself, and activates as soon as all inputs are there; without, a lifecycle manager does.
 */
export class PlannerNode {
  readonly #options: PlannerNodeOptions;
  readonly #ros: RosNode;
  readonly #sessions = new Sessions();
  readonly #parts: PlannerParts;
  readonly #lifecycle: Lifecycle;
  readonly #startUp: StartUpWatch;
  readonly #housekeeping: NodeJS.Timeout;

  /** @throws JepaMpcError `params.invalid` for parameters that do not fit */
  constructor(options: PlannerNodeOptions) {
    this.#options = options;
    const sessions = this.#sessions;
    const ros = options.openNode({
      // A session that was cleaned up still brakes its robot by these parameters.
      isConfigured: () => sessions.current !== null || this.#parts.motion.isRunning,
      refuse: (values) => {
        checkParameters(values, sessions.current?.model ?? null);
      },
    });
    this.#ros = ros;
    this.#startUp = new StartUpWatch(ros.log, (topic) => ros.publishersOf(topic));
    this.#parts = wirePlanner({
      ros,
      sessions,
      createPlanner: options.createPlanner,
      recorder: options.recorder,
      checkModel: (model) => {
        checkParameters(ros.parameters.values, model);
      },
      onInput: () => {
        this.#onInput();
      },
      onLoadFailure: (failure) => {
        this.#onLoadFailure(failure);
      },
      onActivation: () => {
        this.#startUp.look([]);
      },
    });
    const { goalInputs, figures, preconditions, transitions, problems, operator, motion, recover } =
      this.#parts;
    offerServices(
      ros.services,
      new OperatorServices({
        session: () => sessions.current,
        clock: ros.clock,
        goals: goalInputs.goals,
        figures,
        operator,
        state: () => ros.transitions.state,
        isCommanding: () => motion.isRunning,
        recover,
        poseRefusal: (disagreement) => preconditions.poseRefusal(disagreement),
      }),
      (error) => {
        ros.log.warn(`a service request stays unanswered: ${String(error)}`);
      },
    );
    this.#lifecycle = new Lifecycle(ros.transitions, transitions, ros.log, problems);
    this.#housekeeping = setInterval(() => {
      this.#watchStartUp();
      // No tick comes while a simulation is paused.
      this.#parts.operator.watch();
      this.#parts.operator.lookAtController();
      this.#parts.diagnostics.publish();
    }, HOUSEKEEPING_PERIOD_MS);
  }

  /** Starts receiving messages; with `autostart`, configures the node. */
  start(): void {
    this.#parts.recording.follow();
    this.#ros.spin();
    if (this.#ros.parameters.values.autostart) this.#lifecycle.request('configure');
  }

  /** Brakes the robot to rest, ends the planner and stops receiving messages. */
  async shutdown(): Promise<void> {
    const { goalInputs, motion, cameras, figures, recording } = this.#parts;
    clearInterval(this.#housekeeping);
    goalInputs.dispose();
    this.#lifecycle.close();
    await motion.brakeToRest();
    await this.#sessions.current?.close();
    await this.#sessions.ending;
    cameras.close();
    figures.stop();
    await recording.close();
    this.#ros.stop();
  }

  /** Whether the node is to activate by itself, and has not been active yet. */
  get #startsItself(): boolean {
    return this.#ros.parameters.values.autostart && !this.#parts.transitions.hasBeenActive;
  }

  /** With `autostart`, nobody would notice a node that cannot do its job; otherwise the lifecycle manager decides. */
  #onLoadFailure(failure: JepaMpcError): void {
    if (this.#startsItself) this.#options.onFatal(failure);
    else this.#lifecycle.fail(failure);
  }

  #onInput(): void {
    this.#lifecycle.reconsider();
    if (!this.#startsItself || this.#sessions.current === null) return;
    if (this.#parts.preconditions.blocker === null) this.#lifecycle.request('activate');
  }

  #watchStartUp(): void {
    if (this.#startsItself) this.#startUp.look(this.#parts.preconditions.awaited);
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
