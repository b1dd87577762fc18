import type { JepaMpcError } from '../../core/errors.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import type { OperatorState } from '../../safety/operator-state.js';
import type { ExplainingPlanner, PlanExtras } from '../../worker/planner-port.js';
import type { PlanFigures } from '../diagnostics/plan-figures.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import type { GoalInputs } from '../goals/goal-inputs.js';
import type { CommandOutput } from '../topics/command-output.js';
import type { Blocker, LifecycleHandlers } from './lifecycle.js';
import type { Motion } from './motion.js';
import { NOT_CONFIGURED, PlanningSession } from './planning-session.js';
import type { RosNode } from './ros-node.js';
import type { SessionCameras } from './session-cameras.js';
import type { Sessions } from './sessions.js';
import type { Outcome } from './transitions.js';

export interface NodeTransitionsOptions {
  readonly ros: Pick<RosNode, 'log' | 'clock'>;
  readonly parameters: () => Parameters;
  readonly problems: ProblemLog;
  readonly sessions: Sessions;
  /** What the loaded model has images for: its cameras, and what the node shows of them. */
  readonly cameras: Pick<SessionCameras, 'open' | 'close' | 'lateCameras'>;
  readonly motion: Motion;
  readonly commands: CommandOutput;
  readonly figures: PlanFigures;
  readonly goalInputs: GoalInputs;
  readonly extras: () => PlanExtras;
  readonly operator: () => OperatorState;
  readonly watchOperator: () => void;
  readonly blocker: () => Blocker | null;
  readonly createPlanner: (log: Logger) => ExplainingPlanner;
  /** Throws a JepaMpcError for settings that the model cannot plan with. */
  readonly checkModel: (model: ModelInfo) => void;
  readonly onLoadFailure: (failure: JepaMpcError) => void;
  /** The node that a publisher of joint states belongs to, for people. */
  readonly publisherName: (publisher: string) => string;
  readonly onActivation: () => void;
}

/**
 * What the transitions of the node do. None of them waits: `configure` starts loading the model and returns, and `activate` is refused, with the
 * reason in the log, until the model, the limits and fresh inputs are there.
 */
export class NodeTransitions implements LifecycleHandlers {
  readonly #options: NodeTransitionsOptions;
  #fault: string | null = null;
  #hasBeenActive = false;

  constructor(options: NodeTransitionsOptions) {
    this.#options = options;
  }

  /** Why the last session ended in an error, until the node is configured again; null: it did not. */
  get fault(): string | null {
    return this.#fault;
  }

  get hasBeenActive(): boolean {
    return this.#hasBeenActive;
  }

  get activationWaitMs(): number {
    return this.#options.parameters()['activation.wait_s'] * 1000;
  }

  blocker(): Blocker | null {
    return this.#options.blocker();
  }

  configure(): Outcome {
    const { ros, parameters, sessions, cameras, goalInputs, createPlanner } = this.#options;
    if (parameters().model === '') {
      ros.log.error(
        'parameter model is empty: name the folder of a model, for example -p model:=models/reacher',
      );
      return 'failure';
    }
    goalInputs.listen(parameters()['camera.transport']);
    this.#fault = null;
    const session = new PlanningSession({
      ...this.#options,
      planner: createPlanner(ros.log),
      log: ros.log,
      clock: ros.clock,
      after: sessions.ending,
      lateCameras: (sinceNs) => cameras.lateCameras(sinceNs),
      onModel: (model) => {
        cameras.open(model);
      },
      onLoadFailure: (failure) => {
        this.#fault = failure.message;
        this.#options.onLoadFailure(failure);
      },
    });
    sessions.begin(session);
    if (goalInputs.goals.current !== null) session.setGoal(goalInputs.goals.current);
    return 'success';
  }

  activate(): Outcome {
    const { ros, parameters, sessions, motion, commands, figures, goalInputs, onActivation } = this.#options;
    const loop = sessions.current?.loop ?? null;
    const blocker = this.blocker();
    if (loop === null || blocker !== null) {
      ros.log.warn(`not activated: ${blocker?.text ?? NOT_CONFIGURED}`);
      return 'failure';
    }
    this.#hasBeenActive = true;
    onActivation();
    figures.start();
    commands.begin(loop.joints);
    motion.start(loop);
    goalInputs.goals.onActivation();
    const form = parameters().dry_run ? 'none, for dry_run is true' : commands.form;
    ros.log.info(`active; commands: ${form}`);
    return 'success';
  }

  deactivate(): Outcome {
    this.#options.motion.brakeToRest().catch(this.#report);
    return 'success';
  }

  /** Also from active: the robot brakes first. */
  cleanup(): Outcome {
    const { sessions, motion, cameras } = this.#options;
    sessions.end(() => motion.brakeToRest(), this.#report);
    cameras.close();
    return 'success';
  }

  shutdown(): Outcome {
    return this.cleanup();
  }

  recover(): Outcome {
    return this.cleanup();
  }

  readonly #report = (error: unknown): void => {
    this.#options.problems.report(error);
  };
}
