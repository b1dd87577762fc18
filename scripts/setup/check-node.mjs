import { SetupError } from './setup-error.mjs';

/** The oldest Node.js that rclnodejs runs on. */
const OLDEST = [20, 20, 2];

/**
 * @param {string} version such as "20.20.2"
 * @returns {boolean}
 */
export function isNodeNewEnough(version) {
  const parts = version.split('.').map(Number);
  for (const [index, oldest] of OLDEST.entries()) {
    const part = parts[index] ?? 0;
    if (part !== oldest) return part > oldest;
  }
  return true;
}

/** @param {string} version */
export function checkNode(version) {
  if (isNodeNewEnough(version)) return;
  throw new SetupError('this Node.js is too old', {
    found: `Node.js ${version} (${process.execPath})`,
    expected: `Node.js ${OLDEST.join('.')} or later`,
    remedy:
      'install Node.js 24 (https://nodejs.org/en/download, or nvm install 24), then run the command again',
  });
}
