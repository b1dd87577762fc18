import { ActionMotion } from '../../robot/action-motion.js';
import type { Parameters } from '../../params/schema.js';
import type { ControlLoop } from '../../loop/control-loop.js';
import type { PlanReport } from '../../loop/replanning.js';
import type { PlanExtras } from '../../worker/planner-port.js';
import { CandidateDisplay } from './candidate-display.js';
import type { CommandTiming } from './command-timing.js';
import { diagnosticArray } from '../diagnostics/diagnostic-messages.js';
import type { NodeClock } from '../node/node-clock.js';
import type { NodeOutputs } from './node-outputs.js';
import type { PlanFigures } from '../diagnostics/plan-figures.js';
import type { PlanningSession } from '../node/planning-session.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import { plannedTrajectory } from './trajectory-messages.js';

export interface PlanPublisherOptions {
  readonly outputs: NodeOutputs;
  readonly clock: NodeClock;
  readonly parameters: () => Parameters;
  readonly figures: PlanFigures;
  readonly timing: CommandTiming;
  readonly problems: ProblemLog;
  /** Whether there is a recording: it gets plans and statistics, too. */
  readonly isRecorded: () => boolean;
}

/** Publishes plans for people to look at: `~/plan`, `~/statistics` and candidates, each only while it has subscribers; plan and statistics also while they are recorded. */
export class PlanPublisher {
  readonly #options: PlanPublisherOptions;
  readonly #display: CandidateDisplay;

  constructor(options: PlanPublisherOptions) {
    this.#options = options;
    const { outputs, parameters, problems } = options;
    this.#display = new CandidateDisplay({
      parameters,
      outputs,
      report: (error) => problems.report(error),
      nowMs: () => performance.now(),
    });
  }

  /** What the next plan is to contain besides its actions. */
  get extras(): PlanExtras {
    const { outputs } = this.#options;
    const { candidates, planCost } = this.#display.wanted;
    return {
      candidates,
      costTerms: planCost || (this.#showsCostTerms && outputs.statistics.hasSubscribers),
    };
  }

  get #showsCostTerms(): boolean {
    return this.#options.parameters()['statistics.cost_terms'];
  }

  publish(session: Pick<PlanningSession, 'model' | 'robot'>, loop: ControlLoop, report: PlanReport): void {
    const { outputs, figures, timing, clock, isRecorded } = this.#options;
    const { model, robot } = session;
    if (model === null || robot === null) return;
    const { plan, position } = report;
    figures.note(report, loop.frameToCommandMs);
    if (outputs.statistics.hasSubscribers || isRecorded()) {
      const showsCostTerms = this.#showsCostTerms;
      const circumstances = { loop, timing, device: model.device, nowNs: clock.nowNs, showsCostTerms };
      const status = figures.of(report, circumstances);
      outputs.statistics.publish(diagnosticArray(plan.frameStampNs, robot.urdf.name, [status]));
    }
    if (outputs.plan.hasSubscribers || isRecorded()) {
      const motion = new ActionMotion(robot.limits, robot.semantics).foresee(
        position,
        plan.actions,
        plan.periodMs,
      );
      outputs.plan.publish(plannedTrajectory(plan.frameStampNs, motion, model.joints));
    }
    this.#display.show(report, robot);
  }
}
