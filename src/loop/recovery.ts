import { f64 } from '../core/array-access.js';
import type { JointLimit } from '../core/types.js';
import type { ConditionReason } from '../safety/watchdog.js';
import { holdsRobot } from '../safety/watchdog.js';

/** A joint outside its limits, and the nearest position inside, rad or m. */
export interface StrayJoint {
  readonly name: string;
  readonly position: number;
  readonly nearest: number;
}

/** The joints that are outside their limits. @param position `[J]`, rad or m */
export function strayJoints(limits: readonly JointLimit[], position: Float64Array): readonly StrayJoint[] {
  return limits.flatMap(({ name, lower, upper }, joint) => {
    const found = f64(position, joint);
    const nearest = Math.min(Math.max(found, lower), upper);
    return nearest === found ? [] : [{ name, position: found, nearest }];
  });
}

/** What a robot that moves back inside its limits needs neither: no camera, no planner, and no activation. */
const NEEDLESS: readonly ConditionReason['name'][] = ['lifecycle', 'image', 'worker', 'plan', 'dry_run'];

/** The reasons that keep a robot from moving back inside its limits. */
export function againstRecovery(reasons: readonly ConditionReason[]): readonly ConditionReason[] {
  return reasons.filter((reason) => holdsRobot(reason) && !NEEDLESS.includes(reason.name));
}
