import type { FrameSet } from '../../core/model-info.js';
import type { Goals } from '../../goals/goals.js';
import type { ServiceHandlers, ServiceOutcome } from './node-services.js';
import type { ControlLoop } from '../../loop/control-loop.js';
import type { OperatorInputs } from '../topics/operator-inputs.js';
import type { PlanFigures } from '../diagnostics/plan-figures.js';
import { NOT_CONFIGURED } from './planning-session.js';
import type { PlanningSession } from './planning-session.js';

/** Answer to a request for the newest frame while there is none. */
export const NO_FRAME =
  'camera: found no frame yet, expected one since the node was configured or reset. Check that the camera publishes, and ask again.';

/** What the answer to a request for a captured goal says of its joint positions; empty if it has them. */
export function withoutJoints({ joints }: FrameSet): string {
  return joints === undefined ? ', without joint positions: no fresh joint states' : '';
}

/** What to do about an emergency stop. */
const RELEASE_FIRST = 'release every button, then call ~/reset';

/** What to do about a joint of an active robot that is outside its limits. */
const BACK_INSIDE = 'deactivate the node, then call ~/reset and ~/recover';

/** Why nothing is reset meanwhile. */
const STILL_RECOVERING =
  '~/recover still moves joints back inside their limits: wait for its end, or end it with ~/emergency_stop';

export interface OperatorServicesOptions {
  /** Null while the node is not configured. */
  readonly session: () => PlanningSession | null;
  readonly clock: { readonly nowNs: bigint };
  readonly goals: Goals;
  readonly figures: PlanFigures;
  readonly operator: Pick<OperatorInputs, 'watch' | 'state' | 'resetRefusal' | 'reset' | 'stop'>;
  /** Label of the state in the lifecycle. */
  readonly state: () => string;
  readonly isCommanding: () => boolean;
  /** Moves joints back inside their limits, see `ControlLoop.recover`. */
  readonly recover: (loop: ControlLoop) => ReturnType<ControlLoop['recover']>;
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
    const { session, clock, figures, operator } = this.#options;
    // A heartbeat that was lost since the last tick must not be forgotten with the reset.
    operator.watch();
    const wasStopped = operator.state.emergencyStop !== null;
    const refusal = operator.resetRefusal;
    if (refusal !== null) return { success: false, message: `emergency_stop: ${refusal}; ${RELEASE_FIRST}` };
    const loop = session()?.loop;
    if (!loop) {
      operator.reset();
      const { message } = this.#missing;
      return wasStopped
        ? { success: true, message: `the emergency stop is cleared; ${message}` }
        : this.#missing;
    }
    if (loop.isRecovering) return { success: false, message: STILL_RECOVERING };
    const { nowNs } = clock;
    const outcome = loop.reset(nowNs);
    switch (outcome.state) {
      case 'refused':
        return { success: false, message: this.#options.poseRefusal(outcome.reason) };
      case 'outside':
        return { success: false, message: `limits: ${outcome.found}; ${BACK_INSIDE}` };
      case 'braking':
        operator.reset();
        figures.restart();
        return { success: true, message: 'braking to rest first; then the measured pose is taken' };
      case 'anchored': {
        operator.reset();
        figures.restart();
        const pose = loop.joints
          .map((joint, index) => `${joint}=${String(outcome.position[index])}`)
          .join(' ');
        const goalNs = String(loop.goalStampNs ?? 0n);
        return { success: true, message: `anchored at ${pose}; goal ${goalNs}; now ${String(nowNs)}` };
      }
    }
  }

  /** Works in every state of the node, and is remembered. */
  emergencyStop(isStopped: boolean): ServiceOutcome {
    if (!isStopped) return { success: false, message: RELEASE_FIRST };
    this.#options.operator.stop('service ~/emergency_stop');
    return { success: true, message: 'stopped; ~/reset clears it' };
  }

  /** Moves joints that are outside their limits back inside, in state inactive. */
  recover(): ServiceOutcome {
    const { session, operator, state, recover, isCommanding, clock } = this.#options;
    const loop = session()?.loop;
    if (!loop) return this.#missing;
    const found = state();
    if (found !== 'inactive' || isCommanding()) {
      const text = found === 'inactive' ? 'a robot that is still commanded' : `state ${found}`;
      return {
        success: false,
        message: `found ${text}, expected state inactive and a robot at rest: deactivate it first`,
      };
    }
    const blocker = loop.blockerOfRecovery(clock.nowNs);
    if (operator.state.isDryRun || blocker !== null)
      return { success: false, message: blocker ?? 'dry_run is true: no command is sent' };
    const strays = recover(loop);
    if ('refusal' in strays) return { success: false, message: this.#options.poseRefusal(strays.refusal) };
    if (strays.length === 0) return { success: true, message: 'every joint is inside its limits' };
    const moves = strays.map(
      ({ name, position, nearest }) => `${name} from ${position.toFixed(4)} to ${nearest.toFixed(4)}`,
    );
    return { success: true, message: `moving slowly: ${moves.join(', ')}` };
  }

  captureGoal(): ServiceOutcome {
    const { session, goals } = this.#options;
    const loop = session()?.loop;
    if (!loop) return this.#missing;
    const goal = loop.capturedGoal;
    if (goal === null) return { success: false, message: NO_FRAME };
    goals.set(goal, '~/capture_goal');
    return {
      success: true,
      message: `the goal is the frame stamped ${String(goal.stampNs)} ns${withoutJoints(goal)}`,
    };
  }

  /** Answer to a request that needs the control loop, while there is none. */
  get #missing(): ServiceOutcome {
    return {
      success: false,
      message: this.#options.session()?.missing ?? `${NOT_CONFIGURED}: configure it first`,
    };
  }
}
