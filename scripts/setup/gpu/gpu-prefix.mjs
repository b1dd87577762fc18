import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { runCommand } from '../run-command.mjs';
import { SetupError } from '../setup-error.mjs';
import { hashOf, readStamp, writeStamp } from '../steps.mjs';
import { pipArguments, requirementOf, wheelFolder, wheelsFor } from './wheels.mjs';

const STAMP_NAME = '.jepa-mpc-stamp.json';

/** Says which libraries to load: src/model/gpu-libraries.ts reads it. */
const LIBRARIES_NAME = 'libraries.json';

/** ONNX Runtime looks for its providers next to this file, so the folder has a link to that of the npm package. */
const RUNTIME = 'libonnxruntime.so.1';
const RUNTIME_FOLDER = join('onnxruntime-node', 'bin', 'napi-v6', 'linux', 'x64');

/** The library of the driver, found as the system finds libraries. */
const DRIVER = 'libcuda.so.1';

/** Checks the hash of a wheel, unless it is empty, and unpacks the files that match the patterns into one folder. */
const UNPACK = `
import fnmatch, hashlib, os, shutil, sys, zipfile
wheel, sha256, folder, *patterns = sys.argv[1:]
hash = hashlib.sha256()
with open(wheel, "rb") as file:
    while block := file.read(1 << 20):
        hash.update(block)
if sha256 and hash.hexdigest() != sha256:
    sys.exit(f"{wheel} has the SHA-256 {hash.hexdigest()}, expected {sha256}")
with zipfile.ZipFile(wheel) as archive:
    for pattern in patterns:
        names = fnmatch.filter(archive.namelist(), pattern)
        if not names:
            sys.exit(f"{wheel} has no {pattern}")
        for name in names:
            with archive.open(name) as source, open(os.path.join(folder, os.path.basename(name)), "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
`;

/**
 * What is asked for, on this machine.
 *
 * @typedef {object} GpuPlan
 * @property {import('./wheels.mjs').WheelLock} lock
 * @property {import('./wheels.mjs').Provider} provider
 * @property {string[] | undefined} installedCuda libraries of an installed CUDA, in the order in which they are loaded
 */

/**
 * @param {import('../layout.mjs').Layout} layout
 * @param {GpuPlan} plan
 * @returns {boolean} whether the folder has the provider, in the present versions, and every library that it names is there
 */
export function gpuPrefixIsMade({ gpuPrefix }, { lock, provider }) {
  if (readStamp(join(gpuPrefix, STAMP_NAME))?.inputs !== inputsOf(lock)) return false;
  const names = readLoadOrder(gpuPrefix)[provider];
  return names?.every((name) => name === DRIVER || existsSync(pathOf(gpuPrefix, name))) ?? false;
}

/** @param {import('./wheels.mjs').WheelLock} lock */
function inputsOf(lock) {
  return hashOf([JSON.stringify(lock)]);
}

/**
 * @param {string} folder
 * @returns {Record<string, string[]>} libraries by provider; empty when there is no readable file
 */
function readLoadOrder(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, LIBRARIES_NAME), 'utf8')).load ?? {};
  } catch {
    return {};
  }
}

/**
 * @param {string} folder
 * @param {string} name as in the file
 */
function pathOf(folder, name) {
  return isAbsolute(name) ? name : join(folder, name);
}

/**
 * @param {import('./wheels.mjs').Wheel} wheel
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} its file, once it is fetched
 */
export function fetchedWheel(wheel, env) {
  const folder = wheelFolder(wheel, env);
  const name = existsSync(folder) ? readdirSync(folder).find((entry) => entry.endsWith('.whl')) : undefined;
  if (name === undefined) return undefined;
  const path = join(folder, name);
  return wheel.bytes === undefined || statSync(path).size === wheel.bytes ? path : undefined;
}

/**
 * A step for each wheel, so that an interrupted set-up goes on with the one that it was at, and one that unpacks them.
 *
 * @param {import('../set-up.mjs').Site} site
 * @param {GpuPlan} plan
 * @returns {import('../steps.mjs').Step[]}
 */
export function gpuSteps(site, plan) {
  const { layout, env } = site;
  const isMade = () => gpuPrefixIsMade(layout, plan);
  const wheels = wheelsFor(plan.lock, plan.provider, { usesInstalledCuda: plan.installedCuda !== undefined });
  return [
    ...wheels.map((wheel) => ({
      title: `${wheel.name} ${wheel.version}${wheel.bytes === undefined ? '' : ` (${megabytes(wheel.bytes)} MB)`}`,
      isDone: () => isMade() || fetchedWheel(wheel, env) !== undefined,
      make: () => fetchWheel(wheel, plan.lock, site),
    })),
    {
      title: 'libraries for the GPU in .prefix/gpu',
      isDone: isMade,
      make: () => makeGpuPrefix(wheels, plan, site),
    },
  ];
}

