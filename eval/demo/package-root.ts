import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Folder that holds models, robots and the simulator: the checkout, or the share folder of the installed package.
 *
 * @param file a file of the package
 * @param amentPrefixPath prefixes to search when no folder above the file is the root, as with `colcon build --symlink-install`
 */
export function findPackageRoot(file: string, amentPrefixPath: string): string {
  const above = foldersAbove(file);
  const installed = amentPrefixPath.split(delimiter).map((prefix) => join(prefix, 'share', 'jepa_mpc'));
  const root = [...above, ...installed].find((folder) => existsSync(join(folder, 'package.xml')));
  // A copy of a checkout without its package.xml.
  const copy = above.find((folder) => existsSync(join(folder, 'package.json')));
  return `${root ?? copy ?? '.'}/`;
}

function foldersAbove(file: string): string[] {
  const folder = dirname(file);
  return folder === file ? [] : [folder, ...foldersAbove(folder)];
}

/** The package root of the running program, with a trailing slash. */
export const PACKAGE_ROOT = findPackageRoot(
  fileURLToPath(import.meta.url),
  process.env['AMENT_PREFIX_PATH'] ?? '',
);

/** Description of the demo's robot. */
export const DEMO_URDF = join(PACKAGE_ROOT, 'urdf', 'reacher.urdf');

/** Folder of the shipped model. */
export const DEMO_MODEL = join(PACKAGE_ROOT, 'models', 'reacher');
