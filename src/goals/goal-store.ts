import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelCamera } from '../core/model-info.js';
import type { ImageFrame } from '../core/types.js';
import { decodeCompressed } from '../perception/decode-compressed.js';
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

/** Letters, digits, `_`, `-` and `.`, none of them first but a letter or digit: a name is that of a folder. */
const GOAL_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** What of a camera counts for its goals. */
type GoalCamera = Pick<ModelCamera, 'name' | 'wanted'>;

/** Where goals are kept unless told otherwise: beside the logs of ROS. */
export function defaultGoalFolder(env: NodeJS.ProcessEnv): string {
  return join(env['ROS_HOME'] ?? join(homedir(), '.ros'), 'jepa_mpc', 'goals');
}

/** Goals on disk: a folder for each name, with a PNG for each camera of the model. */
export class GoalStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Names, in the order of the alphabet. */
  async list(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() && GOAL_NAME.test(entry.name))
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw cannot('be read', this.#folder, error);
    }
  }

  /**
   * Keeps a goal; one of that name is replaced as a whole.
   *
   * @param cameras those of the model, in the order of the frames
   * @throws JepaMpcError `goal.name`, `goal.file`, or what the images are refused for
   */
  async save(name: string, goal: FrameSet, cameras: readonly GoalCamera[]): Promise<void> {
    const folder = this.#folderOf(name);
    const images = await Promise.all(
      goal.frames.map((frame, index) =>
        encodePng(`goal ${name}, camera ${cameras[index]?.name ?? ''}`, frame),
      ),
    );
    try {
      await mkdir(this.#folder, { recursive: true });
      // Written beside it first, under what is no name: a goal is there as a whole or not at all.
      const beside = await mkdtemp(join(this.#folder, '.new-'));
      for (const [index, image] of images.entries())
        await writeFile(join(beside, fileOf(cameras, index)), image);
      await rm(folder, { recursive: true, force: true });
      await rename(beside, folder);
    } catch (error) {
      throw cannot('be written', folder, error);
    }
  }

  /**
   * @returns the goal, without a stamp
   * @throws JepaMpcError `goal.name` for a name that is not there, `goal.file`, `image.compressed`, `image.encoding`
   */
  async load(name: string, cameras: readonly GoalCamera[]): Promise<FrameSet> {
    const folder = this.#folderOf(name);
    const known = await this.list();
    if (!known.includes(name)) {
      throw new JepaMpcError('goal.name', {
        subject: 'goal name',
        found: `"${name}"`,
        expected: known.length === 0 ? 'a saved goal; there is none yet' : `one of ${known.join(', ')}`,
        remedy: 'Save it first with ~/save_goal, or name one that ~/list_goals lists.',
      });
    }
    return readGoalFiles(
      cameras.map((_, index) => join(folder, fileOf(cameras, index))),
      cameras,
    );
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
      data = await readFile(file);
    } catch (error) {
      throw cannot('be read', file, error);
    }
    const wanted = cameras[index]?.wanted ?? 'grey';
    const subject = `goal file ${file}`;
    const frame = await decodeCompressed(subject, { stampNs: 0n, format: 'png', data }, 'grey');
    if (wanted === 'colour' && isGrey(frame.encoding))
      throw greyRefused(subject, 'a grey picture', 'Give a picture in colour, as the camera takes it.');
    frames.push(frame);
  }
  return { stampNs: 0n, frames };
}

function fileOf(cameras: readonly GoalCamera[], index: number): string {
  return `${cameras[index]?.name ?? `camera${String(index)}`}.png`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function cannot(what: string, path: string, cause: unknown): JepaMpcError {
  return new JepaMpcError('goal.file', {
    subject: path,
    found: `something that cannot ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: 'a file or folder that the node may use',
    remedy: 'Correct the path (goal.file, goal.folder) or its permissions.',
    cause,
  });
}
