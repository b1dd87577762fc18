import { TipPaths } from '../../robot/tip-paths.js';
import type { JepaMpcError } from '../../core/errors.js';
import type { Parameters } from '../../params/schema.js';
import type { PlanReport } from '../../loop/replanning.js';
import { candidateMarkers } from './candidate-markers.js';
import type { RobotModel } from '../node/planning-session.js';

/** Shown this many times longer than until the next is due, so that a display does not flicker. */
const lifetimePeriods = 3;

export interface CandidateDisplayOptions {
  readonly parameters: () => Parameters;
  /** Whether anybody looks. */
  readonly isWatched: () => boolean;
  readonly publish: (markers: Buffer) => void;
  readonly report: (error: unknown) => JepaMpcError;
  /** Wall-clock time. */
  readonly nowMs: () => number;
}

/** Shows where candidates would take the robot: only while somebody looks, and no more often than an eye needs. */
export class CandidateDisplay {
  readonly #options: CandidateDisplayOptions;
  #lastMs = -Infinity;
  /** For the robot of this session and the link of the parameters; null where the link cannot be followed. */
  #paths: { readonly robot: RobotModel; readonly link: string; readonly tip: TipPaths | null } | null = null;

  constructor(options: CandidateDisplayOptions) {
    this.#options = options;
  }

  /** How many candidates the next plan is to bring along. */
  get wanted(): number {
    const values = this.#options.parameters();
    const isDue = this.#options.nowMs() - this.#lastMs >= 1000 / values['candidates.rate'];
    return isDue && this.#options.isWatched() ? values['candidates.count'] : 0;
  }

  /** Shows a plan and the candidates that it brought along; nothing where it brought none. */
  show({ plan, position }: PlanReport, robot: RobotModel): void {
    if (plan.candidates === undefined) return;
    const values = this.#options.parameters();
    this.#lastMs = this.#options.nowMs();
    const tip = this.#pathsFor(robot, values['candidates.link']);
    if (tip === null) return;
    const periods = plan.actions.length / plan.actionSize;
    const trace = (actions: Float32Array): ReturnType<TipPaths['trace']> =>
      tip.trace(position, actions, periods, plan.periodMs / 1000);
    this.#options.publish(
      candidateMarkers({
        stampNs: plan.frameStampNs,
        frame: tip.frame,
        lifetimeNs: BigInt(Math.round((lifetimePeriods * 1e9) / values['candidates.rate'])),
        candidates: trace(plan.candidates.actions),
        costs: plan.candidates.costs,
        plan: trace(plan.actions),
      }),
    );
  }

  #pathsFor(robot: RobotModel, link: string): TipPaths | null {
    if (this.#paths?.robot !== robot || this.#paths.link !== link) {
      this.#paths = { robot, link, tip: this.#follow(robot, link) };
    }
    return this.#paths.tip;
  }

  #follow({ urdf, limits, semantics }: RobotModel, link: string): TipPaths | null {
    try {
      return new TipPaths(urdf, limits, semantics, link);
    } catch (error) {
      this.#options.report(error);
      return null;
    }
  }
}
