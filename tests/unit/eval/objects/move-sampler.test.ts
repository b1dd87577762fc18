import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampleMove } from '../../../../eval/episodes/objects/move-sampler.js';
import { pushSpaceOf, type PushSpace } from '../../../../eval/episodes/objects/push-space.js';
import { readScene, type SceneObject } from '../../../../eval/episodes/objects/scene.js';
import { loadRobot, type DemoRobot } from '../../../../eval/episodes/robot.js';
import { robotChoice } from '../../../fixtures/robot-choice.js';
import { thrownBy } from '../../../fixtures/robot.js';

const file = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const urdfText = readFileSync(file('urdf/ur5e.urdf'), 'utf8');
const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow', 'wrist_1', 'wrist_2', 'wrist_3'];

const seeds = fc.nat(2147483647);
const episodes = fc.nat(10_000);

let robot: DemoRobot;
let cube: SceneObject;
let space: PushSpace;

beforeAll(async () => {
  robot = await loadRobot(robotChoice('urdf/ur5e.urdf'), {
    name: 'ur5e',
    action: { joints: JOINTS.map((name) => `${name}_joint`) },
  });
  const [only] = await readScene(file('examples/scenes/push-cube.yaml'));
  if (only === undefined) return;
  cube = only;
  space = spaceWith([cube]);
});

function spaceWith(scene: readonly SceneObject[], text = urdfText): PushSpace {
  const [object = cube] = scene;
  return pushSpaceOf({ robot, urdfText: text, scene, object, cameras: null });
}

describe('an episode that moves an object', () => {
  it('asks for 8 to 25 cm, between places that the tip reaches, and on the surface', () => {
    fc.assert(
      fc.property(seeds, episodes, (seed, episode) => {
        const { object } = sampleMove(seed, episode, space);
        const [from, to] = [object.start.xyz, object.goal.xyz];
        const apartM = Math.hypot(to[0] - from[0], to[1] - from[1]);
        expect(apartM).toBeGreaterThanOrEqual(0.08);
        expect(apartM).toBeLessThanOrEqual(0.25);
        for (const [x, y, z] of [from, to]) {
          expect(space.places.has([x, y])).toBe(true);
          expect(z).toBe(0.03);
          // The table of the robot.
          expect(Math.abs(x - 0.35)).toBeLessThan(0.75 - 0.0424);
          expect(Math.abs(y)).toBeLessThan(0.9 - 0.0424);
        }
        expect(object).toMatchObject({ name: 'cube', surfaceM: 0 });
        // It stands on the same face.
        for (const { rpy } of [object.start, object.goal]) expect(rpy.slice(0, 2)).toEqual([0, 0]);
        expect(object.start.rpy[2]).not.toBe(object.goal.rpy[2]);
      }),
      { numRuns: 60 },
    );
  });

  it('begins with the robot above the object, free of collisions, and shows it at the goal as it begins', () => {
    fc.assert(
      fc.property(seeds, episodes, (seed, episode) => {
        const { startRad, goalRad } = sampleMove(seed, episode, space);
        expect(robot.fingertipOf(startRad)[2]).toBeGreaterThanOrEqual(0.06 + 0.05);
        expect(robot.isAllowed(startRad)).toBe(true);
        for (const [joint, [lower, upper]] of robot.ranges.entries()) {
          expect(startRad[joint]).toBeGreaterThanOrEqual(lower);
          expect(startRad[joint]).toBeLessThanOrEqual(upper);
        }
        expect(goalRad).toEqual(startRad);
      }),
      { numRuns: 30 },
    );
  });

  it('depends on seed and episode alone', () => {
    const again = spaceWith([cube]);
    fc.assert(
      fc.property(seeds, episodes, (seed, episode) => {
        const drawn = sampleMove(seed, episode, space);
        expect(sampleMove(seed, episode, again)).toEqual(drawn);
        expect(sampleMove(seed, episode + 1, space)).not.toEqual(drawn);
        expect(sampleMove(seed ^ 1, episode, space)).not.toEqual(drawn);
      }),
      { numRuns: 15 },
    );
  });
});

