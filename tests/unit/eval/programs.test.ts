import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionOptions } from '../../../eval/demo/options.js';
import { plannerProgram, simulatorProgram } from '../../../eval/demo/programs.js';
import { SIMULATORS } from '../../../eval/demo/simulators.js';
import { loadSubject, type Subject } from '../../../eval/episodes/subject.js';
import { robotChoice } from '../../fixtures/robot-choice.js';

const choice = robotChoice('examples/three-joint-arm/three_joint_arm.urdf', { defaultAcceleration: 5 });
const options: SessionOptions = {
  ...choice,
  task: 'reach',
  simulator: SIMULATORS.mujoco,
  imperfections: [],
  seed: 3,
  lockstep: true,
  headless: true,
  recordingFile: null,
  plannerParameters: ['limits.jerk=off'],
  verbose: false,
  plannerCommand: ['node', 'planner.js'],
  dashboardCommand: null,
};
let subject: Subject;

beforeEach(async () => {
  vi.stubEnv('JEPA_MPC_PYTHON', 'python3');
  subject = await loadSubject(choice);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The value that follows an option. */
function valueOf(args: readonly string[], option: string): string | undefined {
  return args.includes(option) ? args[args.indexOf(option) + 1] : undefined;
}

describe('the programs of a session', () => {
  it('the simulator moves the joints of the model alone, with the acceleration of the option', () => {
    const { args } = simulatorProgram(options, subject, '/package');
    expect(valueOf(args, '--urdf')).toBe(choice.urdfFile);
    expect(valueOf(args, '--joints')).toBe('shoulder,elbow');
    expect(valueOf(args, '--default-acceleration')).toBe('5');
    for (const unchanged of ['--default-acceleration-m', '--tip', '--scene'])
      expect(args).not.toContain(unchanged);
  });

  it('the simulator gets the tip and the scene', () => {
    const chosen = { ...options, tipLink: 'hand_link', sceneFile: '/scenes/table.xml' };
    const { args } = simulatorProgram(chosen, subject, '/package');
    expect(valueOf(args, '--tip')).toBe('hand_link');
    expect(valueOf(args, '--scene')).toBe('/scenes/table.xml');
  });

  it('the simulator takes an image in each period of the model', () => {
    const { action } = subject.manifest;
    const withPeriod = (periodMs: number): Subject => ({
      ...subject,
      manifest: { ...subject.manifest, action: { ...action, periodMs } },
    });
    const rate = (periodMs: number): number =>
      Number(valueOf(simulatorProgram(options, withPeriod(periodMs), '/package').args, '--camera-rate'));
    expect(rate(100)).toBe(10);
    expect(rate(200)).toBe(5);
    // The simulator has no shorter period than 20 ms.
    expect(rate(10)).toBe(50);
  });

  it('the planner node has the same acceleration limit, before what the user sets', () => {
    const { args } = plannerProgram(options, subject);
    const parameters = args.filter((_, index) => args[index - 1] === '-p');
    expect(parameters).toContain('limits.default_acceleration:=5');
    expect(parameters).toContain('limits.default_acceleration_m:=0');
    expect(parameters.at(-1)).toBe('limits.jerk:=off');
  });

  it("the planner node gets the simulator's images on the topic of its camera", () => {
    const cameras = subject.manifest.cameras.map((camera) => ({ ...camera, topic: 'wrist' }));
    const program = plannerProgram(options, { ...subject, manifest: { ...subject.manifest, cameras } });
    expect(valueOf(program.args, '-r')).toBe('wrist:=image_raw');
  });

  it('the planner node gets images and goals of each of several cameras from the one of the same name', () => {
    const [camera] = subject.manifest.cameras;
    const named = (name: string, topic: string) => ({ ...(camera as typeof camera & object), name, topic });
    const cameras = [named('scene', 'image'), named('wrist-left', 'hand/image')];
    const { args } = plannerProgram(options, { ...subject, manifest: { ...subject.manifest, cameras } });
    expect(args.filter((_, index) => args[index - 1] === '-r')).toEqual([
      'image:=scene/image_raw',
      'hand/image:=wrist_left/image_raw',
      'goal_image/scene:=scene/goal_image',
      'goal_image/camera1:=wrist_left/goal_image',
    ]);
  });

  it('names the missing Python of the simulator', () => {
    vi.stubEnv('JEPA_MPC_PYTHON', undefined);
    expect(() => simulatorProgram(options, subject, '/package')).toThrow(/JEPA_MPC_PYTHON/);
  });
});
