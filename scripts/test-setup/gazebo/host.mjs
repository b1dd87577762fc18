import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mirrorCandidates, readAptSources } from './apt-sources.mjs';
import { SetupError } from '../../setup/setup-error.mjs';
import { isOnPath, mayUseApt } from '../../setup/system-packages.mjs';

/** The release of Debian whose packages have Gazebo Classic 11. */
export const SUITE = 'bullseye';

/**
 * Names of processors, Node.js' to Debian's, for which the release has it.
 *
 * @type {Readonly<Record<string, string>>}
 */
const DEBIAN_ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/** Downloads one file with the proxies and certificates that the machine's apt is set up with. */
const APT_HELPER = '/usr/lib/apt/apt-helper';
const DOWNLOAD_TIMEOUT_S = 15;

/**
 * What the set-up of Gazebo asks the machine.
 *
 * @typedef {object} GazeboHost
 * @property {string} platform as in Node.js
 * @property {string} arch as in Node.js
 * @property {number | undefined} uid
 * @property {boolean} hasApt
 * @property {boolean} hasDebootstrap with the keys of Debian's archive
 * @property {boolean} mayInstall whether apt may install it
 * @property {(folder: string) => string | undefined} chrootBlocker why no chroot can be entered, or made in a folder
 * @property {(folder: string) => number} freeBytes of the file system of a folder
 * @property {() => { mirror: string } | { blocker: string }} findMirror one that has the release
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {GazeboHost}
 */
export function gazeboHost(env) {
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.(),
    hasApt: isOnPath('apt-get', env),
    hasDebootstrap: hasDebootstrap(env),
    mayInstall: mayUseApt(env),
    chrootBlocker,
    freeBytes: (folder) => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    findMirror: () => {
      const { sources, codename } = readAptSources();
      return findMirror(mirrorCandidates(sources, codename), releaseOf);
    },
  };
}

/** The keys that debootstrap holds an archive against. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean}
 */
function hasDebootstrap(env) {
  try {
    accessSync(KEYRING, constants.R_OK);
  } catch {
    return false;
  }
  return isOnPath('debootstrap', systemEnvironment(env));
}

/**
 * The environment of the operating system's tools and of everything in the chroot. What a user has set for programs of this machine
 * (libraries, folders for temporary files, locales) does not apply there.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function systemEnvironment(env) {
  const proxies = Object.entries(env).filter(([name]) => /^(https?|ftp|no|all)_proxy$/i.test(name));
  return {
    ...Object.fromEntries(proxies),
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LC_ALL: 'C',
    DEBIAN_FRONTEND: 'noninteractive',
  };
}

/**
 * What cannot be changed by running the same command again.
 *
 * @param {GazeboHost} host
 * @param {{ isGiven: boolean }} options isGiven: the chroot is the user's own, nothing is installed
 * @returns {string | undefined} why this machine cannot have Gazebo Classic; undefined when it may
 */
export function hostBlocker(host, { isGiven }) {
  const { platform, arch, uid } = host;
  if (platform !== 'linux') return `Gazebo Classic comes in a chroot of Linux, and this is ${platform}`;
  if (uid !== 0)
    return `Gazebo Classic comes in a chroot, which only root may enter, and this is user ${String(uid)}`;
  if (isGiven) return undefined;
  if (debianArchitecture(arch) === undefined)
    return `Debian ${SUITE} has Gazebo for amd64 and arm64, and this is ${arch}`;
  if (!host.hasApt)
    return `this is no relative of Debian (there is no apt-get), whose tools make the chroot of Gazebo Classic`;
  if (!host.hasDebootstrap && !host.mayInstall)
    return 'debootstrap with debian-archive-keyring is missing, and JEPA_MPC_SETUP_APT=0 forbids to install it';
  return undefined;
}

/**
 * @param {string} arch as in Node.js
 * @returns {string | undefined}
 */
export const debianArchitecture = (arch) => DEBIAN_ARCHITECTURES[arch];

/**
 * @param {GazeboHost} host
 * @param {string} folder where it would go
 * @param {number} bytes that are still to be written
 * @returns {string | undefined} why there is no room for it
 */
export function roomBlocker(host, folder, bytes) {
  const free = host.freeBytes(folder);
  if (free >= bytes) return undefined;
  const gigabytes = (/** @type {number} */ size) => (size / 1e9).toFixed(1);
  return `Gazebo Classic needs ${gigabytes(bytes)} GB in ${folder}, where ${gigabytes(free)} GB are free`;
}

/**
 * @param {string} folder
 */
export function makeWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new SetupError('gazebo.cache-not-writable', 'there is no place for Gazebo Classic', {
      found: error instanceof Error ? error.message : String(error),
      expected: `a folder ${folder} that can be written to`,
      remedy: 'name another folder for caches: XDG_CACHE_HOME=/somewhere npm run test:gazebo',
    });
  }
}

/**
 * In a container root may be root in name only.
 *
 * @param {string} folder
 * @returns {string | undefined}
 */
function chrootBlocker(folder) {
  const probe = mkdtempSync(join(folder, 'probe-'));
  const attempt = (/** @type {readonly string[]} */ [program = '', ...args]) =>
    spawnSync(program, args, { env: systemEnvironment({}), stdio: 'ignore' }).status === 0;
  try {
    if (!attempt(['chroot', '/', 'true']))
      return 'this container lets nobody change the root folder (chroot)';
    const device = join(probe, 'null');
    if (
      !attempt(['mknod', device, 'c', '1', '3']) ||
      !attempt(['dd', 'if=/dev/zero', `of=${device}`, 'count=1'])
    )
      return `device files cannot be made in ${folder}, as the chroot of Gazebo Classic needs them`;
    return undefined;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/**
 * @param {readonly string[]} candidates
 * @param {(mirror: string) => { text: string } | { blocker: string }} download the mirror's description of the release
 * @returns {{ mirror: string } | { blocker: string }} the first that has Debian's own release
 */
export function findMirror(candidates, download) {
  const blockers = [];
  for (const mirror of candidates) {
    const release = download(mirror);
    if ('text' in release && /^Origin: Debian$/m.test(release.text)) return { mirror };
    blockers.push(`${mirror}: ${'blocker' in release ? release.blocker : 'not an archive of Debian'}`);
  }
  return {
    blocker: `no mirror has Debian ${SUITE}, with Gazebo Classic 11, for this machine (${blockers.join('; ')})`,
  };
}

/**
 * @param {string} mirror
 * @returns {{ text: string } | { blocker: string }}
 */
function releaseOf(mirror) {
  const folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-mirror-'));
  const file = join(folder, 'Release');
  const url = `${mirror}/dists/${SUITE}/Release`;
  const options = ['http::Timeout', 'https::Timeout'].flatMap((name) => [
    '-o',
    `Acquire::${name}=${String(DOWNLOAD_TIMEOUT_S)}`,
  ]);
  try {
    const answer = spawnSync(APT_HELPER, [...options, 'download-file', url, file], { encoding: 'utf8' });
    if (answer.status === 0) return { text: readFileSync(file, 'utf8') };
    if (answer.error !== undefined) return { blocker: answer.error.message };
    return { blocker: /^E: Failed to fetch \S+\s+(.*)$/m.exec(answer.stderr)?.[1] ?? 'download failed' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
