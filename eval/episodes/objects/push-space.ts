import { JepaMpcError } from '../../../src/core/errors.js';
import type { Capsule } from '../../../src/robot/capsules.js';
import { LinkPoses } from '../../../src/robot/link-poses.js';
import type { Vector3 } from '../../../src/robot/urdf-xml.js';
import type { EpisodeSpace } from '../episode-sampler.js';
import type { DemoRobot } from '../robot.js';
import { fixedViews, type CameraView } from './camera-view.js';
import { extentOf, type Extent } from './extent.js';
import { ReachMap, type Place } from './reach-map.js';
import { RobotVolume } from './robot-volume.js';
import type { SceneObject } from './scene.js';
import { fixedSolids, solidOf, surfaceBelow } from './solids.js';

/** Largest gap between an object and what it rests on in the file of the scene. */
const OFF_SURFACE_M = 0.02;
/** Largest difference in height of the surface below an object. */
const EVEN_M = 0.001;
/** Points of a circle around an object. */
const FOOTPRINT = 8;
/** Room between an object and the robot, or another object. */
const ROOM_M = 0.01;
/** The tip starts so far above the object. */
const TIP_ABOVE_M = 0.05;
/** No robot reaches higher than this above an object. */
const COLUMN_M = 100;

/** Where an object can be pushed from and to, and where the robot may be meanwhile. */
export interface PushSpace {
  /** The object as the scene has it. */
  readonly object: SceneObject;
  readonly surfaceM: number;
  readonly ranges: EpisodeSpace['ranges'];
  readonly places: Pick<ReachMap, 'place' | 'has'>;
  /** Whether the object rests at a place, in view of a camera, and meets no other object. */
  readonly isFree: (place: Place) => boolean;
  /** Whether the robot may start at a pose: high enough, and without a collision. */
  readonly isStart: (pose: readonly number[]) => boolean;
  /** Whether the robot at a pose is neither over the object at a place nor touches it, and leaves it in view of a camera. */
  readonly isInSight: (pose: readonly number[], place: Place) => boolean;
}

/** What a space is made of. */
export interface PushSetting {
  readonly robot: DemoRobot;
  readonly urdfText: string;
  readonly scene: readonly SceneObject[];
  /** The object of the scene that is pushed. */
  readonly object: SceneObject;
  /** Names of the cameras of the model; null: the main camera of the robot. */
  readonly cameras: readonly string[] | null;
}

/**
 * Where the tip of a robot can push an object of a scene.
 *
 * @throws JepaMpcError `params.invalid` for an object that rests on nothing, or that the tip cannot push in view of a camera
 */
export function pushSpaceOf({ robot, urdfText, scene, object, cameras }: PushSetting): PushSpace {
  const poses = new LinkPoses(robot.urdf, robot.joints);
  for (const [joint, position] of robot.heldAt) poses.hold(joint, position);
  poses.update(robot.ranges.map(([lower, upper]) => (lower + upper) / 2));
  const views = fixedViews(urdfText, cameras, poses);
  const others = scene.filter((other) => other !== object);
  const solids = [
    ...fixedSolids(robot.urdf, poses),
    ...others.filter(({ isFree }) => !isFree).map((other) => solidOf(other)),
  ];
  const extent = extentOf(object);
  const [x, y, z] = object.xyz;
  const surfaceM = surfaceBelow(solids, x, y, z);
  const gapM = z - extent.halfHeight - surfaceM;
  if (!(gapM <= OFF_SURFACE_M)) throw restsOnNothing(object.name, gapM);
  const middle = (place: Place): Vector3 => [place[0], place[1], z];
  const heights = { low: surfaceM, high: surfaceM + 2 * extent.halfHeight };
  const places = ReachMap.of(robot, heights, (place) => isSeen(views, [middle(place)]));
  if (places.isEmpty) throw outOfReach(object.name, heights.low, heights.high);
  const standing = others.filter((other) => isBeside(other, heights.low, heights.high));
  const volume = new RobotVolume(robot.urdf, poses);
  const isClear = (pose: readonly number[], capsule: Capsule): boolean =>
    volume.distance(pose, capsule) >= ROOM_M;
  return {
    object,
    surfaceM,
    ranges: robot.ranges,
    places,
    isFree: (place) => {
      const outline = outlineOf(place, extent);
      return (
        outline.every(([px, py]) => Math.abs(surfaceBelow(solids, px, py, z) - surfaceM) < EVEN_M) &&
        isSeen(
          views,
          outline.flatMap(([px, py]) =>
            [heights.low, heights.high].map((height): Vector3 => [px, py, height]),
          ),
        ) &&
        standing.every((other) => {
          const apartM = Math.hypot(place[0] - other.xyz[0], place[1] - other.xyz[1]);
          return apartM >= extent.radius + extentOf(other).radius + ROOM_M;
        })
      );
    },
    isStart: (pose) =>
      (robot.isLevel || (robot.fingertipOf(pose)[2] ?? Number.NaN) >= heights.high + TIP_ABOVE_M) &&
      robot.isAllowed(pose),
    isInSight: (pose, place) => {
      const from = middle(place);
      const column: Capsule = { from, to: [from[0], from[1], from[2] + COLUMN_M], radius: extent.radius };
      const sight = ({ position }: CameraView): Capsule => ({ from, to: position, radius: extent.radius });
      return (
        isClear(pose, column) && (views.length === 0 || views.some((view) => isClear(pose, sight(view))))
      );
    },
  };
}

/** Whether one camera sees all of these points; true where no camera says what is seen. */
function isSeen(views: readonly CameraView[], points: readonly Vector3[]): boolean {
  return views.length === 0 || views.some(({ sees }) => points.every((point) => sees(point)));
}

/** The middle of an object at a place, and points around it. */
function outlineOf([x, y]: Place, { radius }: Extent): Place[] {
  const around = Array.from({ length: FOOTPRINT }, (_, index): Place => {
    const angle = (2 * Math.PI * index) / FOOTPRINT;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
  return [[x, y], ...around];
}

/** Whether another object is between two heights. */
function isBeside(other: SceneObject, low: number, high: number): boolean {
  const { halfHeight } = extentOf(other);
  return other.xyz[2] + halfHeight > low + EVEN_M && other.xyz[2] - halfHeight < high;
}

function restsOnNothing(name: string, gapM: number): JepaMpcError {
  const found = Number.isFinite(gapM)
    ? `it ${gapM.toFixed(3)} m above what is fixed below it`
    : Number.isNaN(gapM)
      ? 'it inside something fixed'
      : 'nothing fixed below it';
  return new JepaMpcError('params.invalid', {
    subject: `object '${name}' of the scene`,
    found,
    expected: 'a free object that rests on a fixed box or cylinder of the scene or the robot',
    remedy: 'Add a fixed table below it, or move it onto the one that is there. Meshes do not count.',
  });
}

function outOfReach(name: string, low: number, high: number): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `object '${name}' of the scene`,
    found: `no place in view at which the tip of the robot gets to heights from ${low.toFixed(3)} to ${high.toFixed(3)} m`,
    expected: 'an object that the tip can push and a camera sees',
    remedy: 'Raise or lower what it rests on, or name another tip: --tip LINK.',
  });
}
