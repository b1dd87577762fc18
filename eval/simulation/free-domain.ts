import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JepaMpcError } from '../../src/core/errors.js';
import { holdDomain } from '../demo/domain-hold.js';

/** ROS 2 recommends domains 0 to 101 on Linux; 0 is the default of every ROS program. */
const LAST_DOMAIN = 101;

/** Lock files of the set-up, which gives each of its runs a domain. */
const LOCKS = join(tmpdir(), 'jepa-mpc-domains');

/**
 * A ROS domain that no program on this machine uses, the first one after `after`, or after the last one from 1 on.
 *
 * @param after domain of this process
 * @param taken domains that are given away already; the one returned is added
 * @throws JepaMpcError environment.domain-in-use when none is free
 */
export async function findFreeDomain(after: number, taken: Set<number>): Promise<number> {
  for (let offset = 1; offset < LAST_DOMAIN; offset++) {
    const domain = ((after + offset - 1) % LAST_DOMAIN) + 1;
    if (taken.has(domain)) continue;
    // Before the wait: another search may run at the same time.
    taken.add(domain);
    if (await isFree(domain)) return domain;
    taken.delete(domain);
  }
  throw new JepaMpcError('environment.domain-in-use', {
    subject: 'ROS domains of this machine',
    found: `every one from 1 to ${LAST_DOMAIN} in use`,
    expected: 'a domain for each simulation',
    remedy: 'End other ROS programs, or run fewer simulations at a time with --jobs.',
  });
}

async function isFree(domain: number): Promise<boolean> {
  if (existsSync(join(LOCKS, `${domain}.lock`))) return false;
  try {
    (await holdDomain(String(domain)))();
  } catch {
    return false;
  }
  // Ports by which participants find each other (DDSI-RTPS 2.3, section 9.6.2.3).
  const base = 7400 + 250 * domain;
  return (await isPortFree(base)) && (await isPortFree(base + 10));
}

function isPortFree(port: number): Promise<boolean> {
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
