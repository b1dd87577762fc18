import { JepaMpcError } from '../../src/core/errors.js';
import { nearestName } from '../../src/core/names.js';
import { SIMULATORS, type SimulatorName } from '../demo/simulators.js';
import type { RobotChoice } from '../robot-choice.js';
import { sampleEpisode, type EpisodeTask } from './episode-sampler.js';
import { sampleMove } from './objects/move-sampler.js';
import { pushSpaceOf } from './objects/push-space.js';
import { readScene, type SceneObject } from './objects/scene.js';
import { needsCapture } from './prepare-episode.js';
import { urdfText } from './robot.js';
import type { Subject } from './subject.js';
import type { Task } from './tasks/registry.js';

/** Start and goal of an episode: the same for the same seed and index. */
export type DrawEpisode = (seed: number, episode: number) => EpisodeTask;

/** What is around the robot, and what simulates both. */
export interface DrawingChoice extends Pick<RobotChoice, 'urdfFile' | 'sceneFile' | 'objectName'> {
  readonly simulator: SimulatorName;
}

/**
 * How the episodes of a task are drawn: poses of the robot, or an object of the scene that it has to move.
 *
 * @throws JepaMpcError before anything is started: `params.invalid` for an object where the task moves none; for a task that moves one `params.invalid` without a scene, without a free object in it, or for
 * one that the robot cannot push; `model.unsupported` for a model to which a picture is not all of a goal
 */
export async function episodeDrawing(
  task: Pick<Task, 'name' | 'movesObject' | 'judgesJoints'>,
  { robot, manifest }: Subject,
  { urdfFile, sceneFile, objectName, simulator }: DrawingChoice,
): Promise<DrawEpisode> {
  if (!task.movesObject) {
    if (objectName !== null) throw movesNone(task.name, objectName);
    return (seed, episode) => sampleEpisode(seed, episode, robot);
  }
  if (sceneFile === null) throw withoutScene(task.name, simulator);
  if (needsCapture(manifest, task)) throw notByPicture(task.name, manifest.name);
  const scene = await readScene(sceneFile);
  const free = scene.filter(({ isFree }) => isFree);
  if (free.length === 0) throw nothingFree(task.name, sceneFile, scene);
  const object = objectName === null ? free[0] : free.find(({ name }) => name === objectName);
  if (object === undefined) throw notFree(objectName ?? '', sceneFile, free);
  const { cameras } = manifest;
  const space = pushSpaceOf({
    robot,
    scene,
    object,
    urdfText: await urdfText(urdfFile),
    cameras: cameras.length === 1 ? null : cameras.map(({ name }) => name),
  });
  return (seed, episode) => sampleMove(seed, episode, space);
}

function withoutScene(task: string, simulator: SimulatorName): JepaMpcError {
  const { title, hasScenes } = SIMULATORS[simulator];
  const example = 'examples/scenes/push-cube.yaml';
  return new JepaMpcError('params.invalid', {
    subject: `--task ${task}`,
    found: hasScenes ? 'no --scene' : `--simulator ${simulator}: ${title} loads no scenes`,
    expected: 'a scene with a free object that the robot can push',
    remedy: hasScenes
      ? `Give one, such as --scene ${example}.`
      : `Run it in MuJoCo: --simulator mujoco --scene ${example}.`,
  });
}

function nothingFree(task: string, file: string, scene: readonly SceneObject[]): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `--task ${task}, scene ${file}`,
    found: `fixed objects alone: ${scene.map(({ name }) => name).join(', ')}`,
    expected: 'a free object that the robot can push',
    remedy: 'Write free: true and a mass for the object that is to be pushed (docs/simulators.md#scenes).',
  });
}

function notFree(object: string, file: string, free: readonly SceneObject[]): JepaMpcError {
  const names = free.map(({ name }) => name);
  const nearest = nearestName(object, names);
  return new JepaMpcError('params.invalid', {
    subject: `--object ${object}`,
    found: `no free object of that name in ${file}`,
    expected: `one of ${names.join(', ')}`,
    remedy: `${nearest === null ? '' : `Did you mean ${nearest}? If not: `}Name one of these, or leave the option out for the first.`,
  });
}

function movesNone(task: string, object: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `--object ${object}`,
    found: `--task ${task}, which moves the robot alone`,
    expected: 'a task that moves an object',
    remedy: 'Drop the option, or choose --task push.',
  });
}

function notByPicture(task: string, model: string): JepaMpcError {
  return new JepaMpcError('model.unsupported', {
    subject: `--task ${task} with model ${model}`,
    found: 'goals that need the joint positions beside the picture',
    expected:
      'a model to which a picture is all of a goal: the task says where the object is to be, not how the robot gets it there',
    remedy:
      'Train it with a goal reader (stage goal), or without joint positions (train.proprioception=off).',
  });
}
