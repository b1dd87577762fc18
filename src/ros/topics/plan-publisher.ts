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
}

/** Tells of plans what people want to see: `~/plan`, `~/candidates`, `~/statistics`, each only while somebody listens. */
export class PlanPublisher {
  readonly #options: PlanPublisherOptions;
  readonly #display: CandidateDisplay;

  constructor(options: PlanPublisherOptions) {
    this.#options = options;
    const { outputs, parameters, problems } = options;
    this.#display = new CandidateDisplay({
      parameters,
      isWatched: () => outputs.candidates.isHeard,
      publish: (markers) => {
        outputs.candidates.publish(markers);
      },
      report: (error) => problems.report(error),
      nowMs: () => performance.now(),
    });
  }

  /** What the next plan is to bring along. */
  get extras(): PlanExtras {
    const { outputs, parameters } = this.#options;
    return {
      candidates: this.#display.wanted,
      costTerms: parameters()['statistics.cost_terms'] && outputs.statistics.isHeard,
    };
  }

  publish(session: PlanningSession, loop: ControlLoop, report: PlanReport): void {
    const { outputs, figures, timing, clock } = this.#options;
    const { model, robot } = session;
    if (model === null || robot === null) return;
    const { plan, position } = report;
    figures.note(report, loop.frameToCommandMs);
    if (outputs.statistics.isHeard) {
      const status = figures.of(report, { loop, timing, device: model.device, nowNs: clock.nowNs });
      outputs.statistics.publish(diagnosticArray(plan.frameStampNs, robot.urdf.name, [status]));
    }
    if (outputs.plan.isHeard) {
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
