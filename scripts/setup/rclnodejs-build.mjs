import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { libpythonOf } from './ros-prefix.mjs';
import { rosAloneEnvironment } from './ros-source.mjs';
import { ask, runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import { spacelessTmpdir } from './layout.mjs';
import { filesBelow, hashOf, readStamp, removeStamp, writeStamp } from './steps.mjs';

/** Messages the node and the demo use; the generator reports success when it made none. */
const NEEDED_MESSAGES = [
  'diagnostic_msgs/msg/DiagnosticArray',
  'jepa_mpc_msgs/action/ReachGoal',
  'lifecycle_msgs/srv/ChangeState',
  'rcl_interfaces/msg/ParameterDescriptor',
  'rosgraph_msgs/msg/Clock',
  'sensor_msgs/msg/CameraInfo',
  'sensor_msgs/msg/CompressedImage',
  'sensor_msgs/msg/Image',
  'sensor_msgs/msg/JointState',
  'std_msgs/msg/Float64MultiArray',
  'std_srvs/srv/SetBool',
  'std_srvs/srv/Trigger',
  'trajectory_msgs/msg/JointTrajectory',
  'visualization_msgs/msg/MarkerArray',
];

/**
 * @param {import('./layout.mjs').Layout} layout
 * @returns {{ addon: string, addonStamp: string, generated: string, messagesStamp: string, interfaces: string }}
 */
function outputsOf(layout) {
  const release = join(layout.rclnodejs, 'build', 'Release');
  const generated = join(layout.rclnodejs, 'generated');
  return {
    addon: join(release, 'rclnodejs.node'),
    addonStamp: join(release, 'jepa-mpc-stamp.json'),
    generated,
    messagesStamp: join(generated, 'jepa-mpc-stamp.json'),
    interfaces: join(layout.rclnodejs, 'types', 'interfaces.d.ts'),
  };
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {string}
 */
function addonInputsOf(layout, source) {
  return hashOf([
    source.rclKey,
    libpythonOf(source),
    readFileSync(join(layout.rclnodejs, 'package.json')),
    process.arch,
  ]);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {string}
 */
function messagesInputsOf(layout, source) {
  return hashOf([
    source.amentPrefixPath,
    addonInputsOf(layout, source),
    ...actionsOf(layout).map((file) => readFileSync(file)),
  ]);
}

/** @param {import('./layout.mjs').Layout} layout */
const actionsOf = ({ interfaces }) => filesBelow(interfaces, (name) => name.endsWith('.action'));

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {boolean}
 */
export function addonIsBuilt(layout, source) {
  const { addon, addonStamp } = outputsOf(layout);
  return existsSync(addon) && readStamp(addonStamp)?.inputs === addonInputsOf(layout, source);
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {boolean}
 */
export function messagesAreGenerated(layout, source) {
  return readStamp(outputsOf(layout).messagesStamp)?.inputs === messagesInputsOf(layout, source);
}

/**
 * Writes what makes the generator see the actions of this checkout: an ament prefix with their sources alone. So their JavaScript and
 * types are always there, whether or not jepa_mpc_msgs is built.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {string} prefix
 */
function writeActionPrefix(layout, prefix) {
  const share = join(prefix, 'share');
  const index = join(share, 'ament_index', 'resource_index', 'rosidl_interfaces');
  mkdirSync(index, { recursive: true });
  const paths = actionsOf(layout).map((file) => relative(layout.interfaces, file));
  for (const path of paths) cpSync(join(layout.interfaces, path), join(share, 'jepa_mpc_msgs', path));
  writeFileSync(join(index, 'jepa_mpc_msgs'), `${paths.join('\n')}\n`);
}

/**
 * Copies rclnodejs to a folder without spaces in its path, which make and node-gyp need, next to a view of the ROS 2 prefix. The view
 * holds a placeholder `ros2`: rclnodejs looks for the prefix two folders above that program, and the wheels do not contain one.
 *
 * @template T
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 * @param {(workshop: { rclnodejs: string, ros: string, env: NodeJS.ProcessEnv }) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function inWorkshop(layout, source, env, work) {
  const workshop = mkdtempSync(join(spacelessTmpdir(), 'jepa-mpc-rclnodejs-'));
  try {
    const ros = join(workshop, 'ros');
    mkdirSync(join(ros, 'bin'), { recursive: true });
    for (const folder of ['lib', 'include', 'share'])
      symlinkSync(join(source.prefix, folder), join(ros, folder));
    const placeholder = join(ros, 'bin', 'ros2');
    writeFileSync(placeholder, '#!/bin/sh\nexit 1\n');
    chmodSync(placeholder, 0o755);
    // The generator starts whatever `node` is on the PATH.
    symlinkSync(process.execPath, join(ros, 'bin', 'node'));

    const rclnodejs = join(workshop, 'rclnodejs');
    cpSync(layout.rclnodejs, rclnodejs, {
      recursive: true,
      filter: (path) => !['generated', 'prebuilds'].some((name) => path === join(layout.rclnodejs, name)),
    });
    symlinkSync(layout.nodeModules, join(workshop, 'node_modules'));
    // Node.js resolves links, so a header package behind the one above would be back in the path with spaces.
    const headers = 'node-addon-api';
    cpSync(join(layout.nodeModules, headers), join(rclnodejs, 'node_modules', headers), { recursive: true });

    const actions = join(workshop, 'actions');
    writeActionPrefix(layout, actions);
    const loadEnv = rosAloneEnvironment(source, env);
    const amentPrefixPath = source.kind === 'private' ? ros : source.amentPrefixPath;
    return await work({
      rclnodejs,
      ros,
      env: {
        ...loadEnv,
        PATH: `${join(ros, 'bin')}:${loadEnv['PATH'] ?? ''}`,
        // The first prefix wins: a jepa_mpc_msgs of the user's own comes before the sources.
        AMENT_PREFIX_PATH: `${amentPrefixPath}:${actions}`,
      },
    });
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/**
 * Whether rclnodejs brings a binary for exactly this ROS 2 and operating system. It does not work with a prefix made
 * of wheels, whose libraries need libpython.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @returns {boolean}
 */
function hasPrebuilt(layout, source) {
  if (libpythonOf(source) !== '' || !existsSync('/etc/os-release')) return false;
  const codename = /^UBUNTU_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  const file = `${source.distro}-${codename}-${process.arch}-node-rclnodejs.node`;
  return existsSync(join(layout.rclnodejs, 'prebuilds', `linux-${process.arch}`, file));
}

/**
 * Where the headers for native addons are. rclnodejs uses Node-API and libuv alone, so headers of any Node.js
 * from 20 on give the same addon; those of the running one come first.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [execPath] the running Node.js
 * @returns {string | undefined} a folder with include/node/node.h; undefined when there is none and node-gyp has to download them
 */
function findNodeHeaders(env, execPath = process.execPath) {
  const gypCache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'node-gyp');
  const candidates = [
    dirname(dirname(realpathSync(execPath))),
    env['npm_config_nodedir'],
    ...(existsSync(gypCache)
      ? readdirSync(gypCache)
          .sort()
          .reverse()
          .map((version) => join(gypCache, version))
      : []),
    '/usr/local',
    '/usr',
  ];
  return candidates.find(
    (folder) =>
      folder !== undefined &&
      existsSync(join(folder, 'include', 'node', 'node_api.h')) &&
      existsSync(join(folder, 'include', 'node', 'uv.h')),
  );
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 */
export async function buildAddon(layout, source, env) {
  const { addon, addonStamp } = outputsOf(layout);
  removeStamp(addonStamp);
  if (hasPrebuilt(layout, source)) {
    checkItLoads(layout, source, env); // rclnodejs puts its binary where a built one would be
    writeStamp(addonStamp, addonInputsOf(layout, source));
    return;
  }
  await inWorkshop(layout, source, env, async (workshop) => {
    const libpython = libpythonOf(source);
    const headers = findNodeHeaders(env);
    const nodeGyp = join(layout.nodeModules, 'node-gyp', 'bin', 'node-gyp.js');
    const jobs = String(availableParallelism());
    // --no-as-needed: nothing of the addon itself uses libpython, the ROS libraries behind it do.
    const linkLibpython = `-L${join(workshop.ros, 'lib')} -Wl,--no-as-needed -l:${libpython} -Wl,--as-needed`;
    await runCommand(
      'compiling rclnodejs',
      [
        process.execPath,
        nodeGyp,
        'rebuild',
        '-j',
        jobs,
        ...(headers === undefined ? [] : [`--nodedir=${headers}`]),
      ],
      {
        cwd: workshop.rclnodejs,
        logPath: join(layout.logs, 'rclnodejs-build.log'),
        env: libpython === '' ? workshop.env : { ...workshop.env, LDFLAGS: linkLibpython },
        remedy:
          headers === undefined
            ? 'this Node.js came without its headers and they could not be downloaded: install Node.js from nodejs.org or your ' +
              'distribution (with libnode-dev), or set npm_config_nodedir to a folder with include/node, then run this again'
            : 'fix what the log names, then run the same command again; finished steps are kept',
      },
    );
    mkdirSync(join(layout.rclnodejs, 'build', 'Release'), { recursive: true });
    const partial = `${addon}.${process.pid}`;
    cpSync(join(workshop.rclnodejs, 'build', 'Release', 'rclnodejs.node'), partial);
    renameSync(partial, addon);
  });
  checkItLoads(layout, source, env);
  writeStamp(addonStamp, addonInputsOf(layout, source));
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 */
function checkItLoads(layout, source, env) {
  const loader = join(layout.rclnodejs, 'lib', 'native_loader.js');
  const load = `await import(${JSON.stringify(new URL(`file://${encodeURI(loader)}`).href)})`;
  if (
    ask([process.execPath, '--input-type=module', '-e', load], rosAloneEnvironment(source, env)) !== undefined
  )
    return;
  throw new SetupError('setup.addon-does-not-load', 'the compiled rclnodejs does not load', {
    found: `Node.js ${process.versions.node} refuses ${loader} with ROS 2 ${source.distro} in ${source.prefix}`,
    expected: 'that it loads',
    remedy:
      'delete node_modules and .prefix and run the same command again; if it stays, report it with .prefix/logs',
  });
}

/**
 * @param {import('./layout.mjs').Layout} layout
 * @param {import('./ros-source.mjs').RosSource} source
 * @param {NodeJS.ProcessEnv} env
 */
export async function generateMessages(layout, source, env) {
  const { generated, interfaces, messagesStamp } = outputsOf(layout);
  const logPath = join(layout.logs, 'rclnodejs-messages.log');
  removeStamp(messagesStamp);
  await inWorkshop(layout, source, env, async (workshop) => {
    await runCommand(
      'generating the ROS messages',
      [process.execPath, join('scripts', 'generate_messages.cjs')],
      {
        cwd: workshop.rclnodejs,
        logPath,
        env: workshop.env,
      },
    );
    // The generator loads the addon for its second half, the types. That it failed shows only in its output.
    const made = join(workshop.rclnodejs, 'generated');
    const absent = NEEDED_MESSAGES.filter((name) => {
      const [folder = ''] = name.split('/');
      return !existsSync(join(made, folder, `${name.replaceAll('/', '__')}.js`));
    });
    if (absent.length > 0) {
      throw new SetupError('setup.messages-missing', 'ROS messages are missing', {
        found: `nothing generated for ${absent.join(', ')} from ${source.amentPrefixPath} (log: ${logPath})`,
        expected: 'the packages of these messages installed in that ROS 2',
        remedy:
          source.kind === 'sourced'
            ? `sudo apt-get install -y ros-${source.distro}-common-interfaces ros-${source.distro}-lifecycle-msgs`
            : 'delete .prefix/ros and run the same command again',
      });
    }
    rmSync(generated, { recursive: true, force: true });
    cpSync(made, generated, { recursive: true });
    cpSync(join(workshop.rclnodejs, 'types', 'interfaces.d.ts'), interfaces);
  });
  writeStamp(messagesStamp, messagesInputsOf(layout, source));
}
