import rclnodejs from 'rclnodejs';

import type { GoalCriteria } from '../../goals/goal-progress.js';
import { JepaMpcError } from '../../core/errors.js';
import { listedIn } from '../../core/names.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { Logger, Plan } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { checkFrame } from '../../perception/encodings.js';
import { guardActions } from '../node/callback-errors.js';
import type { GoalEnding, GoalOutcome, GoalPursuit } from '../../goals/goal-pursuit.js';
import type { GoalServices } from './goal-services.js';
import type { Goals } from '../../goals/goals.js';
import { toImageFrame } from '../topics/messages.js';
import type { ImageMessage } from '../topics/messages.js';
import type { NodeClock } from '../node/node-clock.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import { secondsToNs } from '../../core/time.js';
import { nsToDuration, stampToNs } from '../topics/stamp.js';
import type { RosDuration } from '../topics/stamp.js';

const ACTION = 'jepa_mpc_msgs/action/ReachGoal';

const CANCELED = 'the client asked for an end';

/** How often a goal is looked at besides with each plan. */
const LOOK_PERIOD_MS = 100;

/** OUTCOME_* of ReachGoal.action. */
const OUTCOMES: Readonly<Record<GoalOutcome | 'invalid', number>> = {
  reached: 1,
  timed_out: 2,
  unreachable: 3,
  canceled: 4,
  preempted: 5,
  stopped: 6,
  invalid: 7,
};

interface ReachGoalRequest {
  readonly goal_images: readonly ImageMessage[];
  readonly goal_name: string;
  readonly tolerance: number;
  readonly timeout: RosDuration;
}

interface ReachGoalResult {
  outcome: number;
  reason: string;
  final_distance: number;
  elapsed: RosDuration;
}

interface ReachGoalFeedback {
  distance: number;
  plan_cost: number;
  plan_ms: number;
  frame_age_ms: number;
  elapsed: RosDuration;
}

/** What is used of rclnodejs' ServerGoalHandle; its own types know the actions that were there when it was installed. */
interface GoalHandle {
  readonly request: { toPlainObject(withTypedArrays: boolean): ReachGoalRequest };
  publishFeedback(feedback: ReachGoalFeedback): void;
  succeed(): void;
  abort(): void;
  canceled(): void;
}

/** The generated classes of the action. */
interface ReachGoalClass {
  readonly Feedback: new () => ReachGoalFeedback;
  readonly Result: new () => ReachGoalResult;
}

type ActionServerClass = new (
  node: rclnodejs.Node,
  type: string,
  name: string,
  execute: (handle: GoalHandle) => Promise<ReachGoalResult>,
  goal: undefined,
  accepted: undefined,
  cancel: (handle: GoalHandle) => number,
) => object;

export interface ReachGoalOptions {
  readonly goals: Goals;
  readonly services: GoalServices;
  readonly clock: NodeClock;
  readonly parameters: () => Parameters;
  readonly model: () => ModelInfo | null;
  readonly log: Logger;
  readonly problems: ProblemLog;
}

/** A goal of a request, without a stamp. */
interface WantedGoal {
  readonly goal: FrameSet;
  readonly origin: string;
}

/** A request that can be gone for. */
interface WantedGoals {
  /** In this order; at least one. */
  readonly goals: readonly WantedGoal[];
  readonly criteria: Partial<GoalCriteria>;
}

/** What is known of a goal of a client. */
interface Running {
  /** Null while the goal is being read. */
  pursuit: GoalPursuit | null;
  isCanceled: boolean;
}

/**
 * The action `~/reach_goal` (interfaces/jepa_mpc_msgs/action/ReachGoal.action). A goal ends with an outcome and a reason; when it is not
 * reached, or is cancelled, the robot brakes to rest, and when it is, the robot is kept at it.
 */
export class ReachGoalAction {
  readonly #options: ReachGoalOptions;
  readonly #type: ReachGoalClass;
  readonly #running = new Map<GoalHandle, Running>();

