import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layOut, scaledFrame } from '../../eval/demo/contact-sheet.js';
import { demoReportSchema, type DemoReport } from '../../eval/demo/demo-report.js';
import { episodeDrawing } from '../../eval/episodes/draw-episode.js';
import type { ObjectPose } from '../../eval/episodes/objects/object-move.js';
import { loadSubject } from '../../eval/episodes/subject.js';
import { taskOf } from '../../eval/episodes/tasks/registry.js';
import { toSetObjects } from '../../eval/ros/object-messages.js';
import { at } from '../../src/core/array-access.js';
import { robotChoice } from '../fixtures/robot-choice.js';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const MAIN = file('dist/eval/main.js');
const SCENE = file('examples/scenes/push-cube.yaml');
/** A model that was not trained with an object: it moves the arm, and pushes nothing on purpose. */
const CHOICE = robotChoice('urdf/ur5e.urdf', { modelFolder: file('models/ur5e-reach'), sceneFile: SCENE });
const SEED = 77;
const SIDE_PX = 128;
const PYTHON = process.env['JEPA_MPC_PYTHON'] ?? 'python3';

/** Of a contact sheet. */
const THUMBNAIL_PX = 96;
const FRAME_PX = 4;

let folder = '';
let running: { readonly process: ChildProcess; readonly ended: Promise<number | null> }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-push-'));
});