/** @param {number} bytes */
export const megabytes = (bytes) => Math.round(bytes / 1e6);

/**
 * @param {import('./wheels.mjs').Wheel} wheel
 * @param {import('./wheels.mjs').WheelLock} lock
 * @param {import('../set-up.mjs').Site} site
 */
async function fetchWheel(wheel, lock, { layout, source, env }) {
  const folder = wheelFolder(wheel, env);
  // What is there is not what is wanted.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const requirements = join(folder, 'requirements.txt');
  writeFileSync(requirements, requirementOf(wheel));
  const python = join(source.pythonPrefix, 'bin', 'python');
  await runCommand(
    `fetching ${wheel.name}`,
    [python, '-m', 'pip', ...pipArguments(wheel, lock, { requirements, folder })],
    {
      logPath: join(layout.logs, `gpu-${wheel.name}.log`),
      env: { ...env, PYTHONPATH: '', PYTHONNOUSERSITE: '1' },
      remedy: `check that PyPI can be reached (python3 -m pip download --no-deps ${wheel.name}==${wheel.version}), then run the same command again: what is fetched is kept`,
    },
  );
}

/**
 * @param {readonly import('./wheels.mjs').Wheel[]} wheels
 * @param {GpuPlan} plan
 * @param {import('../set-up.mjs').Site} site
 */
async function makeGpuPrefix(wheels, { lock, provider, installedCuda }, { layout, source, env }) {
  const partial = `${layout.gpuPrefix}.partial`;
  const libraries = join(partial, 'lib');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(libraries, { recursive: true });
  for (const wheel of wheels) {
    const path = fetchedWheel(wheel, env);
    if (path === undefined) throw wheelIsGone(wheel, env);
    const sha256 = wheel.bytes === undefined ? '' : wheel.sha256;
    await runCommand(
      `unpacking ${wheel.name}`,
      [join(source.pythonPrefix, 'bin', 'python'), '-c', UNPACK, path, sha256, libraries, ...wheel.files],
      {
        logPath: join(layout.logs, 'gpu-unpack.log'),
        env,
        remedy: `rm -r "${wheelFolder(wheel, env)}", then run the same command again`,
      },
    );
  }
  symlinkSync(
    relative(join(layout.gpuPrefix, 'lib'), join(layout.nodeModules, RUNTIME_FOLDER, RUNTIME)),
    join(libraries, RUNTIME),
  );
  const cuda = [
    DRIVER,
    ...(installedCuda ?? loaded(wheels.filter((wheel) => wheel.name !== lock.tensorrt.name))),
  ];
  writeLibraries(partial, {
    onnxRuntime: lock.onnxRuntime,
    load: { cuda, ...(provider === 'tensorrt' && { tensorrt: [...cuda, ...loaded([lock.tensorrt])] }) },
  });
  writeStamp(join(partial, STAMP_NAME), inputsOf(lock));
  rmSync(layout.gpuPrefix, { recursive: true, force: true });
  renameSync(partial, layout.gpuPrefix);
}

/** @param {readonly import('./wheels.mjs').Wheel[]} wheels */
const loaded = (wheels) => wheels.flatMap(({ load }) => load).map((name) => join('lib', name));

/**
 * @param {string} folder
 * @param {{ onnxRuntime: string, load: Record<string, string[]> }} libraries
 */
function writeLibraries(folder, libraries) {
  writeFileSync(join(folder, LIBRARIES_NAME), `${JSON.stringify(libraries, null, 2)}\n`);
}

/**
 * Lets a bundle of the node use the libraries of the checkout: they are too large to be copied with each build.
 *
 * @param {string} gpuPrefix of the checkout; it may not exist
 * @param {string} target the bundle
 */
export function linkGpuLibraries(gpuPrefix, target) {
  const file = join(gpuPrefix, LIBRARIES_NAME);
  if (!existsSync(file)) return;
  const folder = join(target, '.prefix', 'gpu');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  for (const name of readdirSync(join(gpuPrefix, 'lib')).filter((entry) => entry !== RUNTIME)) {
    symlinkSync(join(gpuPrefix, 'lib', name), join(folder, 'lib', name));
  }
  const runtime = join(target, 'node_modules', RUNTIME_FOLDER, RUNTIME);
  symlinkSync(relative(join(folder, 'lib'), runtime), join(folder, 'lib', RUNTIME));
  writeFileSync(join(folder, LIBRARIES_NAME), readFileSync(file));
}

/**
 * @param {import('./wheels.mjs').Wheel} wheel
 * @param {NodeJS.ProcessEnv} env
 */
function wheelIsGone(wheel, env) {
  return new SetupError('setup.gpu-wheel-gone', `${wheel.name} is gone from the cache`, {
    found: `no wheel of the expected size in ${wheelFolder(wheel, env)}`,
    remedy: 'run the same command again',
  });
}
