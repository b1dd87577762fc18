import type { Goals } from '../../goals/goals.js';
import type { ServiceHandlers, ServiceOutcome } from './node-services.js';
import type { PlanFigures } from '../diagnostics/plan-figures.js';
import { NOT_CONFIGURED } from './planning-session.js';
import type { PlanningSession } from './planning-session.js';

/** Answer to a request for the newest frame while there is none. */
export const NO_FRAME =
  'camera: found no frame yet, expected one since the node was configured or reset. Check that the camera publishes, and ask again.';

export interface OperatorServicesOptions {
  /** Null while the node is not configured. */
  readonly session: () => PlanningSession | null;
  readonly clock: { readonly nowNs: bigint };
  readonly goals: Goals;
  readonly figures: PlanFigures;
  /** Why a pose is not taken, with the publishers of joint states, for a person. */
  readonly poseRefusal: (disagreement: string) => string;
}

/** Services of a configured node, for people and scripts. */
export class OperatorServices implements ServiceHandlers {
  readonly #options: OperatorServicesOptions;

  constructor(options: OperatorServicesOptions) {
    this.#options = options;
  }

  pause(paused: boolean): ServiceOutcome {
    const loop = this.#options.session()?.loop;
    if (!loop) return this.#missing;
    loop.setPaused(paused);
    return { success: true, message: paused ? 'paused: the robot holds' : 'planning' };
  }

  /** The answer contains the pose, goal and time that the node knows, so that a script can see whether its own changes have arrived. */
  reset(): ServiceOutcome {
    const { session, clock, figures } = this.#options;
    const loop = session()?.loop;
    if (!loop) return this.#missing;
    const { nowNs } = clock;
    const outcome = loop.reset(nowNs);
    switch (outcome.state) {
      case 'refused':
        return { success: false, message: this.#options.poseRefusal(outcome.reason) };
      case 'braking':
        figures.restart();
        return { success: true, message: 'braking to rest first; then the measured pose is taken' };
      case 'anchored': {
        figures.restart();
        const pose = loop.joints
          .map((joint, index) => `${joint}=${String(outcome.position[index])}`)
          .join(' ');
        const goalNs = String(loop.goalStampNs ?? 0n);
        return { success: true, message: `anchored at ${pose}; goal ${goalNs}; now ${String(nowNs)}` };
      }
    }
  }

  captureGoal(): ServiceOutcome {
    const { session, goals } = this.#options;
    const loop = session()?.loop;
    if (!loop) return this.#missing;
    const frame = loop.newestFrame;
    if (frame === null) return { success: false, message: NO_FRAME };
    goals.set(frame, '~/capture_goal');
    return { success: true, message: `the goal is the frame stamped ${String(frame.stampNs)} ns` };
  }

  /** Answer to a request that needs the control loop, while there is none. */
  get #missing(): ServiceOutcome {
    return {
      success: false,
      message: this.#options.session()?.missing ?? `${NOT_CONFIGURED}: configure it first`,
    };
  }
}
