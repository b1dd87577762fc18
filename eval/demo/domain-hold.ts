import { createServer } from 'node:net';

import { JepaMpcError } from '../../src/core/errors.js';

/**
 * Keeps other demos on this machine out of a ROS domain for as long as this process lives. Discovery alone notices them too, but on a busy
 * machine only after they have talked to each other's nodes.
 *
 * @param domain ROS_DOMAIN_ID
 * @returns gives the domain back
 * @throws JepaMpcError environment.domain-in-use
 */
export function holdDomain(domain: string): Promise<() => void> {
  const server = createServer();
  // A socket in Linux' abstract namespace: no file to be left behind, and gone with the process.
  const path = `\0jepa-mpc-demo-domain-${domain}`;
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new JepaMpcError('environment.domain-in-use', {
          subject: `ROS domain ${domain}`,
          found: 'another demo in it',
          expected: 'a domain of its own for the demo',
          remedy: 'End the other run, or set ROS_DOMAIN_ID to another number from 0 to 101.',
          cause,
        }),
      );
    });
    server.listen({ path }, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}
