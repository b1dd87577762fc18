import { delimiter, join, resolve } from 'node:path';
import { JepaMpcError } from '../../src/core/errors.js';
import type { ModelManifest } from '../../src/model/manifest-schema.js';
import { cameraTopics, goalTopics } from '../episodes/cameras.js';
import { LOCKSTEP_PERIOD_NS } from '../episodes/lockstep-driver.js';
import type { Subject } from '../episodes/subject.js';
import { simulatorArguments } from '../robot-choice.js';
import type { SessionOptions } from './options.js';
import { isPlanDelay } from './simulators.js';

/** A program of a session. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Lines of its output that are printed in any case. */
  readonly shows?: RegExp;
}

/**
 * The simulator of a session, with the joints of the model moved and all others held.
 *
 * @throws JepaMpcError `environment.missing` without a Python for it
 */
export function simulatorProgram(
  options: SessionOptions,
  { robot, manifest }: Subject,
  packageRoot: string,
): Program {
  const command = process.env['JEPA_MPC_PYTHON'];
  if (command === undefined) {
    throw new JepaMpcError('environment.missing', {
      subject: 'environment variable JEPA_MPC_PYTHON',
      found: 'nothing',
      expected: 'a Python with rclpy and what the simulator needs',
      remedy:
        'Start the demo with npm run demo, which brings one, or name one that has both: JEPA_MPC_PYTHON=python3.',
    });
  }
  const { simulator } = options;
  const viewer = simulator.hasViewer && !options.headless && (process.env['DISPLAY'] ?? '') !== '';
  const { PYTHONPATH } = process.env;
  const packages = ['common', simulator.name].map((name) => join(packageRoot, 'sim', name));
  const pythonPath = [...packages, ...(PYTHONPATH === undefined ? [] : [PYTHONPATH])];
  return {
    name: 'simulator',
    command,
    args: [
      ...['-m', simulator.module, '--urdf', options.urdfFile, '--seed', String(options.seed)],
      ...['--joints', robot.joints.join(',')],
      ...simulatorArguments(options),
      ...options.imperfections
        .filter((assignment) => !isPlanDelay(assignment))
        .map((assignment) => `--${assignment}`),
      ...(options.lockstep ? ['--lockstep', '--camera-rate', String(lockstepCameraRateHz(manifest))] : []),
      ...(viewer ? ['--viewer'] : []),
    ],
    env: { ...process.env, PYTHONPATH: pythonPath.join(delimiter), PYTHONUNBUFFERED: '1' },
  };
}

/** In lockstep the camera takes one image in each control period of the model, at most one in each of the simulator. */
function lockstepCameraRateHz({ action: { periodMs } }: ModelManifest): number {
  return Math.min(1000 / periodMs, 1e9 / Number(LOCKSTEP_PERIOD_NS));
}

/** The planner node of a session, with the acceleration limits of the simulator, and its images from the simulator's camera. */
export function plannerProgram(options: SessionOptions, { manifest }: Subject): Program {
  const [command = process.execPath, ...first] = options.plannerCommand;
  const parameters = {
    model: resolve(options.modelFolder),
    use_sim_time: String(options.lockstep || options.simulator.hasOwnClock),
    seed: String(options.seed),
    'limits.default_acceleration': String(options.defaultAcceleration),
    'limits.default_acceleration_m': String(options.defaultAccelerationM),
    ...(options.recordingFile !== null && {
      'recording.enabled': 'true',
      'recording.file': resolve(options.recordingFile),
    }),
  };
  const assignments = [
    ...Object.entries(parameters).map(([name, value]) => `${name}:=${value}`),
    ...options.plannerParameters.map((assignment) => assignment.replace('=', ':=')),
  ];
  return {
    name: 'planner node',
    command,
    args: [
      ...first,
      ...options.imperfections.filter(isPlanDelay).map((assignment) => `--${assignment}`),
      '--ros-args',
      ...[...cameraTopics(manifest), ...goalTopics(manifest)]
        .filter(([wanted, published]) => wanted !== published)
        .flatMap(([wanted, published]) => ['-r', `${wanted}:=${published}`]),
      ...assignments.flatMap((text) => ['-p', text]),
    ],
    env: process.env,
  };
}

/** The live page of a session. */
export function dashboardProgram([command = process.execPath, ...args]: readonly string[]): Program {
  return { name: 'dashboard', command, args, env: process.env, shows: /^dashboard: / };
}
