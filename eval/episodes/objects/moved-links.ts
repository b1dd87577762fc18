import type { LinkPoses } from '../../../src/robot/link-poses.js';

/** Whether joint positions move a link: its own joint, or one between it and the root. */
export function isMoved(poses: LinkPoses, link: number): boolean {
  for (let above = link; above >= 0; above = poses.parentOf(above)) {
    if (poses.movingJoint(above) !== null) return true;
  }
  return false;
}
