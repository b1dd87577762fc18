import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { JepaMpcError } from '../../src/core/errors.js';

const named = z.object({ name: z.string().min(1) });

/** Identifies the model of a run. */
export interface ModelIdentity {
  readonly name: string;
  /** SHA-256 of the manifest, which in turn holds the hashes of the graphs. */
  readonly sha256: string;
}

/**
 * Name and hash of the model in a folder. The planner node, not this function, checks whether the model is valid.
 *
 * @throws JepaMpcError model.missing-file, model.manifest-invalid
 */
export async function identifyModel(folder: string): Promise<ModelIdentity> {
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
  return { name: readName(bytes, file), sha256: createHash('sha256').update(bytes).digest('hex') };
}

function readName(bytes: Buffer, file: string): string {
  try {
    return named.parse(JSON.parse(bytes.toString('utf8'))).name;
  } catch (cause) {
    throw new JepaMpcError('model.manifest-invalid', {
      subject: file,
      found: 'no JSON object with a name',
      expected: 'the manifest of a model',
      remedy: 'Export the model again, or give another folder with --model.',
      cause,
    });
  }
}
