import type { GoalCriteria } from '../../goals/goal-progress.js';
import type { GoalEnding, GoalOutcome } from '../../goals/goal-pursuit.js';
import { GoalSequence } from '../../goals/goal-sequence.js';
import type { GoalList, UnstampedGoal } from '../../goals/goal-sequence.js';
import type { Goals } from '../../goals/goals.js';
import { JepaMpcError } from '../../core/errors.js';
import { listedIn } from '../../core/names.js';
import type { FrameSet, ModelInfo } from '../../core/model-info.js';
import type { Plan } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { checkFrame } from '../../perception/encodings.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import { toImageFrame } from '../topics/messages.js';
import type { ImageMessage } from '../topics/messages.js';
import { nsToDuration, stampToNs } from '../topics/stamp.js';
import type { GoalServices } from './goal-services.js';
import type {
  GoalHandle,
  ReachGoalHandlers,
  ReachGoalRequest,
  ReachGoalResult,
} from './reach-goal-server.js';

const CANCELED = 'the client canceled it';

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

export interface ReachGoalOptions {
  readonly goals: Goals;
  readonly services: Pick<GoalServices, 'named' | 'saveAs'>;
  readonly clock: { readonly nowNs: bigint };
  readonly parameters: () => Parameters;
  readonly model: () => ModelInfo | null;
  readonly problems: ProblemLog;
}

/**
 * The action `~/reach_goal` (interfaces/jepa_mpc_msgs/action/ReachGoal.action). A goal ends with an outcome and a reason. If it is not
 * reached, or is cancelled, the robot brakes to rest; if it is reached, the robot stays there.
 */
export class ReachGoalAction implements ReachGoalHandlers {
  readonly #options: ReachGoalOptions;
  readonly #running = new Map<GoalHandle, GoalSequence>();

  constructor(options: ReachGoalOptions) {
    this.#options = options;
  }

  /** Ends all goals: the node shuts down. */
  close(): void {
    for (const sequence of this.#running.values()) sequence.stop('the node is going down');
  }

  /** Sends feedback to the clients whose goal the plan is for. */
  onPlan({ goalStampNs, frameStampNs, statistics }: Plan): void {
    for (const [handle, { pursuit }] of this.#running) {
      if (pursuit?.goal.stampNs !== goalStampNs || pursuit.ending !== null) continue;
      this.#options.problems.guard(() => {
        handle.publishFeedback({
          distance: statistics.goalDistance,
          plan_cost: statistics.bestCost,
          plan_ms: statistics.planMs,
          frame_age_ms: Number(this.#options.clock.nowNs - frameStampNs) / 1e6,
          elapsed: nsToDuration(pursuit.elapsedNs),
        });
      });
    }
  }

  cancel(handle: GoalHandle): void {
    this.#running.get(handle)?.cancel(CANCELED);
  }

  async execute(handle: GoalHandle): Promise<ReachGoalResult> {
    const sequence = new GoalSequence(this.#options);
    this.#running.set(handle, sequence);
    try {
      const criteria = criteriaOf(handle.request);
      const ending = await sequence.pursue(await this.#read(handle.request), criteria);
      if (ending.outcome === 'reached') handle.succeed();
      else if (ending.outcome === 'canceled') handle.canceled();
      else handle.abort();
      return resultOf(ending);
    } catch (error) {
      if (!(error instanceof JepaMpcError)) throw error;
      handle.abort();
      return resultOf({ outcome: 'invalid', reason: error.message, distance: NaN, elapsedNs: 0n });
    } finally {
      this.#running.delete(handle);
    }
  }

  /** @throws JepaMpcError for a goal that cannot be used */
  async #read({ goal_images: images, goal_name: name }: ReachGoalRequest): Promise<GoalList> {
    const { services } = this.#options;
    if (images.length > 0) {
      const goal = this.#goalOf(images);
      if (name !== '') await services.saveAs(name, goal);
      return [{ goal, origin: 'the action' }];
    }
    const named = async (one: string): Promise<UnstampedGoal> => ({
      goal: await services.named(one),
      origin: `the action, saved goal ${one}`,
    });
    // The store refuses an empty name, with the reason.
    const [first = name, ...rest] = listedIn(name);
    const goals: [UnstampedGoal, ...UnstampedGoal[]] = [await named(first)];
    for (const one of rest) goals.push(await named(one));
    return goals;
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

function resultOf({
  outcome,
  reason,
  distance,
  elapsedNs,
}: Omit<GoalEnding, 'outcome'> & { readonly outcome: keyof typeof OUTCOMES }): ReachGoalResult {
  return {
    outcome: OUTCOMES[outcome],
    reason,
    final_distance: distance,
    elapsed: nsToDuration(elapsedNs),
  };
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
