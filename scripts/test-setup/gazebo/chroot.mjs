import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chrootEnvironment } from './cache.mjs';
import { SUITE } from './host.mjs';
import { ask } from '../../setup/run-command.mjs';
import { SetupError } from '../../setup/setup-error.mjs';
import { hashOf, readStamp, writeStamp } from '../../setup/steps.mjs';

/** Without X there is no rendering; without drivers of its own for the processor none of it either. */
const SIMULATOR = ['gazebo', 'gazebo-plugin-base', 'xvfb', 'libgl1-mesa-dri'];
const COMPILER = ['libgazebo-dev', 'g++', 'pkg-config'];

/**
 * Files of the chroot that keep it small and quiet: no services start, only required packages are installed, and manuals are left out.
 * After a power cut the chroot is made again, so dpkg need not wait for the disk after each file.
 *
 * @param {string} mirror
 * @returns {Readonly<Record<string, { text: string, mode?: number }>>}
 */
const settingsOf = (mirror) => ({
  'usr/sbin/policy-rc.d': { text: '#!/bin/sh\nexit 101\n', mode: 0o755 },
  'etc/apt/apt.conf.d/99jepa-mpc': {
    text: 'Acquire::Languages "none";\nAPT::Install-Recommends "false";\nAPT::Sandbox::User "root";\n',
  },
  'etc/dpkg/dpkg.cfg.d/jepa-mpc': {
    text: 'force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n',
  },
  'etc/apt/sources.list': { text: `deb ${mirror} ${SUITE} main\n` },
});

/** Files of the machine by which names of hosts are found. */
const NAME_RESOLUTION = ['etc/resolv.conf', 'etc/hosts'];

/** @typedef {import('../../setup/steps.mjs').Step & { bytes: number }} SizedStep bytes: how much it writes at most */

/**
 * The steps that make a Debian with Gazebo Classic in a folder. Each leaves a stamp when it is finished. An interrupted
 * base system is deleted; an interrupted installation of packages continues.
 *
 * @param {object} parts
 * @param {import('./cache.mjs').GazeboCache} parts.cache
 * @param {string} parts.architecture as Debian calls it
 * @param {() => string} parts.mirror
 * @param {NodeJS.ProcessEnv} parts.env
 * @param {typeof import('../../setup/run-command.mjs').runCommand} parts.run
 * @returns {SizedStep[]}
 */
export function chrootSteps({ cache, architecture, mirror, env, run }) {
  const commandEnv = chrootEnvironment(cache, env);
  const remedy = `fix what the log names and run the same command again; if that does not help, delete ${cache.folder} first`;
  /** @param {string} name @param {string} what @param {readonly string[]} command */
  const logged = (name, what, command) =>
    run(what, command, { logPath: join(cache.logs, `${name}.log`), env: commandEnv, remedy });

  const base = hashOf([SUITE, architecture, 'minbase']);
  const simulator = hashOf([base, ...SIMULATOR]);
  const compiler = hashOf([simulator, ...COMPILER]);
  const stampOf = (/** @type {string} */ name) => join(cache.stamps, `${name}.json`);
  const isStamped = (/** @type {string} */ name, /** @type {string} */ inputs) =>
    readStamp(stampOf(name))?.inputs === inputs && existsSync(join(cache.root, 'usr', 'bin', 'apt-get'));

  const bootstrap = async () => {
    refuseMounts(cache.root);
    rmSync(cache.stamps, { recursive: true, force: true });
    rmSync(cache.root, { recursive: true, force: true });
    // In its own mount namespace, debootstrap's mounts end with its last process. Where that is not permitted, mounting is not either.
    const own = ['unshare', '--mount', '--propagation', 'private'];
    const apart = ask([...own, 'true'], commandEnv) === undefined ? [] : own;
    await logged('debootstrap', `debootstrap of Debian ${SUITE}`, [
      ...apart,
      'debootstrap',
      '--variant=minbase',
      `--arch=${architecture}`,
      ...(mirror().startsWith('https:') ? ['--include=ca-certificates'] : []),
      SUITE,
      cache.root,
      mirror(),
    ]);
    writeStamp(stampOf('debootstrap'), base);
  };

  /** @param {string} name @param {string} inputs @param {readonly string[]} packages */
  const install = async (name, inputs, packages) => {
    for (const [path, { text, mode }] of Object.entries(settingsOf(mirror()))) {
      mkdirSync(dirname(join(cache.root, path)), { recursive: true });
      writeFileSync(join(cache.root, path), text, { mode: mode ?? 0o644 });
    }
    for (const path of NAME_RESOLUTION.filter((file) => existsSync(join('/', file)))) {
      // In the chroot it may be a link to nothing.
      rmSync(join(cache.root, path), { force: true });
      copyFileSync(join('/', path), join(cache.root, path));
    }
    const inside = ['chroot', cache.root];
    const apt = [...inside, 'apt-get', '-q', '-y'];
    const what = `installing ${packages.join(' ')} from Debian ${SUITE}`;
    try {
      await logged(`${name}-repair`, 'finishing packages that were cut off', [
        ...inside,
        'dpkg',
        '--configure',
        '-a',
      ]);
    } catch (error) {
      // A package whose dependencies are not unpacked yet. apt unpacks them below.
      if (!(error instanceof SetupError)) throw error;
    }
    await logged(`${name}-update`, `the list of packages of Debian ${SUITE}`, [...apt, 'update']);
    await logged(`${name}-fix`, what, [...apt, '--fix-broken', 'install']);
    await logged(name, what, [...apt, '--no-install-recommends', 'install', ...packages]);
    await logged(`${name}-clean`, what, [...inside, 'apt-get', 'clean']);
    writeStamp(stampOf(name), inputs);
  };

  return [
    {
      title: `Debian ${SUITE} in ${cache.root}`,
      bytes: 0.6e9,
      isDone: () => isStamped('debootstrap', base),
      make: bootstrap,
    },
    {
      title: 'Gazebo Classic 11 in it',
      bytes: 1.8e9,
      isDone: () => isStamped('gazebo', simulator),
      make: () => install('gazebo', simulator, SIMULATOR),
    },
    {
      title: 'its headers and a compiler in it',
      bytes: 1.6e9,
      isDone: () => isStamped('compiler', compiler),
      make: () => install('compiler', compiler, COMPILER),
    },
  ];
}

/**
 * Deleting a folder deletes what is mounted below it.
 *
 * @param {string} root
 */
function refuseMounts(root) {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${root}/`));
  if (mounts.length === 0) return;
  throw new SetupError(
    'gazebo.mounted',
    'the chroot of Gazebo Classic is to be made anew, but something is mounted in it',
    {
      found: mounts.join(', '),
      expected: 'nothing mounted: it would be deleted',
      remedy: `umount ${mounts.toReversed().join(' ')}`,
    },
  );
}
