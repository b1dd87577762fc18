import { fileURLToPath } from 'node:url';

/** Folder of the package: as many levels above this file in `src` as in `dist`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url));
