import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { episodeDrawing, type DrawingChoice } from '../../../eval/episodes/draw-episode.js';
import { sampleEpisode } from '../../../eval/episodes/episode-sampler.js';
import { loadSubject, type Subject } from '../../../eval/episodes/subject.js';
import { taskOf } from '../../../eval/episodes/tasks/registry.js';
import { robotChoice } from '../../fixtures/robot-choice.js';

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const ur5e = robotChoice('urdf/ur5e.urdf', { modelFolder: file('models/ur5e-reach') });
const push = taskOf('push', { limits: [], ranges: [], minTipDistanceM: 0.2 });
let subject: Subject;
let folder = '';

beforeAll(async () => {
  subject = await loadSubject(ur5e);
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-draw-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function choice(changes: Partial<DrawingChoice> = {}): DrawingChoice {
  return { ...ur5e, simulator: 'mujoco', sceneFile: file('examples/scenes/push-cube.yaml'), ...changes };
}

function sceneOf(...objects: string[]): string {
  const path = join(folder, 'scene.yaml');
  writeFileSync(path, `objects:\n${objects.map((object) => `  - {${object}}\n`).join('')}`);
  return path;
}

describe('the episodes of a task', () => {
  it('are poses of the robot where it moves nothing, whatever the scene', async () => {
    const reach = taskOf('reach', subject.robot);
    const draw = await episodeDrawing(reach, subject, choice({ sceneFile: null }));
    expect(draw(77, 2)).toEqual(sampleEpisode(77, 2, subject.robot));
  });

  it('move the first free object of the scene', async () => {
    const cube = 'shape: box, size: [0.06, 0.06, 0.06], free: true, mass: 0.2';
    const sceneFile = sceneOf(
      'name: post, shape: cylinder, radius: 0.02, length: 0.2, position: [0.4, -0.2, 0.1]',
      `name: first, ${cube}, position: [0.45, 0.15, 0.03]`,
      `name: second, ${cube}, position: [0.3, 0.3, 0.03]`,
    );
    const draw = await episodeDrawing(push, subject, choice({ sceneFile }));
    const drawn = Array.from({ length: 20 }, (_, episode) => draw(77, episode).object);
    for (const object of drawn) {
      expect(object?.name).toBe('first');
      for (const { xyz } of [object?.start, object?.goal].filter((pose) => pose !== undefined)) {
        expect(Math.hypot(xyz[0] - 0.3, xyz[1] - 0.3)).toBeGreaterThan(2 * 0.0424);
        expect(Math.hypot(xyz[0] - 0.4, xyz[1] + 0.2)).toBeGreaterThan(0.0424 + 0.02);
      }
    }
  });
});

describe('the object that an option names', () => {
  const cube = 'shape: box, size: [0.06, 0.06, 0.06], free: true, mass: 0.2';
  const scene = (): string =>
    sceneOf(
      `name: first, ${cube}, position: [0.45, 0.15, 0.03]`,
      `name: second, ${cube}, position: [0.3, 0.3, 0.03]`,
    );

  it('is moved instead of the first', async () => {
    const chosen = choice({ sceneFile: scene(), objectName: 'second' });
    const draw = await episodeDrawing(push, subject, chosen);
    expect(draw(77, 0).object?.name).toBe('second');
  });

  it('has to be free, and there', async () => {
    const misspelt = choice({ sceneFile: scene(), objectName: 'secnd' });
    await expect(episodeDrawing(push, subject, misspelt)).rejects.toMatchObject({
      code: 'params.invalid',
      facts: {
        subject: '--object secnd',
        expected: 'one of first, second',
        remedy: expect.stringContaining('Did you mean second?') as string,
      },
    });
  });

  it('is refused where the task moves none', async () => {
    const reach = taskOf('reach', subject.robot);
    await expect(episodeDrawing(reach, subject, choice({ objectName: 'cube' }))).rejects.toMatchObject({
      code: 'params.invalid',
      facts: { subject: '--object cube', found: '--task reach, which moves the robot alone' },
    });
  });
});

describe('a task that moves an object is refused', () => {
  it('without a scene', async () => {
    await expect(episodeDrawing(push, subject, choice({ sceneFile: null }))).rejects.toMatchObject({
      code: 'params.invalid',
      facts: {
        subject: '--task push',
        found: 'no --scene',
        remedy: expect.stringContaining('push-cube') as string,
      },
    });
  });

  it('in a simulator without scenes', async () => {
    const gazebo = choice({ sceneFile: null, simulator: 'gazebo' });
    await expect(episodeDrawing(push, subject, gazebo)).rejects.toMatchObject({
      code: 'params.invalid',
      facts: {
        found: '--simulator gazebo: Gazebo Classic loads no scenes',
        remedy: expect.stringContaining('--simulator mujoco') as string,
      },
    });
  });

  it('without a free object', async () => {
    const sceneFile = sceneOf('name: wall, shape: box, size: [1, 1, 1], position: [2, 0, 0.5]');
    await expect(episodeDrawing(push, subject, choice({ sceneFile }))).rejects.toMatchObject({
      code: 'params.invalid',
      facts: { found: 'fixed objects alone: wall', remedy: expect.stringContaining('free: true') as string },
    });
  });

  it('for a model whose goals have more than a picture', async () => {
    const { manifest } = subject;
    const goal = { ...manifest.goal, proprioception: 'unknown' as const };
    const measured = { ...subject, manifest: { ...manifest, goal } };
    await expect(episodeDrawing(push, measured, choice())).rejects.toMatchObject({
      code: 'model.unsupported',
      facts: { remedy: expect.stringContaining('goal reader') as string },
    });
  });
});
