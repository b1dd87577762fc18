import { CompiledPlan } from './compiled-plan.js';
import { CompiledScorer } from './compiled-scorer.js';
import type { SessionOptions } from './graph-session.js';
import {
  RolloutCompiler,
  type Refit,
  type RolloutRequest,
  type RolloutSources,
} from '../../packages/rollout-compiler/src/index.js';

/** How a run is profiled. */
type Profiling = Pick<SessionOptions, 'profilePrefix'>;

/** Compiles rollouts of one model for the device that it runs on. The model files are traced once, at the first request. */
export class CompiledRollouts {
  readonly #sources: RolloutSources;
  readonly #session: SessionOptions;
  #compiler: RolloutCompiler | null = null;

  constructor(sources: RolloutSources, session: SessionOptions) {
    this.#sources = sources;
    this.#session = session;
  }

  /**
   * Compiles a graph that scores all candidates of an iteration in one run.
   *
   * @throws JepaMpcError `model.unsupported` for what cannot be compiled; `model.device-unavailable`
   */
  scorer(request: RolloutRequest, profiling: Profiling = {}): Promise<CompiledScorer> {
    const options = { ...this.#session, ...profiling };
    return CompiledScorer.compile(this.#compile(), this.#sources.action, request, options);
  }

  /**
   * Compiles a graph that makes a whole plan in one run.
   *
   * @throws JepaMpcError `model.unsupported` for what cannot be compiled; `model.device-unavailable`
   */
  plan(request: RolloutRequest, refit: Refit, profiling: Profiling = {}): Promise<CompiledPlan> {
    const options = { ...this.#session, ...profiling };
    return CompiledPlan.compile(this.#compile(), this.#sources.action, request, refit, options);
  }

  /**
   * Peak memory of an iteration per candidate, in bytes, estimated without running it.
   *
   * @throws JepaMpcError `model.unsupported` for what cannot be compiled
   */
  bytesPerCandidate(request: RolloutRequest): number {
    return this.#compile().bytesPerCandidate(request);
  }

  /** Compiles for the CPU instead. */
  get onCpu(): CompiledRollouts {
    return new CompiledRollouts(this.#sources, { ...this.#session, device: 'cpu' });
  }

  #compile(): RolloutCompiler {
    this.#compiler ??= new RolloutCompiler(this.#sources);
    return this.#compiler;
  }
}
