import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders that hold no sources of the project, wherever they lie. */
const SKIPPED = new Set([
  'node_modules',
  'dist',
  'runs',
  'build',
  '__pycache__',
  '.git',
  '.venv',
  '.pytest_cache',
]);

/** The root of the repository, with a trailing slash. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** All files at or below a path, by paths from the root of the repository. */
export function filesBelow(path: string): string[] {
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path), { withFileTypes: true }).flatMap((entry) => {
    const below = join(path, entry.name);
    if (entry.isFile()) return [below];
    const isSource = !SKIPPED.has(entry.name) && !entry.name.endsWith('.egg-info');
    return entry.isDirectory() && isSource ? filesBelow(below) : [];
  });
}
