import { TipPaths } from '../../robot/tip-paths.js';
import type { JepaMpcError } from '../../core/errors.js';
import type { CandidateSample } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import type { PlanReport } from '../../loop/replanning.js';
import { candidateActions, candidateCosts } from './candidate-arrays.js';
import { candidateMarkers } from './candidate-markers.js';
import type { NodeOutputs } from './node-outputs.js';
import type { RobotModel } from '../node/robot-model.js';

/** Markers stay for this many periods of the display, so that it does not flicker. */
const lifetimePeriods = 3;

export interface CandidateDisplayOptions {
  readonly parameters: () => Parameters;
  readonly outputs: Pick<NodeOutputs, 'candidates' | 'candidateActions' | 'candidateCosts'>;
  readonly report: (error: unknown) => JepaMpcError;
  /** Wall-clock time. */
  readonly nowMs: () => number;
}

/**
 * Shows candidates, as paths of a link and as numbers: each topic only while it has subscribers, and all at most at the rate of the parameters.
 */
export class CandidateDisplay {
  readonly #options: CandidateDisplayOptions;
  #lastMs = -Infinity;
  /** For the robot of this session and the link of the parameters; `tip` is null if the link cannot be followed. */
  #paths: { readonly robot: RobotModel; readonly link: string; readonly tip: TipPaths | null } | null = null;

  constructor(options: CandidateDisplayOptions) {
    this.#options = options;
  }

  /** Number of candidates that the next plan is to contain, and whether it is to contain its own cost for comparison. */
  get wanted(): { readonly candidates: number; readonly planCost: boolean } {
    const { nowMs, parameters, outputs } = this.#options;
    const values = parameters();
    const isDue = nowMs() - this.#lastMs >= 1000 / values['candidates.rate'];
    const count = values['candidates.count'];
    if (!isDue || count === 0) return { candidates: 0, planCost: false };
    const planCost = outputs.candidateCosts.hasSubscribers;
    const isWatched =
      planCost || outputs.candidates.hasSubscribers || outputs.candidateActions.hasSubscribers;
    return { candidates: isWatched ? count : 0, planCost };
  }

  /** Shows a plan and its candidates; nothing if it has none. */
  show(report: PlanReport, robot: RobotModel): void {
    const { candidates, statistics } = report.plan;
    if (candidates === undefined) return;
    const { nowMs, outputs } = this.#options;
    this.#lastMs = nowMs();
    if (outputs.candidates.hasSubscribers) this.#showPaths(report, candidates, robot);
    if (outputs.candidateActions.hasSubscribers)
      outputs.candidateActions.publish(candidateActions(report.plan, candidates));
    if (outputs.candidateCosts.hasSubscribers)
      outputs.candidateCosts.publish(candidateCosts(statistics.costTerms?.total ?? NaN, candidates));
  }

  #showPaths({ plan, position }: PlanReport, candidates: CandidateSample, robot: RobotModel): void {
    const { parameters, outputs } = this.#options;
    const values = parameters();
    const tip = this.#pathsFor(robot, values['candidates.link']);
    if (tip === null) return;
    const periods = plan.actions.length / plan.actionSize;
    const trace = (actions: Float32Array): ReturnType<TipPaths['trace']> =>
      tip.trace(position, actions, periods, plan.periodMs / 1000);
    outputs.candidates.publish(
      candidateMarkers({
        stampNs: plan.frameStampNs,
        frame: tip.frame,
        lifetimeNs: BigInt(Math.round((lifetimePeriods * 1e9) / values['candidates.rate'])),
        candidates: trace(candidates.actions),
        costs: candidates.costs,
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