  private constructor(node: rclnodejs.Node, type: ReachGoalClass, options: ReachGoalOptions) {
    this.#options = options;
    this.#type = type;
    const Server = rclnodejs.ActionServer as unknown as ActionServerClass;
    const server = new Server(
      node,
      ACTION,
      '~/reach_goal',
      (handle) => this.#execute(handle),
      undefined,
      undefined,
      (handle) => {
        // When the request has been answered: a goal can be told to be cancelled only after that.
        setImmediate(() => {
          this.#cancel(handle);
        });
        return rclnodejs.CancelResponse.ACCEPT;
      },
    );
    guardActions(server, (error) => {
      options.problems.report(error);
    });
  }

  /** @returns null, and an entry in the log, where the interface package was not built with the node */
  static offer(node: rclnodejs.Node, options: ReachGoalOptions): ReachGoalAction | null {
    let type: ReachGoalClass;
    try {
      type = (rclnodejs.require as (name: string) => unknown)(ACTION) as ReachGoalClass;
    } catch {
      options.log.info(
        'no action ~/reach_goal: the package jepa_mpc_msgs was not there when the node was built',
      );
      return null;
    }
    return new ReachGoalAction(node, type, options);
  }

  /** Ends all goals: the node goes down. */
  close(): void {
    for (const { pursuit } of this.#running.values()) {
      if (pursuit !== null) this.#options.goals.giveUp(pursuit, 'stopped', 'the node is going down');
    }
  }

