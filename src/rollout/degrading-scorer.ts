import { JepaMpcError } from '../core/errors.js';
import type { ObjectiveWeights } from '../core/objective-spec.js';
import type { CandidateScorer, PlanContext } from '../core/ports.js';
import type { Fallbacks } from './fallbacks.js';

/** A way to score candidates, with what it has to release. */
export interface Scoring {
  /** For people: `a graph on the cpu`. */
  readonly what: string;
  readonly scorer: CandidateScorer;
  setWeights(weights: ObjectiveWeights): void;
  dispose(): Promise<void>;
}

/** Batches are not halved below this size: a device that cannot score so few candidates has another problem than memory. */
const LEAST_BATCH = 16;

/**
 * Scores candidates even if the device fails: after a failed run in smaller batches, and if that does not help, in another way. A failed way is
 * not tried again; it is noted as a fallback.
 */
export class DegradingScorer implements CandidateScorer {
  #scoring: Scoring;
  #another: (() => Promise<Scoring>) | null;
  /** Numbers in a candidate (K * J). */
  readonly #size: number;
  readonly #fallbacks: Fallbacks;
  /** Maximum number of candidates in a run. */
  #batch = Infinity;
  #weights: ObjectiveWeights | null = null;
  #costs = new Float32Array(0);

  /**
   * @param another for when `first` fails; null: there is none
   * @param size numbers in a candidate (K * J)
   */
  constructor(first: Scoring, another: (() => Promise<Scoring>) | null, size: number, fallbacks: Fallbacks) {
    this.#scoring = first;
    this.#another = another;
    this.#size = size;
    this.#fallbacks = fallbacks;
  }

  setWeights(weights: ObjectiveWeights): void {
    this.#weights = weights;
    this.#scoring.setWeights(weights);
  }

  dispose(): Promise<void> {
    return this.#scoring.dispose();
  }

  /** @throws JepaMpcError `model.run-failed` when every way fails, and what the way in force throws for other reasons */
  async score(context: PlanContext, candidates: Float32Array): Promise<Float32Array> {
    const count = candidates.length / this.#size;
    for (;;) {
      try {
        if (count <= this.#batch) return await this.#scoring.scorer.score(context, candidates);
        return await this.#scoreInBatches(context, candidates, count);
      } catch (error) {
        if (!(error instanceof JepaMpcError) || error.code !== 'model.run-failed') throw error;
        await this.#degrade(Math.min(count, this.#batch), error);
      }
    }
  }

  async #scoreInBatches(
    context: PlanContext,
    candidates: Float32Array,
    count: number,
  ): Promise<Float32Array> {
    if (this.#costs.length !== count) this.#costs = new Float32Array(count);
    let refusal: JepaMpcError | null = null;
    for (let start = 0; start < count; start += this.#batch) {
      const end = Math.min(start + this.#batch, count);
      const batch = candidates.subarray(start * this.#size, end * this.#size);
      try {
        this.#costs.set(await this.#scoring.scorer.score(context, batch), start);
      } catch (error) {
        // A batch without a finite cost does not spoil the others.
        if (!(error instanceof JepaMpcError) || error.code !== 'planner.not-finite') throw error;
        this.#costs.fill(Infinity, start, end);
        refusal = error;
      }
    }
    if (refusal !== null && !this.#costs.some((cost) => Number.isFinite(cost))) throw refusal;
    return this.#costs;
  }

  /** @param tried candidates in the run that failed */
  async #degrade(tried: number, failure: JepaMpcError): Promise<void> {
    if (tried >= 2 * LEAST_BATCH) {
      this.#batch = Math.ceil(tried / 2);
      this.#fallbacks.noteError(`runs of ${String(this.#batch)} candidates at most`, failure);
      return;
    }
    const another = this.#another;
    if (another === null) throw failure;
    this.#another = null;
    const failed = this.#scoring;
    this.#scoring = await another();
    this.#batch = Infinity;
    if (this.#weights !== null) this.#scoring.setWeights(this.#weights);
    this.#fallbacks.noteError(this.#scoring.what, failure);
    await failed.dispose();
  }
}
