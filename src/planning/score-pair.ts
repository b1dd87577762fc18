import { JepaMpcError } from '../core/errors.js';
import type { CandidateScorer, PlanContext } from '../core/ports.js';

/** Compares two sequences `[K, J]` by their costs. */
export class PairScorer {
  readonly #scorer: CandidateScorer;
  readonly #both: Float32Array;

  /** @param size K * J */
  constructor(scorer: CandidateScorer, size: number) {
    this.#scorer = scorer;
    this.#both = new Float32Array(2 * size);
  }

  /**
   * @returns the cost of each; both NaN if neither has a finite cost, which an unscored plan may not have
   * @throws JepaMpcError as the scorer does, but not `planner.not-finite`
   */
  async score(
    context: PlanContext,
    first: Float32Array,
    second: Float32Array,
  ): Promise<readonly [number, number]> {
    this.#both.set(first);
    this.#both.set(second, first.length);
    try {
      const [firstCost = NaN, secondCost = NaN] = await this.#scorer.score(context, this.#both);
      return [firstCost, secondCost];
    } catch (error) {
      if (error instanceof JepaMpcError && error.code === 'planner.not-finite') return [NaN, NaN];
      throw error;
    }
  }
}
