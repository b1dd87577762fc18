import { CompiledPlan } from './compiled-plan.js';
import { CompiledScorer } from './compiled-scorer.js';
import type { SessionOptions } from './graph-session.js';
import {
  RolloutCompiler,
  type RolloutRequest,
  type RolloutSources,
} from '../../packages/rollout-compiler/src/index.js';
import type { Refit } from '../../packages/rollout-compiler/src/index.js';

type Measured = Pick<SessionOptions, 'profilePrefix'>;

/** Compiles rollouts of one model for the device that it runs on. */
export class CompiledRollouts {
  readonly #sources: RolloutSources;
  readonly #session: SessionOptions;
  #compiler: RolloutCompiler | null = null;

  constructor(sources: RolloutSources, session: SessionOptions) {
    this.#sources = sources;
    this.#session = session;
  }

  /**
   * One iteration's costs in one run.
   *
   * @param measured how it is to be measured
   * @throws JepaMpcError `model.unsupported` where it cannot be compiled; `model.device-unavailable`
   */
  scorer(request: RolloutRequest, measured: Measured = {}): Promise<CompiledScorer> {
    const options = { ...this.#session, ...measured };
    return CompiledScorer.compile(this.#compile(), this.#sources.action, request, options);
  }

  /**
   * A whole plan in one run.
   *
   * @param measured how it is to be measured
   * @throws JepaMpcError `model.unsupported` where it cannot be compiled; `model.device-unavailable`
   */
  plan(request: RolloutRequest, refit: Refit, measured: Measured = {}): Promise<CompiledPlan> {
    const options = { ...this.#session, ...measured };
    return CompiledPlan.compile(this.#compile(), this.#sources.action, request, refit, options);
  }

  /**
   * Bytes that an iteration holds for each candidate at most, as far as it can be known without running it.
   *
   * @throws JepaMpcError `model.unsupported` where it cannot be compiled
   */
  bytesPerCandidate(request: RolloutRequest): number {
    return this.#compile().bytesPerCandidate(request);
  }

  /** The same, on the cpu. */
  get onCpu(): CompiledRollouts {
    return new CompiledRollouts(this.#sources, { ...this.#session, device: 'cpu' });
  }

  #compile(): RolloutCompiler {
    this.#compiler ??= new RolloutCompiler(this.#sources);
    return this.#compiler;
  }
}
