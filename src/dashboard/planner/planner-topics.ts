/** A topic of a node and its types, as the ROS graph reports it. */
export interface TopicOfNode {
  readonly name: string;
  readonly types: readonly string[];
}

/** A camera of the planner. */
export interface CameraTopic {
  readonly name: string;
  /** Fully qualified and remapped. */
  readonly topic: string;
  readonly isCompressed: boolean;
}

/** The topics of a planner node, remapped as they are. Null: it has none of that kind. */
export interface PlannerTopics {
  /** What it publishes under its own name. */
  readonly own: readonly string[];
  readonly cameras: readonly CameraTopic[];
  /** The goal in force, one image for each camera. */
  readonly goalImages: readonly CameraTopic[];
  readonly distanceMaps: readonly CameraTopic[];
  readonly jointStates: string | null;
  readonly robotDescription: string | null;
  readonly jointTrajectory: string | null;
  readonly commands: string | null;
}

const IMAGE = 'sensor_msgs/msg/Image';
const COMPRESSED = 'sensor_msgs/msg/CompressedImage';

/**
 * Finds the topics of a planner by what the node subscribes to and publishes, so that remapped names work. Where a type has several topics, the part
 * after the last slash decides; a goal topic that was remapped to a name without `goal` in it would count as a camera.
 *
 * @param node full name of the planner
 * @param known names of cameras by topic, as the node's diagnostics report them
 */
export function plannerTopics(
  node: string,
  subscribed: readonly TopicOfNode[],
  published: readonly TopicOfNode[],
  known: ReadonlyMap<string, string>,
): PlannerTopics {
  const images = subscribed.filter(({ types }) => types.includes(IMAGE) || types.includes(COMPRESSED));
  const cameras = images
    .filter(({ name }) => !/goal_image(\/compressed)?$/.test(name))
    .map(({ name, types }) => ({
      name: known.get(name) ?? plainName(name),
      topic: name,
      isCompressed: types.includes(COMPRESSED),
    }));
  return {
    own: published.map(({ name }) => name).filter((name) => name.startsWith(`${node}/`)),
    cameras,
    goalImages: ownImages(published, `${node}/goal_image`),
    distanceMaps: ownImages(published, `${node}/distance_map`),
    jointStates: firstOf(subscribed, 'sensor_msgs/msg/JointState', (name) => !name.endsWith('goal_state')),
    robotDescription: firstOf(subscribed, 'std_msgs/msg/String', () => true),
    jointTrajectory: firstOf(
      published,
      'trajectory_msgs/msg/JointTrajectory',
      (name) => name !== `${node}/plan`,
    ),
    commands: firstOf(published, 'std_msgs/msg/Float64MultiArray', () => true),
  };
}

/** Images that the node publishes as `prefix`, or as `prefix/camera` where there are several. */
function ownImages(published: readonly TopicOfNode[], prefix: string): CameraTopic[] {
  return published
    .filter(({ name, types }) => types.includes(IMAGE) && (name === prefix || name.startsWith(`${prefix}/`)))
    .map(({ name }) => ({
      name: name === prefix ? 'image' : name.slice(prefix.length + 1),
      topic: name,
      isCompressed: false,
    }));
}

function firstOf(
  topics: readonly TopicOfNode[],
  type: string,
  isMeant: (name: string) => boolean,
): string | null {
  return topics.find(({ name, types }) => types.includes(type) && isMeant(name))?.name ?? null;
}

/** `/wrist/image_raw/compressed` is `wrist/image_raw`. */
function plainName(topic: string): string {
  return topic.replace(/^\//, '').replace(/\/compressed$/, '');
}
