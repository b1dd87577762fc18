import { tmpdir } from 'node:os';

/** @returns {string} a folder for temporary files without spaces in its path: make, node-gyp and CMake's generators take none */
export function spacelessTmpdir() {
  return /\s/.test(tmpdir()) ? '/tmp' : tmpdir();
}
