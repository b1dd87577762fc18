import { TipPaths } from '../../robot/tip-paths.js';
import type { JepaMpcError } from '../../core/errors.js';
import type { Parameters } from '../../params/schema.js';
import type { PlanReport } from '../../loop/replanning.js';
import { candidateMarkers } from './candidate-markers.js';
import type { RobotModel } from '../node/robot-model.js';

/** Markers stay for this many periods of the display, so that it does not flicker. */
const lifetimePeriods = 3;

export interface CandidateDisplayOptions {
  readonly parameters: () => Parameters;
  /** Whether there are subscribers. */
  readonly isWatched: () => boolean;
  readonly publish: (markers: Buffer) => void;
  readonly report: (error: unknown) => JepaMpcError;
  /** Wall-clock time. */
  readonly nowMs: () => number;
}

/** Shows where candidates would take the robot: only while there are subscribers, and at most at the rate of the parameters. */
export class CandidateDisplay {
  readonly #options: CandidateDisplayOptions;
  #lastMs = -Infinity;
  /** For the robot of this session and the link of the parameters; `tip` is null if the link cannot be followed. */
  #paths: { readonly robot: RobotModel; readonly link: string; readonly tip: TipPaths | null } | null = null;

  constructor(options: CandidateDisplayOptions) {
    this.#options = options;
  }

  /** Number of candidates that the next plan is to contain. */
  get wanted(): number {
    const values = this.#options.parameters();
    const isDue = this.#options.nowMs() - this.#lastMs >= 1000 / values['candidates.rate'];
    return isDue && this.#options.isWatched() ? values['candidates.count'] : 0;
  }

  /** Shows a plan and its candidates; nothing if it has none. */
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
