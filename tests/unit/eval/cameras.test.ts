import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cameraTopics, checkCameras, goalTopics } from '../../../eval/episodes/cameras.js';
import { loadSubject } from '../../../eval/episodes/subject.js';
import { robotChoice } from '../../fixtures/robot-choice.js';
import { TinyModelCopy } from '../../fixtures/tiny-model.js';
import { thrownBy } from '../../fixtures/robot.js';

const URDF = fileURLToPath(new URL('../../../urdf/ur5e.urdf', import.meta.url));
/** Cameras scene and wrist. */
const text = readFileSync(URDF, 'utf8');
const { manifest } = await loadSubject(robotChoice());

function withCameras(...names: string[]): typeof manifest {
  const [camera] = manifest.cameras;
  const cameras = names.map((name) => ({
    ...(camera as typeof camera & object),
    name,
    topic: `${name}/image`,
  }));
  return { ...manifest, cameras };
}

describe('the cameras of a model and of a robot', () => {
  it('fit if the robot has each of them, or the model has only one', () => {
    for (const names of [['wrist', 'scene'], ['anything']])
      expect(() => {
        checkCameras(withCameras(...names), text, URDF);
      }).not.toThrow();
  });

  it('fit by the names that their topics have', () => {
    const dashed = text.replace('name="wrist"', 'name="3d-wrist"');
    const model = withCameras('scene', '3d_wrist');
    expect(() => {
      checkCameras(model, dashed, URDF);
    }).not.toThrow();
    expect(cameraTopics(model)).toEqual([
      ['scene/image', 'scene/image_raw'],
      ['3d_wrist/image', '_3d_wrist/image_raw'],
    ]);
    // A name that no topic can have is replaced by its number.
    expect(goalTopics(model)).toEqual([
      ['goal_image/scene', 'scene/goal_image'],
      ['goal_image/camera1', '_3d_wrist/goal_image'],
    ]);
    expect(goalTopics(manifest)).toEqual([['goal_image', 'goal_image']]);
  });

  it('do not fit if the robot lacks one: the error names it, those that there are, and what to do', () => {
    const error = thrownBy(() => {
      checkCameras(withCameras('scene', 'wrst'), text, URDF);
    });
    expect(error.code).toBe('model.unsupported');
    expect(error.facts).toMatchObject({
      subject: "camera 'wrst' of model reacher",
      found: `cameras scene, wrist in ${URDF}`,
      expected: 'a camera sensor for each camera of the model: scene, wrst',
    });
    expect(error.facts.remedy).toMatch(
      /^Did you mean wrist\? If not: Add <sensor name="wrst" type="camera">/,
    );
  });

  it.each([
    ['no', /<sensor name="(scene|wrist)"/g, 'no camera in'],
    ['one', /<sensor name="wrist"/g, 'camera scene in'],
  ])('do not fit if the robot has %s camera', (_, sensors, found) => {
    const fewer = text.replaceAll(sensors, '<lamp name="none"').replaceAll('</sensor>', '</lamp>');
    const closed = fewer.replaceAll(/(<sensor name="scene"[^]*?)<\/lamp>/g, '$1</sensor>');
    expect(() => {
      checkCameras(withCameras('scene', 'wrist'), closed, URDF);
    }).toThrow(found);
  });

  it('are checked before anything is started', async () => {
    const copy = await TinyModelCopy.create();
    try {
      await copy.changeManifest(({ cameras }) => {
        cameras.push({ ...(cameras[0] as (typeof cameras)[number]), name: 'second', topic: 'second/image' });
      });
      const choice = robotChoice(undefined, { modelFolder: copy.folder });
      await expect(loadSubject(choice)).rejects.toThrow(
        /camera 'image' of model tiny: found camera camera in/,
      );
    } finally {
      await copy.remove();
    }
  });
});
