/** Defaults of settings that one planner alone has and no model states; for the parameter schema and for the planners. */
export const samplerDefaults = {
  /** MPPI, in the unit of the objective. */
  temperature: 0.1,
  /** iCEM (Pinneri et al. 2020). */
  shrink: 1.25,
  keptElites: 3,
} as const;
