/** What one iteration of a planner did. The arrays are the planner's own: copy what is kept longer than the call. */
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
  /** Deviation that the next iteration would sample with, in raw units, `[K, J]`. */
  readonly std: Float32Array;
}
