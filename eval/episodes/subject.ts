import type { ModelManifest } from '../../src/model/manifest-schema.js';
import { readModel, type ModelIdentity } from '../demo/model-identity.js';
import type { RobotChoice } from '../robot-choice.js';
import { checkCameras } from './cameras.js';
import { loadRobot, urdfText, type DemoRobot } from './robot.js';

/** What a run runs with: a robot, and the model that moves it. */
export interface Subject {
  readonly robot: DemoRobot;
  readonly model: ModelIdentity;
  readonly manifest: ModelManifest;
}

/**
 * Reads the robot and the model of a run, so that a run that cannot succeed is refused before anything is started.
 *
 * @throws JepaMpcError `model.*`, `urdf.*`
 */
export async function loadSubject(choice: RobotChoice): Promise<Subject> {
  const { identity, manifest } = await readModel(choice.modelFolder);
  checkCameras(manifest, await urdfText(choice.urdfFile), choice.urdfFile);
  return { robot: await loadRobot(choice, manifest), model: identity, manifest };
}
