import { f64 } from '../../core/array-access.js';
import { boxDistance } from '../../math/box-distance.js';
import { segmentBoxDistance } from '../../math/segment-box-distance.js';
import { segmentDistance } from '../../math/segment-distance.js';
import type { RobotShapes, ShapeRange } from './robot-shapes.js';

/**
 * The distance of the shapes of two links, m; negative where they overlap. No arrays are made.
 *
 * @param far m: a larger distance may be returned as one between `far` and itself, which is found sooner
 */
export function linkDistance(shapes: RobotShapes, first: number, second: number, far: number): number {
  const { ends, radii, boxes } = shapes;
  const capsulesOfFirst = shapes.capsulesOf(first);
  const capsulesOfSecond = shapes.capsulesOf(second);
  const boxesOfFirst = shapes.boxesOf(first);
  const boxesOfSecond = shapes.boxesOf(second);
  let distance = Math.min(
    capsulesToBoxes(shapes, capsulesOfFirst, boxesOfSecond),
    capsulesToBoxes(shapes, capsulesOfSecond, boxesOfFirst),
  );
  for (let i = capsulesOfFirst.first; i < capsulesOfFirst.end; i++) {
    for (let k = capsulesOfSecond.first; k < capsulesOfSecond.end; k++)
      distance = Math.min(distance, segmentDistance(ends, i, k) - f64(radii, i) - f64(radii, k));
  }
  for (let i = boxesOfFirst.first; i < boxesOfFirst.end; i++) {
    for (let k = boxesOfSecond.first; k < boxesOfSecond.end; k++)
      distance = Math.min(distance, boxDistance(boxes, i, k, far));
  }
  return distance;
}

function capsulesToBoxes(
  { ends, radii, boxes }: RobotShapes,
  capsules: ShapeRange,
  ofBoxes: ShapeRange,
): number {
  let distance = Infinity;
  for (let capsule = capsules.first; capsule < capsules.end; capsule++) {
    for (let box = ofBoxes.first; box < ofBoxes.end; box++)
      distance = Math.min(distance, segmentBoxDistance(ends, capsule, boxes, box) - f64(radii, capsule));
  }
  return distance;
}
