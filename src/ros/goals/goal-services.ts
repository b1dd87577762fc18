import { JepaMpcError } from '../../core/errors.js';
import { listedIn } from '../../core/names.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { Parameters } from '../../params/schema.js';
import { defaultGoalFolder, GoalStore, readGoalFiles } from '../../goals/goal-store.js';
import { withJoints } from '../../robot/goal-joints.js';
import type { RobotModel } from '../node/robot-model.js';
import type { Goals } from '../../goals/goals.js';
import type { ServiceHost, ServiceOutcome } from '../node/node-services.js';
import { NO_FRAME, withoutJoints } from '../node/operator-services.js';

export interface GoalServicesOptions {
  readonly goals: Goals;
  readonly parameters: () => Parameters;
  /** Null until it is loaded: the number of images of a goal is not known before. */
  readonly model: () => ModelInfo | null;
  /** Null until the robot description is there too. */
  readonly robot: () => Pick<RobotModel, 'proprioception'> | null;
  /** The newest frame as a goal. */
  readonly capturedGoal: () => FrameSet | null;
  /** Gets what went wrong with an answer. */
  readonly report: (error: unknown) => void;
}

/**
 * Goals by name and from files: `~/save_goal`, `~/load_goal`, `~/list_goals`, `~/goal_from_file`. Their type is std_srvs/Trigger, which every
 * installation has; the name and the file are the parameters `goal.name` and `goal.file`.
 */
export class GoalServices {
  readonly #options: GoalServicesOptions;

  constructor(services: ServiceHost, options: GoalServicesOptions) {
    this.#options = options;
    this.#offer(services, 'save_goal', () => this.#save());
    this.#offer(services, 'load_goal', () => this.#load());
    this.#offer(services, 'list_goals', () => this.#list());
    this.#offer(services, 'goal_from_file', () => this.#fromFile());
  }

  /**
   * A saved goal, without a stamp; with the proprioception that follows from its joint positions, if it was saved with them.
   *
   * @throws JepaMpcError `goal.name`, `goal.file`, `planner.not-ready`
   */
  async named(name: string): Promise<FrameSet> {
    const goal = await this.#store.load(name, this.#cameras());
    return goal.joints === undefined
      ? goal
      : withJoints(goal, goal.joints, this.#options.robot()?.proprioception);
  }

  /** @throws JepaMpcError `goal.name`, `goal.file`, `planner.not-ready`, or what the images are refused for */
  saveAs(name: string, goal: FrameSet): Promise<void> {
    return this.#store.save(name, goal, this.#cameras());
  }

  get #store(): GoalStore {
    const folder = this.#options.parameters()['goal.folder'];
    return new GoalStore(folder === '' ? defaultGoalFolder(process.env) : folder);
  }

  #cameras(): ModelInfo['cameras'] {
    const model = this.#options.model();
    if (model !== null) return model.cameras;
    throw new JepaMpcError('planner.not-ready', {
      subject: 'goal',
      found: 'no model yet',
      expected: 'a node that is configured: the model determines how many images a goal has',
      remedy: 'Configure the node first.',
    });
  }

  #offer(services: ServiceHost, name: string, serve: () => Promise<ServiceOutcome>): void {
    services.createService('std_srvs/srv/Trigger', `~/${name}`, (_request, response) => {
      serve()
        .catch((error: unknown) => {
          if (error instanceof JepaMpcError) return { success: false, message: error.message };
          this.#options.report(error);
          return { success: false, message: String(error) };
        })
        .then((outcome) => {
          response.send(Object.assign(response.template, outcome));
        })
        .catch(this.#options.report);
    });
  }

  /** Saves the newest frame. */
  async #save(): Promise<ServiceOutcome> {
    const name = this.#options.parameters()['goal.name'];
    // Without a model there is no frame either, and a model is what is missing.
    this.#cameras();
    const goal = this.#options.capturedGoal();
    if (goal === null) return { success: false, message: NO_FRAME };
    await this.saveAs(name, goal);
    return {
      success: true,
      message: `the frame stamped ${String(goal.stampNs)} ns is goal ${name}${withoutJoints(goal)}`,
    };
  }

  async #load(): Promise<ServiceOutcome> {
    const name = this.#options.parameters()['goal.name'];
    let unused = '';
    const { success, message } = await this.#set(name, `the saved goal ${name}`, async () => {
      const goal = await this.named(name);
      unused = this.#unusedJoints(goal);
      return goal;
    });
    return { success, message: success ? `${message}${unused}` : message };
  }

  /** Why the model does not get the joint positions of a goal; empty if it does, or needs none. */
  #unusedJoints({ joints }: FrameSet): string {
    const absent = (joints && this.#options.robot()?.proprioception?.absentFrom(joints)) ?? [];
    return absent.length === 0 ? '' : `; by its pictures alone: joints.json has no ${absent.join(', ')}`;
  }

  async #list(): Promise<ServiceOutcome> {
    return { success: true, message: (await this.#store.list()).join('\n') };
  }

  async #fromFile(): Promise<ServiceOutcome> {
    const values = this.#options.parameters();
    const files = listedIn(values['goal.file']);
    const cameras = this.#cameras();
    if (files.length !== cameras.length) {
      throw new JepaMpcError('goal.file', {
        subject: 'parameter goal.file',
        found: `"${files.join(', ')}"`,
        expected: `${String(cameras.length)} JPEG or PNG, with commas between: one for each of the cameras ${cameras.map(({ name }) => name).join(', ')}`,
        remedy: 'Set goal.file to the path of each image.',
      });
    }
    const name = files.join(', ');
    return this.#set(name, name, () => readGoalFiles(files, cameras));
  }

  async #set(name: string, origin: string, read: () => Promise<FrameSet>): Promise<ServiceOutcome> {
    const { goals } = this.#options;
    const request = goals.newRequest();
    const { ending } = goals.setUnstamped(await read(), origin, {}, request);
    if (ending !== null) return { success: false, message: `${name} is not the goal: ${ending.reason}` };
    const rest = goals.isActive ? '' : '; the robot pursues it once the node is active';
    return { success: true, message: `${name} is the goal${rest}` };
  }
}
