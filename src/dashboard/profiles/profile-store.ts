import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { JepaMpcError } from '../../core/errors.js';
import { cannot, isMissing, type FileUse } from '../../core/file-errors.js';
import { nearestName } from '../../core/names.js';

/** Letters, digits, `_`, `-` and `.`, the first a letter or digit: a name never leads out of the folder. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const ENDING = '.yaml';
/** A profile of every parameter has a few kilobytes. */
const MAX_BYTES = 1024 * 1024;

const FILES: FileUse = {
  code: 'profile.file',
  user: 'the dashboard',
  remedy: 'Correct its permissions, or start the dashboard with --profiles FOLDER.',
};

/** Where profiles are kept by default, as the XDG base directories have it. */
export function defaultProfilesFolder(env: NodeJS.ProcessEnv): string {
  const data = env['XDG_DATA_HOME'] ?? '';
  return join(data === '' ? join(homedir(), '.local', 'share') : data, 'jepa-mpc', 'profiles');
}

/** Profiles on disk: parameter files of ROS 2 in one folder, by their names. */
export class ProfileStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** In alphabetical order. @throws JepaMpcError `profile.file` */
  async list(): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith(ENDING))
        .map(({ name }) => name.slice(0, -ENDING.length))
        .filter((name) => NAME.test(name))
        .sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw cannot('be read', this.folder, error, FILES);
    }
  }

  /** The text of a profile; null if there is none of that name. @throws JepaMpcError `profile.name`, `profile.file` */
  async find(name: string): Promise<string | null> {
    const file = this.fileOf(name);
    try {
      const { size } = await stat(file);
      if (size > MAX_BYTES)
        throw new Error(`it has ${String(size)} bytes, at most ${String(MAX_BYTES)} are read`);
      return await readFile(file, 'utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw cannot('be read', file, error, FILES);
    }
  }

  /** @throws JepaMpcError `profile.name`, also for one that is not there; `profile.file` */
  async read(name: string): Promise<string> {
    const text = await this.find(name);
    return text ?? (await this.#unknown(name));
  }

  /** Writes a profile, in place of any of that name. Who reads it meanwhile gets the old one or the new one. @throws JepaMpcError `profile.name`, `profile.file` */
  async write(name: string, text: string): Promise<void> {
    const file = this.fileOf(name);
    const draft = `${file}.${String(process.pid)}.draft`;
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(draft, text);
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true });
      throw cannot('be written', file, error, FILES);
    }
  }

  /** @throws JepaMpcError `profile.name`, also for one that is not there; `profile.file` */
  async delete(name: string): Promise<void> {
    const file = this.fileOf(name);
    try {
      await rm(file);
    } catch (error) {
      if (isMissing(error)) await this.#unknown(name);
      throw cannot('be deleted', file, error, FILES);
    }
  }

  /** @throws JepaMpcError `profile.name` */
  fileOf(name: string): string {
    if (NAME.test(name)) return join(this.folder, `${name}${ENDING}`);
    throw new JepaMpcError('profile.name', {
      subject: 'name of a profile',
      found: JSON.stringify(name),
      expected: '1 to 64 letters, digits, _, - or ., the first a letter or a digit',
      remedy: 'Give it such a name.',
    });
  }

  async #unknown(name: string): Promise<never> {
    const names = await this.list();
    const nearest = nearestName(name, names);
    throw new JepaMpcError('profile.name', {
      subject: `profile ${name}`,
      found: `no such file in ${this.folder}`,
      expected: names.length === 0 ? 'a profile that was saved' : `one of ${names.join(', ')}`,
      remedy: nearest === null ? 'Name one that is there, or save it first.' : `Did you mean ${nearest}?`,
    });
  }
}
