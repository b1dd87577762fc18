import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cannot, isMissing, type FileUse } from '../src/core/file-errors.js';

const OUTPUT: FileUse = {
  code: 'params.invalid',
  user: 'the run',
  remedy: 'Name another file or folder, or correct its permissions.',
};

/**
 * Makes the folders of files that a run writes at its end, so that a file that cannot be written is refused before the run.
 *
 * @throws JepaMpcError `params.invalid`
 */
export async function prepareFiles(files: readonly (string | null)[]): Promise<void> {
  for (const file of files) {
    if (file === null) continue;
    await prepareFolder(dirname(file));
    try {
      if ((await stat(file)).isDirectory()) throw new Error('it is a folder');
      await access(file, constants.W_OK);
    } catch (error) {
      if (!isMissing(error)) throw cannot('be written', file, error, OUTPUT);
    }
  }
}

/** Makes a folder that a run writes to. @throws JepaMpcError `params.invalid` */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw cannot('be written', folder, error, OUTPUT);
  }
}
