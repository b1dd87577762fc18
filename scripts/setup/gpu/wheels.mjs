import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.mjs';
import { SetupError } from '../setup-error.mjs';

/**
 * A package of PyPI with shared libraries in it.
 *
 * @typedef {object} Wheel
 * @property {string} name
 * @property {string} version
 * @property {string} sha256 of the file that PyPI serves
 * @property {number} [bytes] size of that file; absent where the package is fetched by what PyPI serves
 * @property {number} [unpackedBytes] size of the libraries
 * @property {string[]} files the libraries that are needed, by their paths in the wheel; `*` stands for any part of a name
 * @property {string[]} load those that are loaded before ONNX Runtime's provider, in this order
 */

/**
 * `wheels.json`: everything that is fetched for a GPU, and what it needs of the machine.
 *
 * @typedef {object} WheelLock
 * @property {string} onnxRuntime version of ONNX Runtime, that of the npm package
 * @property {string} cuda version that the provider was built with
 * @property {string} driver oldest version of NVIDIA's driver for it
 * @property {string} computeCapability lowest of a GPU that it supports
 * @property {string} cudnn oldest version of cuDNN that the provider works with
 * @property {string} pythonVersion of the wheel of ONNX Runtime; its libraries do not depend on it
 * @property {Wheel[]} wheels ONNX Runtime's provider, then CUDA and cuDNN
 * @property {Wheel} tensorrt
 */

/** What may be asked for: `--gpu` and `--gpu=tensorrt`. */
const PROVIDERS = /** @type {const} */ (['cuda', 'tensorrt']);

/** @typedef {typeof PROVIDERS[number]} Provider */

/** Tags of wheels that run on the C library that ONNX Runtime itself needs. */
const PLATFORMS = ['2_28', '2_27', '2_17', '2_12', '2_5'].map((version) => `manylinux_${version}_x86_64`);
const FORMER_PLATFORMS = ['2014', '2010', '1'].map((version) => `manylinux${version}_x86_64`);

/** @returns {WheelLock} */
export function readWheelLock() {
  return JSON.parse(readFileSync(new URL('wheels.json', import.meta.url), 'utf8'));
}

/**
 * @param {WheelLock} lock
 * @param {Provider} provider
 * @param {{ usesInstalledCuda: boolean }} options
 * @returns {Wheel[]} what the provider needs that is not installed
 */
export function wheelsFor({ wheels: [onnxRuntime, ...cuda], tensorrt }, provider, { usesInstalledCuda }) {
  return [
    ...(onnxRuntime === undefined ? [] : [onnxRuntime]),
    ...(usesInstalledCuda ? [] : cuda),
    ...(provider === 'tensorrt' ? [tensorrt] : []),
  ];
}

/**
 * @param {Wheel} wheel
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} the folder that it is fetched to, its own
 */
export function wheelFolder({ name, version }, env) {
  return join(cacheFolder(env), 'wheels', `${name}-${version}`);
}

/**
 * The arguments of pip that fetch a wheel and check its hash. A wheel that is there already is only checked.
 *
 * @param {Wheel} wheel
 * @param {WheelLock} lock
 * @param {{ requirements: string, folder: string }} paths requirements: a file with the line of {@link requirementOf}
 * @returns {string[]}
 */
export function pipArguments(wheel, lock, { requirements, folder }) {
  const common = ['--disable-pip-version-check', '--no-deps', '--require-hashes', '-r', requirements];
  // NVIDIA serves TensorRT itself: PyPI has a package that fetches it when it is built.
  if (wheel.bytes === undefined) return ['wheel', ...common, '--wheel-dir', folder];
  return [
    'download',
    ...common,
    ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', lock.pythonVersion],
    ...[...PLATFORMS, ...FORMER_PLATFORMS].flatMap((platform) => ['--platform', platform]),
    ...['--dest', folder],
  ];
}

/** @param {Wheel} wheel */
export function requirementOf({ name, version, sha256 }) {
  return `${name}==${version} --hash=sha256:${sha256}\n`;
}

/**
 * @param {readonly string[]} args of `setup`
 * @returns {Provider | undefined} the provider that is asked for
 * @throws {SetupError} for one that there is not
 */
export function providerAskedFor(args) {
  const asked = args.find((arg) => arg === '--gpu' || arg.startsWith('--gpu='));
  if (asked === undefined) return undefined;
  const name = asked === '--gpu' ? 'cuda' : asked.slice('--gpu='.length);
  const provider = PROVIDERS.find((known) => known === name);
  if (provider !== undefined) return provider;
  throw new SetupError('setup.unknown-option', `there is no GPU provider "${name}" to set up`, {
    found: asked,
    expected: '--gpu or --gpu=tensorrt',
    remedy: 'npm run setup -- --gpu (WebGPU needs no set-up: docs/gpu.md)',
  });
}
