import { imageRungs } from './ladder/image-rungs.js';
import { jointRungs } from './ladder/joint-rungs.js';
import { nodeRungs } from './ladder/node-rungs.js';
import { operatorRungs } from './ladder/operator-rungs.js';
import { plannerRungs } from './ladder/planner-rungs.js';
import type { Rung } from './ladder/rung.js';

/**
 * Every fault that the node has a declared reaction to: how it is noticed, what the robot does and how soon, what the operator sees, and what
 * clears it. The watchdog, `docs/safety.md` and `jepa-mpc ladder` read this table; nothing else states a reaction.
 */
const rungs = { ...imageRungs, ...jointRungs, ...plannerRungs, ...nodeRungs, ...operatorRungs } as const;

/** The rungs by what they are about, for a reader. */
export const LADDER_PARTS = {
  Cameras: imageRungs,
  'Joint states and the robot': jointRungs,
  'Planner, plans and goals': plannerRungs,
  'Clocks, processes and parameters': nodeRungs,
  Operators: operatorRungs,
} as const satisfies Record<string, Record<string, Rung>>;

export type LadderId = keyof typeof rungs;

/** A rung with its name. */
export interface LadderRow extends Rung {
  readonly id: LadderId;
}

/** All rungs, in the order of the table. */
export const LADDER: readonly LadderRow[] = Object.entries(rungs).map(([id, rung]) => ({
  id: id as LadderId,
  ...rung,
}));

/** Rungs that change how the robot moves: all but those that refuse a message, a value or a request. */
export type ConditionId = {
  [Id in LadderId]: (typeof rungs)[Id]['reaction'] extends 'refuse' ? never : Id;
}[LadderId];

/** What is declared about a fault. */
export function rung<Id extends LadderId>(id: Id): (typeof rungs)[Id] {
  return rungs[id];
}
