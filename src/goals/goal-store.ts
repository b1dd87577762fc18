import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { JepaMpcError } from '../core/errors.js';
import { cannot, isMissing, type FileUse } from '../core/file-errors.js';
import type { FrameSet, JointPositions, ModelCamera } from '../core/model-info.js';
import type { ImageFrame } from '../core/types.js';
import { decodeCompressed, isPicture } from '../perception/decode-compressed.js';
import { encodePng } from '../perception/encode-png.js';
import { greyRefused, isGrey } from '../perception/encodings.js';
import { dynamic, fixed, text } from '../core/parameter.js';

export const goalStoreParameters = {
  'goal.name': dynamic(
    text(),
    '',
    'Name that ~/save_goal and ~/load_goal use: letters, digits, _, - and dots.',
  ),
  'goal.file': dynamic(
    text(),
    '',
    'JPEG or PNG that ~/goal_from_file takes for the goal; for several cameras one each, separated by commas.',
  ),
  'goal.folder': fixed(
    text(),
    '',
    'Folder where goals are saved. Empty: jepa_mpc/goals in $ROS_HOME, which is ~/.ros by default.',
  ),
};

/** Letters, digits, `_`, `-` and `.`, the first a letter or digit: a name is that of a folder. */
const GOAL_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

const FILES: FileUse = {
  code: 'goal.file',
  user: 'the node',
  remedy: 'Correct the path (goal.file, goal.folder) or its permissions.',
};

/** Largest image file, bytes: more than a PNG of the largest picture that is decoded needs. */
const MAX_IMAGE_BYTES = 256 * 1024 * 1024;

/** Characters of a broken file that an error shows. */
const SHOWN = 100;

/** The part of a camera that its goals depend on. */
type GoalCamera = Pick<ModelCamera, 'name' | 'wanted'>;

/** Default folder of goals: next to the logs of ROS. */
export function defaultGoalFolder(env: NodeJS.ProcessEnv): string {
  return join(env['ROS_HOME'] ?? join(homedir(), '.ros'), 'jepa_mpc', 'goals');
}

/** Positions by name, rad or m, in the folder of a goal that was captured. No name of a camera leads to this file. */
const JOINTS_FILE = 'joints.json';

const jointsSchema = z.record(z.string(), z.number());

/** Start of the name of a folder that holds the former goal of a name while it is replaced. No goal has such a name. */
const FORMER = '.former-';

