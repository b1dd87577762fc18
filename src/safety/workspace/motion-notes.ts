import { at } from '../../core/array-access.js';
import type { LinkPoses } from '../../robot/link-poses.js';
import type { IndexPair } from './collision-pairs.js';
import type { PlacedPlane } from './motion-rules.js';
import type { RobotShapes } from './robot-shapes.js';

/**
 * What a person should know of the rules: links that have no shape or only a part of it, links of a rule that are a point, and pairs that are not
 * checked.
 */
export function motionNotes(
  poses: LinkPoses,
  shapes: RobotShapes,
  planes: readonly { readonly plane: PlacedPlane }[],
  selfCollision: boolean,
  alwaysTouching: readonly IndexPair[],
): string[] {
  const { links } = poses;
  const planeLinks = new Set(planes.map(({ plane }) => plane.link));
  const notes: string[] = [];
  for (const [link, name] of links.entries()) {
    const missing = shapes.withoutShape(link);
    const isPoint = !shapes.hasShape(link);
    if (missing.length > 0 && (selfCollision || planeLinks.has(link))) {
      const rest = isPoint ? 'it counts as its origin, and in no pair' : 'only its other shapes count';
      notes.push(`link '${name}': not checked: ${missing.join(', ')}; ${rest}`);
    } else if (isPoint && planeLinks.has(link)) {
      notes.push(`link '${name}' has no shape: it counts as its origin`);
    }
  }
  for (const [first, second] of alwaysTouching) {
    notes.push(
      `links '${at(links, first)}' and '${at(links, second)}' touch in every pose, so this pair is not checked`,
    );
  }
  return notes;
}
