import type rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { listedIn } from '../../core/names.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { Parameters } from '../../params/schema.js';
import { defaultGoalFolder, GoalStore, readGoalFiles } from '../../goals/goal-store.js';
import type { Goals } from '../../goals/goals.js';
import type { ServiceOutcome } from '../node/node-services.js';
import { NO_FRAME } from '../node/operator-services.js';

export interface GoalServicesOptions {
  readonly goals: Goals;
  readonly parameters: () => Parameters;
  /** Null until it is loaded: how many images a goal has is not known before. */
  readonly model: () => ModelInfo | null;
  readonly newestFrame: () => FrameSet | null;
  /** Told of an answer that could not be delivered. */
  readonly report: (error: unknown) => void;
}

/**
 * Goals by name and from files: `~/save_goal`, `~/load_goal`, `~/list_goals`, `~/goal_from_file`. They are std_srvs/Trigger, which everybody
 * has; the name and the file are the parameters `goal.name` and `goal.file`.
 */
export class GoalServices {
  readonly #options: GoalServicesOptions;

  constructor(node: rclnodejs.Node, options: GoalServicesOptions) {
    this.#options = options;
    this.#offer(node, 'save_goal', () => this.#save());
    this.#offer(node, 'load_goal', () => this.#load());
    this.#offer(node, 'list_goals', () => this.#list());
    this.#offer(node, 'goal_from_file', () => this.#fromFile());
  }

  /**
   * A saved goal, without a stamp.
   *
   * @throws JepaMpcError `goal.name`, `goal.file`, `planner.not-ready`
   */
  named(name: string): Promise<FrameSet> {
    return this.#store.load(name, this.#cameras());
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
      expected: 'a node that is configured: the model says how many images a goal has',
      remedy: 'Configure the node first.',
    });
  }

  #offer(node: rclnodejs.Node, name: string, serve: () => Promise<ServiceOutcome>): void {
    node.createService('std_srvs/srv/Trigger', `~/${name}`, (_request, response) => {
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

  /** What the camera sees now. */
  async #save(): Promise<ServiceOutcome> {
    const name = this.#options.parameters()['goal.name'];
    // Why there is no frame, where there is no model.
    this.#cameras();
    const frame = this.#options.newestFrame();
    if (frame === null) return { success: false, message: NO_FRAME };
    await this.saveAs(name, frame);
    return { success: true, message: `the frame stamped ${String(frame.stampNs)} ns is goal ${name}` };
  }

  async #load(): Promise<ServiceOutcome> {
    const name = this.#options.parameters()['goal.name'];
    this.#options.goals.setUnstamped(await this.named(name), `the saved goal ${name}`);
    return this.#isGoal(name);
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
    this.#options.goals.setUnstamped(await readGoalFiles(files, cameras), files.join(', '));
    return this.#isGoal(files.join(', '));
  }

  #isGoal(name: string): ServiceOutcome {
    const rest = this.#options.goals.isActive ? '' : '; the robot goes for it once the node is active';
    return { success: true, message: `${name} is the goal${rest}` };
  }
}
