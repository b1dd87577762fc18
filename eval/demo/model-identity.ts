import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JepaMpcError } from '../../src/core/errors.js';
import { parseManifest } from '../../src/model/manifest.js';
import type { ModelManifest } from '../../src/model/manifest-schema.js';

/** Identifies the model of a run. */
export interface ModelIdentity {
  readonly name: string;
  /** SHA-256 of the manifest, which in turn holds the hashes of the graphs. */
  readonly sha256: string;
}

/**
 * Identity and manifest of the model in a folder. The planner node, not this function, checks the graphs.
 *
 * @throws JepaMpcError model.missing-file, model.manifest-invalid, model.unsupported
 */
export async function readModel(
  folder: string,
): Promise<{ readonly identity: ModelIdentity; readonly manifest: ModelManifest }> {
  const file = join(folder, 'manifest.json');
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new JepaMpcError('model.missing-file', {
      subject: file,
      found: 'no readable file',
      expected: 'the manifest of a model',
      remedy: 'Give the folder of a model with --model.',
      cause,
    });
  }
  const manifest = parseManifest(bytes.toString('utf8'), file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { identity: { name: manifest.name, sha256 }, manifest };
}
