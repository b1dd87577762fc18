import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { GpuLibraries } from './gpu-libraries.js';

/** The folder with package.json above a file: the checkout, or the bundle of an installed package. */
function rootAbove(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
  readonly version: string;
};

/** The libraries of this installation. */
export const gpuLibraries = new GpuLibraries(
  join(rootAbove(fileURLToPath(import.meta.url)), '.prefix', 'gpu'),
  version,
);
gpuLibraries.loadRuntime();
