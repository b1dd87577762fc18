import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { JepaMpcError } from '../../core/errors.js';
import { cannot, isMissing, type FileUse } from '../../core/file-errors.js';
import { nearestName } from '../../core/names.js';
import type { RecordingInfo } from '../replay-protocol.js';

const ENDING = '.mcap';
/** The newest ones: a list of more is not read by anyone. */
const MOST_LISTED = 200;

const FILES: FileUse = {
  code: 'recording.folder',
  user: 'the dashboard',
  remedy: 'Correct its permissions, or start the dashboard with --recordings FOLDER.',
};

/** The recordings of one folder. A name is one of its list, and never a path. */
export class RecordingFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Files of this folder, without links, the newest first. A folder that is not there has none. @throws JepaMpcError `recording.folder` */
  async list(): Promise<readonly RecordingInfo[]> {
    try {
      const entries = await readdir(this.folder, { withFileTypes: true });
      const names = entries
        .filter((entry) => entry.isFile() && entry.name.endsWith(ENDING))
        .map(({ name }) => name);
      const infos = await Promise.all(names.map((name) => this.#infoOf(name)));
      return infos
        .filter((info) => info !== null)
        .sort((a, b) => b.modifiedMs - a.modifiedMs || a.name.localeCompare(b.name))
        .slice(0, MOST_LISTED);
    } catch (error) {
      if (isMissing(error)) return [];
      throw cannot('be read', this.folder, error, FILES);
    }
  }

  /** The path of a recording. @throws JepaMpcError `recording.name` for one that is not in the list; `recording.folder` */
  async find(name: string): Promise<string> {
    const names = (await this.list()).map((info) => info.name);
    if (names.includes(name)) return join(this.folder, name);
    const nearest = nearestName(name, names);
    throw new JepaMpcError('recording.name', {
      subject: `recording ${JSON.stringify(name)}`,
      found: `no such file in ${this.folder}`,
      expected: nearest === null ? 'a recording of the list' : `one of the list, such as ${nearest}`,
      remedy: 'List the recordings again: it may have been moved.',
    });
  }

  /** Null: it has gone meanwhile. */
  async #infoOf(name: string): Promise<RecordingInfo | null> {
    try {
      const { size: bytes, mtimeMs } = await stat(join(this.folder, name));
      return { name, bytes, modifiedMs: Math.round(mtimeMs) };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }
}