describe('where an object may be', () => {
  /** The tip at (0.56, 0.13), 0.29 m above the table. */
  const pose = [0, -1.4, 1.6, -1.8, -1.57, 0];

  it('is where the tip reaches: before the arm, and neither at its base nor beyond its reach', () => {
    expect(space.places.has([0.5, 0.1])).toBe(true);
    expect(space.places.has([0, 0])).toBe(false);
    expect(space.places.has([1, 0])).toBe(false);
  });

  it('is in the picture of the camera that does not move', () => {
    const zoomed = urdfText.replace('<horizontal_fov>0.8<', '<horizontal_fov>0.5<');
    const narrow = spaceWith([cube], zoomed);
    expect(narrow.isFree([0.3, 0.4])).toBe(true);
    // Near the camera, and so low in its picture.
    expect(space.isFree([0.5, -0.3])).toBe(true);
    expect(narrow.isFree([0.5, -0.3])).toBe(false);
    expect(narrow.places.has([0.5, -0.3])).toBe(false);
  });

  it('is not over an edge of the table, nor where another object stands', () => {
    const high: SceneObject = {
      ...cube,
      name: 'wall',
      isFree: false,
      shape: { kind: 'box', size: [0.05, 0.3, 0.2] },
      xyz: [0.5, 0, 0.1],
    };
    const walled = spaceWith([cube, high]);
    expect(space.isFree([0.5, 0])).toBe(true);
    expect(walled.isFree([0.5, 0])).toBe(false);
    expect(walled.isFree([0.5, -0.35])).toBe(true);
    const shelf: SceneObject = {
      ...high,
      shape: { kind: 'box', size: [0.3, 0.3, 0.02] },
      xyz: [0.5, 0, 0.01],
    };
    expect(spaceWith([cube, shelf]).isFree([0.5 + 0.15, 0])).toBe(false);
  });

  it('is not under the robot, and not behind it as the camera sees it', () => {
    const [x = 0, y = 0] = robot.fingertipOf(pose);
    expect(space.isInSight(pose, [x, y])).toBe(false);
    expect(space.isInSight(pose, [0.26, 0])).toBe(false);
    expect(space.isInSight(pose, [x, y - 0.3])).toBe(true);
    // On the line of sight from the camera at (1.2, -1.2, 0.75) through the tool.
    const tool = [x, y, 0.35];
    const share = (0.75 - 0.03) / (0.75 - (tool[2] ?? 0));
    const behind = [1.2 + share * (x - 1.2), -1.2 + share * (y + 1.2)] as const;
    expect(space.isInSight(pose, behind)).toBe(false);
  });
});

describe('an object that cannot be pushed', () => {
  it('is refused where it rests on nothing', () => {
    for (const xyz of [
      [2, 0, 0.03],
      [0.45, 0.15, 0.08],
      [0.45, 0.15, -0.005],
    ] as const) {
      const { code, facts } = thrownBy(() => spaceWith([{ ...cube, xyz }]));
      expect(code).toBe('params.invalid');
      expect(facts.subject).toBe("object 'cube' of the scene");
      expect(facts.remedy).toContain('fixed table');
    }
  });

  it('is refused where the tip does not get', () => {
    const low: SceneObject = {
      ...cube,
      name: 'floor',
      isFree: false,
      shape: { kind: 'box', size: [9, 9, 0.1] },
      xyz: [0, 0, -1],
    };
    const { facts } = thrownBy(() => spaceWith([{ ...cube, xyz: [1.5, 0, -0.92] }, low]));
    expect(facts.found).toContain('no place in view');
  });

  it('is refused where nothing of the table is left for it', () => {
    const nowhere = { ...space, isFree: () => false };
    expect(thrownBy(() => sampleMove(1, 0, nowhere)).facts.found).toContain('in 10000 draws');
  });
});