  /** Tells the clients of a plan. */
  onPlan({ goalStampNs, frameStampNs, statistics }: Plan): void {
    for (const [handle, { pursuit }] of this.#running) {
      if (pursuit?.goal.stampNs !== goalStampNs || pursuit.ending !== null) continue;
      const feedback = Object.assign(new this.#type.Feedback(), {
        distance: statistics.goalDistance,
        plan_cost: statistics.bestCost,
        plan_ms: statistics.planMs,
        frame_age_ms: Number(this.#options.clock.nowNs - frameStampNs) / 1e6,
        elapsed: nsToDuration(pursuit.elapsedNs),
      });
      this.#options.problems.guard(() => {
        handle.publishFeedback(feedback);
      });
    }
  }

  async #execute(handle: GoalHandle): Promise<ReachGoalResult> {
    const running: Running = { pursuit: null, isCanceled: false };
    this.#running.set(handle, running);
    try {
      const wanted = await this.#read(handle.request.toPlainObject(true));
      // Whoever is not gone for does not take over from the goal in force.
      if (running.isCanceled) {
        handle.canceled();
        return this.#result(OUTCOMES.canceled, CANCELED, NaN, 0n);
      }
      const { goals } = this.#options;
      if (goals.obstacle !== null) {
        handle.abort();
        return this.#result(OUTCOMES.stopped, goals.obstacle, NaN, 0n);
      }
      return await this.#goFor(wanted, handle, running);
    } catch (error) {
      if (!(error instanceof JepaMpcError)) throw error;
      handle.abort();
      return this.#result(OUTCOMES.invalid, error.message, NaN, 0n);
    } finally {
      this.#running.delete(handle);
    }
  }

  /** One goal after the other; what is not reached ends all, and all share the timeout. */
  async #goFor(
    { goals: all, criteria }: WantedGoals,
    handle: GoalHandle,
    running: Running,
  ): Promise<ReachGoalResult> {
    const { goals, clock, parameters } = this.#options;
    const startNs = clock.nowNs;
    const timeoutNs = criteria.timeoutNs ?? secondsToNs(parameters()['goal.timeout_s']);
    for (const [index, { goal, origin }] of all.entries()) {
      const usedNs = clock.nowNs - startNs;
      // At least something: 0 would be for ever.
      const leftNs = timeoutNs === 0n ? 0n : bigMax(timeoutNs - usedNs, 1n);
      const pursuit = goals.setUnstamped(goal, origin, { ...criteria, timeoutNs: leftNs });
      running.pursuit = pursuit;
      const isLast = index === all.length - 1;
      const ending = await this.#watched(pursuit, isLast);
      const goesOn = !isLast && (ending === null || ending.outcome === 'reached');
      if (!goesOn && ending !== null)
        return this.#end(handle, pursuit, { ...ending, elapsedNs: usedNs + ending.elapsedNs });
    }
    throw new TypeError('a request has a goal, and the last one ends');
  }

  #cancel(handle: GoalHandle): void {
    const running = this.#running.get(handle);
    if (running === undefined) return;
    running.isCanceled = true;
    if (running.pursuit !== null) this.#options.goals.giveUp(running.pursuit, 'canceled', CANCELED);
  }

  /**
   * The end of a pursuit, which is stopped when the robot may not move.
   *
   * @returns null when it is one of several and has had its time: the next one's turn
   */
  async #watched(pursuit: GoalPursuit, isLast: boolean): Promise<GoalEnding | null> {
    const { goals, parameters } = this.#options;
    let watch: NodeJS.Timeout | undefined;
    const passed = new Promise<null>((resolve) => {
      watch = setInterval(() => {
        const { obstacle } = goals;
        if (obstacle !== null) goals.giveUp(pursuit, 'stopped', obstacle);
        const turnNs = secondsToNs(parameters()['goal.subgoal_s']);
        if (!isLast && turnNs > 0n && pursuit.elapsedNs >= turnNs) resolve(null);
      }, LOOK_PERIOD_MS);
    });
    const ending = await Promise.race([pursuit.ended, passed]);
    clearInterval(watch);
    return ending;
  }

  #end(handle: GoalHandle, pursuit: GoalPursuit, ending: GoalEnding): ReachGoalResult {
    const { outcome, reason, distance, elapsedNs } = ending;
    if (outcome !== 'reached') this.#options.goals.giveUp(pursuit, outcome, reason);
    if (outcome === 'reached') handle.succeed();
    else if (outcome === 'canceled') handle.canceled();
    else handle.abort();
    return this.#result(OUTCOMES[outcome], reason, distance, elapsedNs);
  }

  #result(outcome: number, reason: string, distance: number, elapsedNs: bigint): ReachGoalResult {
    const elapsed = nsToDuration(elapsedNs);
    return Object.assign(new this.#type.Result(), { outcome, reason, final_distance: distance, elapsed });
  }

  /** @throws JepaMpcError for a goal that cannot be used */
  async #read(request: ReachGoalRequest): Promise<WantedGoals> {
    const { services } = this.#options;
    const criteria = criteriaOf(request);
    const { goal_images: images, goal_name: name } = request;
    if (images.length === 0) {
      const listed = listedIn(name);
      // Of no name the store says what is wrong.
      const names = listed.length === 0 ? [name] : listed;
      const goals: WantedGoal[] = [];
      for (const one of names)
        goals.push({ goal: await services.named(one), origin: `the action, saved goal ${one}` });
      return { goals, criteria };
    }
    const goal = this.#goalOf(images);
    if (name !== '') await services.saveAs(name, goal);
    return { goals: [{ goal, origin: 'the action' }], criteria };
  }

  #goalOf(images: readonly ImageMessage[]): FrameSet {
    const cameras = this.#options.model()?.cameras ?? [];
    if (images.length !== cameras.length) {
      throw new JepaMpcError('goal.file', {
        subject: 'goal_images',
        found: `${String(images.length)} images`,
        expected: `${String(cameras.length)}: one for each camera of the model (${cameras.map(({ name }) => name).join(', ')})`,
        remedy: 'Configure the node first, and send an image for each camera.',
      });
    }
    const frames = images.map((image) => toImageFrame(image));
    for (const [index, { wanted }] of cameras.entries()) {
      const frame = frames[index];
      if (frame !== undefined) checkFrame(`goal image ${String(index)}`, frame, wanted);
    }
    return { stampNs: 0n, frames };
  }
}

function bigMax(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function criteriaOf({ tolerance, timeout }: ReachGoalRequest): Partial<GoalCriteria> {
  const timeoutNs = stampToNs(timeout);
  if (!(tolerance >= 0 && tolerance < Infinity) || timeoutNs < 0n) {
    throw new JepaMpcError('params.invalid', {
      subject: 'ReachGoal',
      found: `tolerance ${String(tolerance)}, timeout ${String(timeoutNs)} ns`,
      expected: 'finite numbers of at least 0',
      remedy: 'Leave them 0 to use the parameters goal.tolerance and goal.timeout_s.',
    });
  }
  return { ...(tolerance > 0 && { tolerance }), ...(timeoutNs > 0n && { timeoutNs }) };
}
