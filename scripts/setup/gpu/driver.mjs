import { readFileSync } from 'node:fs';
import { findPython, noPythonError } from '../find-python.mjs';
import { ask } from '../run-command.mjs';
import { SetupError } from '../setup-error.mjs';

/** Asks the library of the driver itself, as CUDA does. Prints JSON. */
const PROBE = `
import ctypes, json
def probe():
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return {"problem": str(error)}
    number = ctypes.c_int(0)
    def value(function, *args):
        status = function(ctypes.byref(number), *args)
        return number.value if status == 0 else 0
    version = value(cuda.cuDriverGetVersion)
    status = cuda.cuInit(0)
    if status != 0:
        return {"cuda": version, "status": status, "gpus": []}
    gpus = []
    for index in range(value(cuda.cuDeviceGetCount)):
        device = value(cuda.cuDeviceGet, index)
        name = ctypes.create_string_buffer(256)
        cuda.cuDeviceGetName(name, 256, device)
        major = value(cuda.cuDeviceGetAttribute, 75, device)
        minor = value(cuda.cuDeviceGetAttribute, 76, device)
        gpus.append({"name": name.value.decode("utf-8", "replace"), "capability": f"{major}.{minor}"})
    return {"cuda": version, "status": 0, "gpus": gpus}
print(json.dumps(probe()))
`;

/** The driver's kernel module, where it is loaded. */
const MODULE_VERSION = '/proc/driver/nvidia/version';

/**
 * What the driver says of itself.
 *
 * @typedef {object} DriverFacts
 * @property {string} [problem] why its library does not load; then nothing else is known
 * @property {number} [cuda] newest CUDA that it supports, 1000 * major + 10 * minor
 * @property {number} [status] of cuInit; 0: it works
 * @property {{ name: string, capability: string }[]} [gpus]
 * @property {string} [version] of its kernel module, such as "580.65.06"; undefined when none is loaded
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {DriverFacts}
 */
export function askDriver(env) {
  const python = findPython(env);
  if (Array.isArray(python)) throw noPythonError(python, env);
  const answer = ask([python.executable, '-c', PROBE], env);
  const version = moduleVersion();
  const facts =
    answer === undefined
      ? { problem: 'libcuda.so.1 ended the program that asked it for its version' }
      : JSON.parse(answer);
  return version === undefined ? facts : { ...facts, version };
}

/** @returns {string | undefined} */
function moduleVersion() {
  try {
    const [version] = /\b\d+\.\d+(\.\d+)?\b/.exec(readFileSync(MODULE_VERSION, 'utf8')) ?? [];
    return version;
  } catch {
    return undefined; // no module is loaded
  }
}

const NO_GPU = 'Without an NVIDIA GPU nothing has to be set up: docs/gpu.md says what else runs models.';

/**
 * What keeps CUDA from working on this machine.
 *
 * @param {DriverFacts} facts
 * @param {import('./wheels.mjs').WheelLock} lock
 * @returns {SetupError | undefined} undefined when nothing does
 */
export function driverProblem({ problem, cuda = 0, status, gpus = [], version }, lock) {
  const driver = `NVIDIA's driver ${lock.driver} or later, which CUDA ${lock.cuda} needs`;
  const refuse = (
    /** @type {string} */ code,
    /** @type {string} */ message,
    /** @type {string} */ found,
    remedy = '',
  ) => new SetupError(code, message, { found, expected: driver, remedy: `${remedy} ${NO_GPU}`.trim() });
  if (problem !== undefined && version !== undefined) {
    return refuse(
      'setup.gpu-no-library',
      "the library of NVIDIA's driver is missing",
      `${problem}; the kernel module is loaded, version ${version}`,
      'In a container: start it with --gpus all (NVIDIA Container Toolkit). Otherwise install the package libnvidia-compute of that version.',
    );
  }
  if (problem !== undefined) {
    return refuse(
      'setup.gpu-no-driver',
      "NVIDIA's driver is missing",
      problem,
      'On Ubuntu: sudo ubuntu-drivers install, restart, run the same command again. In a container: start it with --gpus all.',
    );
  }
  if (cuda < codeOf(lock.cuda)) {
    return refuse(
      'setup.gpu-driver-too-old',
      "NVIDIA's driver is too old",
      `a driver${version === undefined ? '' : ` ${version}`} for CUDA ${textOf(cuda)}`,
      'On Ubuntu: sudo ubuntu-drivers install, restart, run the same command again.',
    );
  }
  if (status !== 0 || gpus.length === 0) {
    return refuse(
      'setup.gpu-none',
      "NVIDIA's driver has no GPU to offer",
      status === 0 ? 'no GPU' : `status ${status} of cuInit${status === 100 ? ' (no GPU)' : ''}`,
      'See whether nvidia-smi lists one. After an update of the driver, restart; empty CUDA_VISIBLE_DEVICES hides every GPU.',
    );
  }
  if (gpus.some(({ capability }) => Number(capability) >= Number(lock.computeCapability))) return undefined;
  return new SetupError('setup.gpu-too-old', `CUDA ${lock.cuda} does not support this GPU`, {
    found: gpus.map(({ name, capability }) => `${name}, compute capability ${capability}`).join('; '),
    expected: `compute capability ${lock.computeCapability} or more (Turing or later)`,
    remedy: 'Use device webgpu, which needs no set-up: docs/gpu.md.',
  });
}

/**
 * @param {DriverFacts} facts of a driver without a problem
 * @returns {string}
 */
export function describeDriver({ cuda = 0, gpus = [], version }) {
  const names = gpus.map(({ name, capability }) => `${name} (compute capability ${capability})`);
  return `${names.join(', ')}; driver ${version ?? ''} for CUDA ${textOf(cuda)}`.replace('  ', ' ');
}

/** @param {string} version such as "13.0" */
function codeOf(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return 1000 * major + 10 * minor;
}

/** @param {number} code */
function textOf(code) {
  return `${Math.floor(code / 1000)}.${Math.floor((code % 1000) / 10)}`;
}
