import { readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { delimiter } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { removeSignalHandlers } from '../../ros/node/rclnodejs-patches.js';
import { securelyLater } from '../../ros/security/secured-node.js';
import { Dashboard, servicesOf } from '../dashboard.js';
import { PROTOCOL_VERSION } from '../protocol.js';
import type { AccessToken } from '../server/access-token.js';
import { listen } from '../server/listen.js';
import type { DashboardServer } from '../server/listen.js';
import { RclnodejsPort } from './rclnodejs-port.js';

/** Nice value: what people look at must not take the processor from what moves the robot. */
const NICENESS = 10;
/** The process is ended if it has not ended by itself this long after it was asked to. */
const EXIT_TIMEOUT_MS = 4000;
const BAD_INPUT = 2;

export interface RunDashboardOptions {
  /** Name of the planner node; relative to the namespace of the dashboard, or full. */
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly token: AccessToken;
  readonly profilesFolder: string;
  readonly recordingsFolder: string;
  /** Script of the process that replays recordings. */
  readonly replayEntry: URL;
  /** Arguments for ROS, from `--ros-args` on. */
  readonly rosArguments: readonly string[];
}

/** Runs the dashboard until SIGINT or SIGTERM. Status 2: the port or another argument was refused, and the line on stderr says why. */
export async function runDashboard(options: RunDashboardOptions): Promise<void> {
  let isRosUp = false;
  let isEnding = false;
  const closings: (() => void | Promise<void>)[] = [];
  const end = async (status: number): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    process.exitCode = status;
    setTimeout(() => process.exit(), EXIT_TIMEOUT_MS).unref();
    for (const close of closings) await close();
    // rclnodejs 2.2.0 runs the event loop from inside its shutdown. In the middle of a callback of a socket, such as the one that ended the last
    // connection, that breaks an assertion of libuv.
    await setImmediate();
    if (isRosUp) rclnodejs.shutdown();
  };
  process.on('SIGINT', () => void end(0));
  process.on('SIGTERM', () => void end(0));
  process.on('uncaughtException', (error) => {
    console.error(error);
    void end(1);
  });
  removeSignalHandlers(rclnodejs);
  // Before ROS starts its threads, which keep the nice value of the one that starts them.
  if (getPriority() < NICENESS) setPriority(NICENESS);
  await securelyLater('dashboard', process.env, () =>
    rclnodejs.init(rclnodejs.Context.defaultContext(), [...options.rosArguments]),
  );
  isRosUp = true;
  try {
    const server = await start(options, closings);
    // Not through the log of ROS: everyone in the ROS domain, and every recording, would get the token.
    console.log(`dashboard: ${server.url}`);
  } catch (error) {
    console.error(error instanceof JepaMpcError ? error.message : error);
    await end(error instanceof JepaMpcError ? BAD_INPUT : 1);
  }
}

async function start(
  { node, host, port, token, profilesFolder, recordingsFolder, replayEntry }: RunDashboardOptions,
  closings: (() => void | Promise<void>)[],
): Promise<DashboardServer> {
  const ros = new RclnodejsPort();
  const { log } = ros;
  const planner = ros.fullName(node);
  for (const [type, service] of servicesOf(planner)) ros.prepare(type, service);
  const nowMs = (): number => performance.now();
  const packagePrefixes = (process.env['AMENT_PREFIX_PATH'] ?? '').split(delimiter).filter((it) => it !== '');
  const dashboard = new Dashboard({
    ...{ ros, node: planner, profilesFolder, recordingsFolder, replayEntry, packagePrefixes, log, nowMs },
  });
  // Pages first: the server ends when the last connection has ended.
  closings.push(() => {
    dashboard.close();
  });
  const server = await listen({
    host,
    port,
    token,
    pageFolder: fileURLToPath(new URL('../../../dashboard/ui', import.meta.url)),
    robot: () => dashboard.robot,
    replay: dashboard.replays,
    hub: dashboard.hub,
    hello: {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      version: packageVersion(),
      node: planner,
      profilesFolder,
    },
    log,
    nowMs,
  });
  closings.push(() => server.close());
  ros.spin();
  return server;
}

/** Of the package that this program is installed in. */
function packageVersion(): string {
  const file = new URL('../../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
