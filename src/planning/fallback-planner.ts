import { JepaMpcError } from '../core/errors.js';
import type { PlanContext, Planner, PlannerResult, PlannerState, Rng } from '../core/ports.js';

/** A planner with a fallback that takes over for good, in the middle of a plan, when a run of the first planner fails. */
export class FallbackPlanner implements Planner {
  #planner: Planner;
  #fallback: (() => Planner) | null;
  readonly #onFailure: (failure: JepaMpcError) => Promise<void>;

  constructor(
    planner: Planner,
    fallback: () => Planner,
    onFailure: (failure: JepaMpcError) => Promise<void>,
  ) {
    this.#planner = planner;
    this.#fallback = fallback;
    this.#onFailure = onFailure;
  }

  get name(): string {
    return this.#planner.name;
  }

  /** @throws JepaMpcError as the planner in force does, except for the failed run after which the fallback takes over */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    try {
      return await this.#planner.plan(state, context, rng);
    } catch (error) {
      const fallback = this.#fallback;
      if (fallback === null || !(error instanceof JepaMpcError) || error.code !== 'model.run-failed')
        throw error;
      this.#fallback = null;
      await this.#onFailure(error);
      this.#planner = fallback();
      return this.#planner.plan(state, context, rng);
    }
  }
}
