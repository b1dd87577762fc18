import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { cacheFolder } from '../cache-folder.mjs';
import { SetupError } from '../setup-error.mjs';
import { askDriver, describeDriver, driverProblem } from './driver.mjs';
import { fetchedWheel, gpuPrefixIsMade, megabytes } from './gpu-prefix.mjs';
import { findInstalledCuda } from './installed-cuda.mjs';
import { providerAskedFor, readWheelLock, wheelsFor } from './wheels.mjs';

/** For an image that is built where there is no GPU. */
export const WITHOUT_DRIVER = '--no-driver';

/** What is left free on the disk. */
const SPARE_BYTES = 500e6;

/**
 * Looks at the machine before anything is fetched, and says what will be.
 *
 * @param {readonly string[]} args of `setup`
 * @param {NodeJS.ProcessEnv} env
 * @param {import('../layout.mjs').Layout} layout
 * @param {(text: string) => void} write
 * @returns {import('./gpu-prefix.mjs').GpuPlan | undefined} undefined when no GPU is asked for
 * @throws {SetupError} when this machine cannot use what is asked for; nothing has been changed then
 */
export function planGpu(args, env, layout, write) {
  const provider = providerAskedFor(args);
  if (provider === undefined) return undefined;
  if (process.platform !== 'linux' || process.arch !== 'x64') throw wrongPlatform();
  const lock = readWheelLock();
  if (!args.includes(WITHOUT_DRIVER)) {
    const facts = askDriver(env);
    const problem = driverProblem(facts, lock);
    if (problem !== undefined) throw problem;
    write(`${describeDriver(facts)}\n`);
  }
  const plan = { lock, provider, installedCuda: findInstalledCuda(lock, env) };
  if (!gpuPrefixIsMade(layout, plan)) announce(plan, env, layout, write);
  return plan;
}

/**
 * @param {import('./gpu-prefix.mjs').GpuPlan} plan
 * @param {NodeJS.ProcessEnv} env
 * @param {import('../layout.mjs').Layout} layout
 * @param {(text: string) => void} write
 */
function announce({ lock, provider, installedCuda }, env, layout, write) {
  const wheels = wheelsFor(lock, provider, { usesInstalledCuda: installedCuda !== undefined });
  const toFetch = wheels.filter((wheel) => fetchedWheel(wheel, env) === undefined);
  const fetched = sum(toFetch.map(({ bytes = 0 }) => bytes));
  const unpacked = sum(wheels.map(({ unpackedBytes = 0 }) => unpackedBytes));
  const cache = cacheFolder(env);
  const lines = [
    ...(installedCuda === undefined
      ? []
      : [`installed CUDA and cuDNN are used: ${installedCuda.join(', ')}`]),
    `to fetch from PyPI: ${megabytes(fetched)} MB, kept in ${cache}/wheels; in .prefix/gpu: ${megabytes(unpacked)} MB; the licences of NVIDIA apply`,
    ...(provider === 'tensorrt'
      ? ['and TensorRT, several GB, which NVIDIA itself serves (pypi.nvidia.com)']
      : []),
  ];
  write(`${lines.join('\n')}\n`);
  for (const [folder, bytes] of /** @type {const} */ ([
    [cache, fetched],
    [layout.root, unpacked],
  ])) {
    const free = freeBytes(folder);
    if (free < bytes + SPARE_BYTES) throw diskIsFull(folder, free, bytes + SPARE_BYTES);
  }
}

/** @param {readonly number[]} sizes */
const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);

/**
 * @param {string} folder may not exist yet
 * @returns {number}
 */
function freeBytes(folder) {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

/**
 * @param {string} folder
 * @param {number} free
 * @param {number} wanted
 */
function diskIsFull(folder, free, wanted) {
  return new SetupError('setup.disk-full', 'the disk has too little space for the libraries', {
    found: `${megabytes(free)} MB free at ${folder}`,
    expected: `${megabytes(wanted)} MB`,
    remedy: 'make room, or name another folder for caches (XDG_CACHE_HOME), then run the same command again',
  });
}

function wrongPlatform() {
  return new SetupError('setup.gpu-platform', 'ONNX Runtime has CUDA for Linux on x86-64 alone', {
    found: `${process.platform} on ${process.arch}`,
    expected: 'Linux on x86-64 with an NVIDIA GPU',
    remedy: 'docs/gpu.md says what this machine can do without set-up',
  });
}
