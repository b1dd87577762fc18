import { at, f64 } from '../../../src/core/array-access.js';
import type { LinkPoses } from '../../../src/robot/link-poses.js';
import { attribute, childElements, readRobotElement, type XmlElement } from '../../../src/robot/urdf-xml.js';
import type { Vector3 } from '../../../src/robot/urdf-xml.js';
import { isSameCamera } from '../cameras.js';
import { isMoved } from './moved-links.js';

/** What a camera that does not move looks at, in the frame of the root link. */
export interface CameraView {
  readonly name: string;
  /** Where it is, m. */
  readonly position: Vector3;
  /** Whether a point is in its picture, if nothing hides it. */
  readonly sees: (point: Vector3) => boolean;
}

/**
 * The views of those cameras of a robot description that do not move. It has none where every camera moves, and where the description has no camera:
 * the one that the simulator adds then sees everything that the robot reaches.
 *
 * @param wanted names of the cameras that count; null: the first of the description, which is the main one
 * @param poses of the same description, after an update
 */
export function fixedViews(
  urdfText: string,
  wanted: readonly string[] | null,
  poses: LinkPoses,
): CameraView[] {
  const sensors = childElements(readRobotElement(urdfText), 'gazebo').flatMap((element) =>
    childElements(element, 'sensor')
      .filter((sensor) => attribute(sensor, 'type') === 'camera')
      .map((sensor) => ({
        name: attribute(sensor, 'name') ?? '',
        link: attribute(element, 'reference'),
        sensor,
      })),
  );
  const used =
    wanted === null
      ? sensors.slice(0, 1)
      : sensors.filter(({ name }) => wanted.some((camera) => isSameCamera(camera, name)));
  return used.flatMap(({ name, link: reference, sensor }) => {
    const link = poses.links.indexOf(reference ?? '');
    const camera = childElements(sensor, 'camera')[0];
    return link < 0 || isMoved(poses, link) || camera === undefined
      ? []
      : [viewOf(name, link, camera, poses)];
  });
}

/** A camera looks along x of its link, with z up in the image. */
function viewOf(name: string, link: number, camera: XmlElement, poses: LinkPoses): CameraView {
  const image = childElements(camera, 'image')[0] ?? {};
  const across = Math.tan(numberIn(camera, 'horizontal_fov') / 2);
  const up = (across * numberIn(image, 'height')) / numberIn(image, 'width');
  const position = [0, 1, 2].map((axis) => f64(poses.positions, 3 * link + axis));
  const rotation = poses.rotations.slice(9 * link, 9 * link + 9);
  return {
    name,
    position: [at(position, 0), at(position, 1), at(position, 2)],
    sees: (point) => {
      const offset = point.map((value, axis) => value - at(position, axis));
      const [forward = 0, left = 0, above = 0] = [0, 1, 2].map((axis) =>
        offset.reduce((sum, value, row) => sum + f64(rotation, 3 * row + axis) * value, 0),
      );
      return Math.abs(left) < forward * across && Math.abs(above) < forward * up;
    },
  };
}

/** NaN, with which a camera sees nothing, for what is no number: the simulator refuses such a description. */
function numberIn(element: XmlElement, name: string): number {
  const text = element[name];
  return typeof text === 'string' ? Number(text) : Number.NaN;
}
