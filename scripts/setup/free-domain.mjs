import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from './setup-error.mjs';
import { tryLock } from './set-up-lock.mjs';

/** ROS 2 recommends domains 0 to 101 on Linux: above, DDS ports collide with the system's ephemeral ones. 0 is the default of every ROS program. */
export const FIRST_DOMAIN = 1;
export const LAST_DOMAIN = 101;

/**
 * The ports by which participants of a DDS domain find each other (DDSI-RTPS 2.3, section 9.6.2.3): the multicast port and the first
 * participant's own.
 *
 * @param {number} domain
 * @returns {number[]}
 */
export function discoveryPorts(domain) {
  const base = 7400 + 250 * domain;
  return [base, base + 10];
}

/**
 * @param {number} port
 * @returns {Promise<boolean>} whether nobody on this machine has the UDP port open
 */
function isPortFree(port) {
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: false });
    socket.once('error', () => {
      resolve(false);
    });
    socket.bind(port, () => {
      socket.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * Picks a ROS domain that no other run and no other ROS node on this machine uses, and holds it with a lock file that names this
 * process. The lock covers the time until the nodes open their ports; it ends with the process.
 *
 * @param {object} [options]
 * @param {string} [options.folder] where the lock files lie
 * @param {number} [options.start] the domain to try first
 * @param {(port: number) => Promise<boolean>} [options.isFree]
 * @returns {Promise<{ domain: number, lockPath: string }>}
 */
export async function holdFreeDomain({
  folder = join(tmpdir(), 'jepa-mpc-domains'),
  start = FIRST_DOMAIN + (process.pid % LAST_DOMAIN),
  isFree = isPortFree,
} = {}) {
  const count = LAST_DOMAIN - FIRST_DOMAIN + 1;
  for (let offset = 0; offset < count; offset += 1) {
    const domain = FIRST_DOMAIN + ((start - FIRST_DOMAIN + offset) % count);
    const ports = await Promise.all(discoveryPorts(domain).map((port) => isFree(port)));
    const lockPath = join(folder, `${domain}.lock`);
    if (ports.every(Boolean) && tryLock(lockPath)) return { domain, lockPath };
  }
  throw new SetupError('setup.no-free-domain', 'no ROS domain is free on this machine', {
    found: `domains ${FIRST_DOMAIN} to ${LAST_DOMAIN} in use, or ${folder} not writable`,
    expected: 'one that no other ROS node uses',
    remedy: `end other ROS programs, delete ${folder}, or choose a domain yourself: ROS_DOMAIN_ID=42 npm run demo`,
  });
}
