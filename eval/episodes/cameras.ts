import { at } from '../../src/core/array-access.js';
import { JepaMpcError } from '../../src/core/errors.js';
import { nearestName } from '../../src/core/names.js';
import type { ModelManifest } from '../../src/model/manifest-schema.js';
import { imageTopics } from '../../src/ros/topics/camera-images.js';
import { attribute, childElements, readRobotElement } from '../../src/robot/urdf-xml.js';

type CameraModel = Pick<ModelManifest, 'name' | 'cameras'>;

/**
 * The topic that the planner node wants for each camera, and the one that the simulator publishes: of an only camera the main one of the
 * robot, of several those that are named as in the model.
 */
export function cameraTopics({
  cameras,
}: Pick<CameraModel, 'cameras'>): (readonly [wanted: string, published: string])[] {
  return cameras.map(({ name, topic }) => [
    topic,
    cameras.length === 1 ? 'image_raw' : `${topicName(name)}/image_raw`,
  ]);
}

/**
 * The topic that the planner node wants for each goal image, and the one that the simulator publishes. Several cameras have one each.
 */
export function goalTopics({
  cameras,
}: Pick<CameraModel, 'cameras'>): (readonly [wanted: string, published: string])[] {
  if (cameras.length === 1) return [['goal_image', 'goal_image']];
  const wanted = imageTopics('goal_image', cameras);
  return cameras.map(({ name }, index) => [at(wanted, index), `${topicName(name)}/goal_image`]);
}

/**
 * Refuses a model with several cameras of which the robot lacks one. A model with one camera gets the main one of the robot, whatever its
 * name; the simulator adds one to a robot that has none.
 *
 * @param urdfText the robot's description
 * @param file its path, for the error
 * @throws JepaMpcError `model.unsupported`, with the camera and those that there are; `urdf.invalid`
 */
export function checkCameras({ name: model, cameras }: CameraModel, urdfText: string, file: string): void {
  if (cameras.length === 1) return;
  const there = cameraSensors(urdfText);
  const topics = new Set(there.map(topicName));
  const lacking = cameras.find(({ name }) => !topics.has(topicName(name)));
  if (lacking === undefined) return;
  const nearest = nearestName(lacking.name, there);
  throw new JepaMpcError('model.unsupported', {
    subject: `camera '${lacking.name}' of model ${model}`,
    found:
      there.length === 0
        ? `no camera in ${file}`
        : `${there.length === 1 ? 'camera' : 'cameras'} ${there.join(', ')} in ${file}`,
    expected: `a camera sensor for each camera of the model: ${cameras.map(({ name }) => name).join(', ')}`,
    remedy:
      `${nearest === null ? '' : `Did you mean ${nearest}? If not: `}Add <sensor name="${lacking.name}" type="camera"> to the URDF ` +
      '(docs/simulators.md#cameras), or give the one that the model was trained with: --urdf FILE.',
  });
}

/** Names of the camera sensors of a robot description, as the simulators read them, in its order. */
function cameraSensors(urdfText: string): string[] {
  return childElements(readRobotElement(urdfText), 'gazebo')
    .flatMap((element) => childElements(element, 'sensor'))
    .filter((sensor) => attribute(sensor, 'type') === 'camera')
    .map((sensor) => attribute(sensor, 'name') ?? '');
}

/** Whether a camera of a model is one of a robot: they fit by the names that their topics have. */
export function isSameCamera(ofModel: string, ofRobot: string): boolean {
  return topicName(ofModel) === topicName(ofRobot);
}

/** The name with `_` for characters that a ROS topic cannot have, as in sim/common/jepa_mpc_sim/camera_stream.py. */
function topicName(name: string): string {
  const plain = name.replaceAll(/\W/g, '_');
  return /^\d/.test(plain) ? `_${plain}` : plain;
}
