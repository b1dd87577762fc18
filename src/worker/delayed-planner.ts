import { JepaMpcError } from '../core/errors.js';
import type { ModelInfo } from '../core/model-info.js';
import type { Plan } from '../core/types.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import type {
  DistanceMap,
  ExplainingPlanner,
  ExplanationRequest,
  PlannerSettings,
  PlanRequest,
} from './planner-port.js';

/** A planner that is slow on purpose: each plan, or error, arrives later by a fixed time. For experiments. */
export class DelayedPlanner implements ExplainingPlanner {
  readonly #planner: ExplainingPlanner;
  readonly #delayMs: number;
  /** Ends the wait of the running job. */
  #stop = new AbortController();

  /** @param delayMs 0 or more, wall clock */
  constructor(planner: ExplainingPlanner, delayMs: number) {
    this.#planner = planner;
    this.#delayMs = delayMs;
  }

  load(settings: PlannerSettings): Promise<ModelInfo> {
    this.#stop.abort();
    return this.#planner.load(settings);
  }

  async plan(request: PlanRequest): Promise<Plan> {
    const stop = new AbortController();
    this.#stop = stop;
    try {
      return await this.#planner.plan(request);
    } finally {
      await passed(this.#delayMs, stop.signal);
    }
  }

  explain(request: ExplanationRequest): Promise<DistanceMap> {
    return this.#planner.explain(request);
  }

  mayCompile(values: PlanningValues): boolean {
    return this.#planner.mayCompile(values);
  }

  dispose(): Promise<void> {
    this.#stop.abort();
    return this.#planner.dispose();
  }
}

/** Resolves after a time; rejects with `planner.worker-died` as soon as it is stopped. */
function passed(durationMs: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(stopped());
    };
    const timer = setTimeout(() => {
      stop.removeEventListener('abort', end);
      resolve();
    }, durationMs);
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
}

function stopped(): JepaMpcError {
  return new JepaMpcError('planner.worker-died', {
    subject: 'planner with a delay',
    found: 'stopped on request',
    expected: 'to hand its plan out',
    remedy: 'Load it again.',
  });
}
