import { createServer } from 'node:net';

import { JepaMpcError } from '../../src/core/errors.js';

/**
 * Reserves a ROS domain among the demos on this machine until this process ends. Discovery notices another demo too, but on a busy machine
 * only after the two have already exchanged messages.
 *
 * @param domain ROS_DOMAIN_ID
 * @returns a function that releases the domain
 * @throws JepaMpcError environment.domain-in-use
 */
export function holdDomain(domain: string): Promise<() => void> {
  const server = createServer();
  // A socket in Linux' abstract namespace leaves no file behind and disappears with the process.
  const path = `\0jepa-mpc-demo-domain-${domain}`;
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new JepaMpcError('environment.domain-in-use', {
          subject: `ROS domain ${domain}`,
          found: 'another demo running in it',
          expected: 'a domain of its own for the demo',
          remedy: 'Stop the other run, or set ROS_DOMAIN_ID to another number from 0 to 101.',
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