/** Goals on disk: a folder for each name, with a PNG for each camera of the model, and the joint positions where they are known. */
export class GoalStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Names, in alphabetical order. */
  async list(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true });
      const names = entries
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => (name.startsWith(FORMER) ? name.slice(FORMER.length) : name))
        .filter((name) => GOAL_NAME.test(name));
      return [...new Set(names)].sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw cannot('be read', this.#folder, error, FILES);
    }
  }

  /**
   * Saves a goal, in place of any of that name.
   *
   * @param cameras those of the model, in the order of the frames
   * @throws JepaMpcError `goal.name`, `goal.file`, `image.*`
   */
  async save(name: string, goal: FrameSet, cameras: readonly GoalCamera[]): Promise<void> {
    const folder = this.#folderOf(name);
    const images = await Promise.all(
      goal.frames.map((frame, index) =>
        encodePng(`goal ${name}, camera ${cameras[index]?.name ?? ''}`, frame),
      ),
    );
    // Written to a temporary folder first, whose name no goal can have: a goal is there as a whole or not at all.
    let temporary: string | null = null;
    try {
      await mkdir(this.#folder, { recursive: true });
      temporary = await mkdtemp(join(this.#folder, '.new-'));
      for (const [index, image] of images.entries())
        await writeFile(join(temporary, fileOf(cameras, index)), image);
      if (goal.joints !== undefined)
        await writeFile(join(temporary, JOINTS_FILE), `${JSON.stringify(goal.joints, null, 2)}\n`);
      // The former goal is kept until the new one is in its place: a node that is killed in between loses neither.
      const former = this.#formerOf(name);
      if (await isThere(folder)) {
        await rm(former, { recursive: true, force: true });
        await rename(folder, former);
      }
      await rename(temporary, folder);
      await rm(former, { recursive: true, force: true });
    } catch (error) {
      if (temporary !== null) await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
      throw cannot('be written', folder, error, FILES);
    }
  }

  /**
   * @returns the goal, without a stamp
   * @throws JepaMpcError `goal.name` for an unknown name, `goal.file`, `image.compressed`, `image.encoding`
   */
  async load(name: string, cameras: readonly GoalCamera[]): Promise<FrameSet> {
    let folder = this.#folderOf(name);
    const known = await this.list();
    if (!known.includes(name)) {
      throw new JepaMpcError('goal.name', {
        subject: 'goal name',
        found: `"${name}"`,
        expected: known.length === 0 ? 'a saved goal; there is none yet' : `one of ${known.join(', ')}`,
        remedy: 'Save it first with ~/save_goal, or name one that ~/list_goals lists.',
      });
    }
    if (!(await isThere(folder))) folder = this.#formerOf(name);
    const goal = await readGoalFiles(
      cameras.map((_, index) => join(folder, fileOf(cameras, index))),
      cameras,
    );
    const joints = await readJoints(join(folder, JOINTS_FILE));
    return joints === null ? goal : { ...goal, joints };
  }

  #formerOf(name: string): string {
    return join(this.#folder, `${FORMER}${name}`);
  }

  #folderOf(name: string): string {
    if (GOAL_NAME.test(name)) return join(this.#folder, name);
    throw new JepaMpcError('goal.name', {
      subject: 'goal name',
      found: `"${name}"`,
      expected: '1 to 64 letters, digits, _, - or ., the first a letter or a digit',
      remedy: 'Give it such a name: parameter goal.name, or goal_name of the action.',
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * A goal from image files, JPEG or PNG, one for each camera. It has no stamp.
 *
 * @throws JepaMpcError `goal.file`, `image.compressed`, `image.encoding` for grey where the model was trained on colours
 */
export async function readGoalFiles(
  files: readonly string[],
  cameras: readonly GoalCamera[],
): Promise<FrameSet> {
  const frames: ImageFrame[] = [];
  for (const [index, file] of files.entries()) {
    let data: Buffer;
    try {
      await assertReadable(file);
      data = await readFile(file);
    } catch (error) {
      throw cannot('be read', file, error, FILES);
    }
    const subject = `goal file ${file}`;
    if (!isPicture(data)) throw noPicture(subject);
    const wanted = cameras[index]?.wanted ?? 'grey';
    const frame = await decodeCompressed(subject, { stampNs: 0n, format: 'png', data }, 'grey');
    if (wanted === 'colour' && isGrey(frame.encoding))
      throw greyRefused(subject, 'a grey picture', 'Give a picture in colour, as the camera takes it.');
    frames.push(frame);
  }
  return { stampNs: 0n, frames };
}

/** Null for a goal that was saved without joint positions. @throws JepaMpcError `goal.file` */
async function readJoints(path: string): Promise<JointPositions | null> {
  let text: string;
  try {
    await assertReadable(path);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw cannot('be read', path, error, FILES);
  }
  try {
    return jointsSchema.parse(JSON.parse(text));
  } catch (error) {
    const start = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    throw new JepaMpcError('goal.file', {
      subject: path,
      found: text.trim() === '' ? 'nothing' : start,
      expected: 'joint positions by name: {"shoulder": 0.3}',
      remedy: 'Save the goal again, or delete this file: its pictures can be used without it.',
      cause: error,
    });
  }
}

function noPicture(subject: string): JepaMpcError {
  return new JepaMpcError('goal.file', {
    subject,
    found: 'something else than a picture',
    expected: 'a JPEG or PNG file',
    remedy: 'Name a picture in goal.file.',
  });
}

/** Whoever may set goal.file may name anything: a pipe would never end, and /dev/zero would fill the memory. */
async function assertReadable(path: string): Promise<void> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is no regular file');
  if (found.size > MAX_IMAGE_BYTES)
    throw new Error(`it has ${String(found.size)} bytes, at most ${String(MAX_IMAGE_BYTES)} are read`);
}

/** The name of a camera comes from the model, and may be any text: one that is no plain file name must not lead out of the folder. */
function fileOf(cameras: readonly GoalCamera[], index: number): string {
  const name = cameras[index]?.name ?? '';
  return `${GOAL_NAME.test(name) ? name : `camera${String(index)}`}.png`;
}