afterEach(async () => {
  for (const { process: child } of running) child.kill('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
  rmSync(folder, { recursive: true });
});

/** Starts a program; the test ends it. */
function start(
  command: string,
  args: readonly string[],
  input = '',
): { ended: Promise<number | null>; output: () => string } {
  const child = spawn(command, args, { cwd: folder, stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  running.push({ process: child, ended });
  return { ended, output: () => output };
}

function startDemo(...args: string[]): ReturnType<typeof start> {
  const robot = ['--urdf', CHOICE.urdfFile, '--model', CHOICE.modelFolder, '--scene', SCENE];
  const task = ['--task', 'push', '--seed', String(SEED), '--json', join(folder, 'demo.json')];
  return start(process.execPath, [MAIN, 'demo', '--headless', ...robot, ...task, ...args]);
}

function readReport(): DemoReport {
  return demoReportSchema.parse(JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')));
}

interface Shown {
  readonly positionRad: readonly number[];
  readonly pose: ObjectPose;
}

/** What the camera of the simulator shows with robot and cube there, at the size of a thumbnail `[96, 96, 3]`. */
async function rendered(pictures: readonly Shown[]): Promise<Buffer[]> {
  const request = {
    urdf: CHOICE.urdfFile,
    scene: SCENE,
    object: 'cube',
    pictures: pictures.map(({ positionRad: position, pose }) => {
      const rotation = toSetObjects('cube', pose).transforms[0]?.rotation;
      return { position, xyz: pose.xyz, quaternion: [rotation?.x, rotation?.y, rotation?.z, rotation?.w] };
    }),
  };
  const folders = [file('sim/common'), file('sim/mujoco'), process.env['PYTHONPATH'] ?? ''];
  const { stdout, stderr, status } = spawnSync(PYTHON, [file('tests/fixtures/render_scene.py')], {
    input: JSON.stringify(request),
    env: { ...process.env, PYTHONPATH: folders.filter(Boolean).join(delimiter) },
    maxBuffer: 1e9,
  });
  expect(status, stderr.toString()).toBe(0);
  const bytes = 3 * SIDE_PX * SIDE_PX;
  return Promise.all(
    pictures.map((_, index) => {
      const data = stdout.subarray(index * bytes, (index + 1) * bytes);
      const frame = {
        stampNs: 0n,
        width: SIDE_PX,
        height: SIDE_PX,
        encoding: 'rgb8',
        step: 3 * SIDE_PX,
        data,
      };
      return scaledFrame(frame, THUMBNAIL_PX).raw().toBuffer();
    }),
  );
}

/** The pictures of an episode on the contact sheet: at its start, and of its goal. */
async function thumbnails(episode: number, episodes: number): Promise<{ start: Buffer; goal: Buffer }> {
  const [left, top] = at(layOut(episodes).corners, episode);
  const cut = (column: number): Promise<Buffer> =>
    sharp(join(folder, 'demo.png'))
      .removeAlpha()
      .extract({
        left: left + FRAME_PX + column * (THUMBNAIL_PX + FRAME_PX),
        top: top + FRAME_PX,
        width: THUMBNAIL_PX,
        height: THUMBNAIL_PX,
      })
      .raw()
      .toBuffer();
  return { start: await cut(0), goal: await cut(1) };
}

/** Pixels that differ visibly. */
function differing(first: Buffer, second: Buffer): number {
  expect(first.length).toBe(second.length);
  let count = 0;
  for (let pixel = 0; pixel < first.length; pixel += 3) {
    const off = [0, 1, 2].map((channel) =>
      Math.abs(at(first, pixel + channel) - at(second, pixel + channel)),
    );
    if (Math.max(...off) > 24) count++;
  }
  return count;
}

async function drawnEpisodes(count: number) {
  const subject = await loadSubject(CHOICE);
  const draw = await episodeDrawing(taskOf('push', subject.robot), subject, {
    ...CHOICE,
    simulator: 'mujoco',
  });
  return Array.from({ length: count }, (_, episode) => draw(SEED, episode));
}

describe('the demo with an object to push', () => {
  it('shows the object at its goal, then begins with it at its start, and doing nothing does not succeed', async () => {
    const demo = startDemo('--lockstep', '--episodes', '2', '--episode-seconds', '1');
    expect(await demo.ended, demo.output()).toBe(0);
    const report = readReport();
    expect(report).toMatchObject({ task: { name: 'push' }, limitViolations: 0, episodeSeconds: 1 });
    expect(report.baselines.doNothing).toMatchObject({ successRate: 0 });
    expect(report.baselines.random).not.toBeNull();
    const drawn = await drawnEpisodes(2);
    for (const [index, { startRad, goalRad, object }] of drawn.entries()) {
      if (object === undefined) throw new TypeError('an episode without an object');
      expect(report.episodes[index]).toMatchObject({
        startRad,
        goalRad,
        object: { name: 'cube', startM: object.start.xyz, goalM: object.goal.xyz },
      });
      const [atStart, atGoal] = await rendered([
        { positionRad: startRad, pose: object.start },
        { positionRad: goalRad, pose: object.goal },
      ]);
      const shown = await thumbnails(index, 2);
      if (atStart === undefined || atGoal === undefined) throw new TypeError('no pictures');
      // The simulator's own rounding and half a period of motion change an edge at most.
      expect(differing(shown.start, atStart)).toBeLessThan(6);
      expect(differing(shown.goal, atGoal)).toBeLessThan(6);
      expect(differing(shown.start, atGoal)).toBeGreaterThan(20);
    }
  });

  it('judges the object where it is: at its goal, fallen off the table, or not moved', async () => {
    const drawn = await drawnEpisodes(3);
    const moves = drawn.slice(0, 2).map(({ object }, index) => ({
      from: object?.start.xyz,
      to: index === 0 ? object?.goal.xyz : [0.35, -1.2, 0.1],
    }));
    // The arm stands still, so that the object alone decides.
    const still = ['--planner-param', 'command.speed_scale=0'];
    const demo = startDemo('--no-baselines', '--episodes', '3', '--episode-seconds', '8', ...still);
    const hand = start(
      PYTHON,
      [file('tests/fixtures/move_object.py')],
      JSON.stringify({ object: 'cube', moves }),
    );
    expect(await demo.ended, demo.output() + hand.output()).toBe(0);
    const [placed, dropped, left] = readReport().episodes;
    expect(placed).toMatchObject({ success: true });
    expect(placed?.finalDistanceM).toBeLessThan(0.002);
    expect(dropped).toMatchObject({
      success: false,
      failure: "object 'cube' fell off what it rested on",
    });
    expect(dropped?.timeS).toBeLessThan(8);
    expect(demo.output()).toMatch(/2\/3 .* not reached .* failed: object 'cube' fell off what it rested on/);
    expect(left).toMatchObject({ success: false, timeS: 8 });
    expect(left?.finalDistanceM).toBeGreaterThanOrEqual(0.08 - 0.002);
  });

  it('is refused without a scene before anything is started', async () => {
    const args = ['demo', '--headless', '--task', 'push', '--json', join(folder, 'demo.json')];
    const demo = start(process.execPath, [MAIN, ...args]);
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toMatch(/error: --task push: found no --scene, .*Give one, such as --scene/s);
    expect(demo.output()).not.toContain('starting');
  });
});
