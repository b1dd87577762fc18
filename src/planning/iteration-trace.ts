/** The result of one iteration of a planner. The arrays are reused: copy what you keep longer than the call. */
export interface IterationTrace {
  /** From 0. */
  readonly iteration: number;
  /** Raw actions `[N, K, J]` as they were scored. */
  readonly candidates: Float32Array;
  /** `[N]` */
  readonly costs: Float32Array;
  /** Indices of the elites, cheapest first, `[E]`. */
  readonly elites: Uint32Array;
  /** Mean after the refit, raw actions `[K, J]`. */
  readonly mean: Float32Array;
  /** Standard deviation of the next iteration, in raw units, `[K, J]`. */
  readonly std: Float32Array;
}
