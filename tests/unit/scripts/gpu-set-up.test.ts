import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { askDriver, describeDriver, driverProblem } from '../../../scripts/setup/gpu/driver.mjs';
import { gpuPrefixIsMade, gpuSteps, linkGpuLibraries } from '../../../scripts/setup/gpu/gpu-prefix.mjs';
import { findInstalledCuda } from '../../../scripts/setup/gpu/installed-cuda.mjs';
import { planGpu } from '../../../scripts/setup/gpu/plan-gpu.mjs';
import {
  pipArguments,
  providerAskedFor,
  readWheelLock,
  requirementOf,
  wheelFolder,
  wheelsFor,
} from '../../../scripts/setup/gpu/wheels.mjs';
import { layoutOf, ROOT } from '../../../scripts/setup/layout.mjs';
import type { RosSource } from '../../../scripts/setup/ros-source.mjs';
import { SetupError } from '../../../scripts/setup/setup-error.mjs';
import { compileLibrary } from '../../fixtures/shared-library.js';

const lock = readWheelLock();
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'gpu-set-up-'));
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('the locked versions', () => {
  test('are those of the npm package: providers of another version do not fit it', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const { version } = JSON.parse(
      readFileSync(join(ROOT, 'node_modules', 'onnxruntime-node', 'package.json'), 'utf8'),
    ) as { version: string };
    const [runtime] = lock.wheels;
    expect([dependencies['onnxruntime-node'], version, lock.onnxRuntime]).toEqual(
      new Array(3).fill(runtime?.version),
    );
    expect(runtime?.name).toBe('onnxruntime-gpu');
  });

  test.each([...lock.wheels, lock.tensorrt])('name one file of $name, and load only what it has', (wheel) => {
    expect(wheel.version).toMatch(/^\d+(\.\d+)+$/);
    expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
    const files = wheel.files.map((file) => new RegExp(`^${basename(file).replaceAll('*', '.*')}$`));
    for (const name of wheel.load) expect(files.some((file) => file.test(name))).toBe(true);
    expect(requirementOf(wheel)).toBe(`${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  });

  test('are fetched with their hashes checked, as wheels alone and without what they depend on', () => {
    const paths = { requirements: 'r.txt', folder: 'f' };
    for (const wheel of lock.wheels) {
      const args = pipArguments(wheel, lock, paths);
      expect(args[0]).toBe('download');
      expect(args).toEqual(expect.arrayContaining(['--require-hashes', '--no-deps', '--only-binary=:all:']));
    }
    expect(pipArguments(lock.tensorrt, lock, paths)).toEqual(
      expect.arrayContaining(['wheel', '--require-hashes', '--no-deps']),
    );
  });

  test('of CUDA are left out where one is installed, and TensorRT where it is not asked for', () => {
    const names = (provider: 'cuda' | 'tensorrt', usesInstalledCuda: boolean): string[] =>
      wheelsFor(lock, provider, { usesInstalledCuda }).map(({ name }) => name);
    expect(names('cuda', true)).toEqual(['onnxruntime-gpu']);
    expect(names('cuda', false)).toEqual(lock.wheels.map(({ name }) => name));
    expect(names('tensorrt', true)).toEqual(['onnxruntime-gpu', 'tensorrt-cu13-libs']);
  });

  test.each([
    [[], undefined],
    [['--training'], undefined],
    [['--gpu'], 'cuda'],
    [['--training', '--gpu=tensorrt'], 'tensorrt'],
  ])('%j asks for %s', (args, provider) => {
    expect(providerAskedFor(args)).toBe(provider);
  });

  test('a provider that there is not is refused', () => {
    expect(() => providerAskedFor(['--gpu=rocm'])).toThrow(SetupError);
  });
});

/** A driver's library for a version of CUDA and a GPU of a compute capability; `null`: without a GPU. */
function fakeDriver(cuda: number, capability: readonly [number, number] | null): NodeJS.ProcessEnv {
  const [major, minor] = capability ?? [0, 0];
  compileLibrary(
    `#include <string.h>
     int cuDriverGetVersion(int* version) { *version = ${cuda}; return 0; }
     int cuInit(unsigned flags) { return ${capability === null ? 100 : 0}; }
     int cuDeviceGetCount(int* count) { *count = 1; return 0; }
     int cuDeviceGet(int* device, int index) { *device = index; return 0; }
     int cuDeviceGetName(char* name, int size, int device) { strncpy(name, "Fake GPU", size); return 0; }
     int cuDeviceGetAttribute(int* value, int attribute, int device) { *value = attribute == 75 ? ${major} : ${minor}; return 0; }`,
    join(scratch, 'libcuda.so.1'),
    ['-Wl,-soname,libcuda.so.1'],
  );
  return { ...process.env, LD_LIBRARY_PATH: scratch };
}

/** A library that does not load, on a machine with a driver too. */
function brokenDriver(): NodeJS.ProcessEnv {
  writeFileSync(join(scratch, 'libcuda.so.1'), 'no library');
  return { ...process.env, LD_LIBRARY_PATH: scratch };
}

describe('the driver', () => {
  test('is asked itself, and described', () => {
    const facts = askDriver(fakeDriver(13020, [8, 9]));
    expect(facts).toMatchObject({ cuda: 13020, gpus: [{ name: 'Fake GPU', capability: '8.9' }] });
    expect(driverProblem(facts, lock)).toBeUndefined();
    expect(describeDriver({ ...facts, version: '580.65.06' })).toBe(
      'Fake GPU (compute capability 8.9); driver 580.65.06 for CUDA 13.2',
    );
  });

  test.each([
    [12080, [9, 0], 'setup.gpu-driver-too-old', /CUDA 12\.8$/],
    [13000, null, 'setup.gpu-none', /100 of cuInit \(no GPU\)/],
    [13000, [7, 0], 'setup.gpu-too-old', /^Fake GPU, compute capability 7\.0$/],
  ] as const)('for CUDA %i with a GPU of %j is refused: %s', (cuda, capability, code, found) => {
    const problem = driverProblem(askDriver(fakeDriver(cuda, capability)), lock);
    expect(problem?.code).toBe(code);
    expect(problem?.facts.found).toMatch(found);
  });

  test('that does not load is missing', () => {
    const { problem } = askDriver(brokenDriver());
    expect(problem).toContain('libcuda.so.1');
    expect(driverProblem({ problem: problem ?? '' }, lock)?.code).toBe('setup.gpu-no-driver');
    expect(driverProblem({ problem: problem ?? '', version: '580.65.06' }, lock)?.facts.found).toContain(
      'the kernel module is loaded, version 580.65.06',
    );
  });

  test('that is missing ends the set-up with a status, what is missing, and nothing changed', () => {
    const env: NodeJS.ProcessEnv = { ...brokenDriver(), XDG_CACHE_HOME: join(scratch, 'cache') };
    const state = (): unknown =>
      [layoutOf().gpuPrefix, layoutOf().nodeModules, layoutOf().dist]
        .filter((folder) => existsSync(folder))
        .map((folder) => [folder, readdirSync(folder), statSync(folder).mtimeMs]);
    const before = state();
    const bootstrap = join(ROOT, 'scripts', 'bootstrap.mjs');
    const { status, stderr } = spawnSync(process.execPath, [bootstrap, 'setup', '--gpu'], {
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^set-up failed: .*driver is missing|library of NVIDIA's driver is missing/);
    expect(stderr).toContain('libcuda.so.1');
    expect(stderr).toContain('docs/gpu.md');
    expect(state()).toEqual(before);
    expect(existsSync(join(scratch, 'cache'))).toBe(false);
  });
});

describe('what is to be fetched', () => {
  test('is announced with its size before it is', () => {
    let text = '';
    const env = { ...process.env, XDG_CACHE_HOME: join(scratch, 'cache'), LD_LIBRARY_PATH: '' };
    const layout = layoutOf(join(scratch, 'checkout'));
    const plan = planGpu(['--gpu', '--no-driver'], env, layout, (part) => (text += part));
    const { wheels } = lock;
    const fetched = plan?.installedCuda === undefined ? wheels : wheels.slice(0, 1);
    const bytes = fetched.reduce((sum, wheel) => sum + (wheel.bytes ?? 0), 0);
    expect(text).toContain(
      `to fetch from PyPI: ${Math.round(bytes / 1e6)} MB, kept in ${env.XDG_CACHE_HOME}/jepa-mpc/wheels`,
    );
    expect(existsSync(env.XDG_CACHE_HOME)).toBe(false);
  });

  test('is nothing on a processor that ONNX Runtime has no CUDA for', () => {
    const { arch } = process;
    Object.defineProperty(process, 'arch', { value: 'arm64', configurable: true });
    try {
      expect(() => planGpu(['--gpu'], {}, layoutOf(scratch), () => expect.unreachable())).toThrow(
        'ONNX Runtime has CUDA for Linux on x86-64 alone',
      );
    } finally {
      Object.defineProperty(process, 'arch', { value: arch, configurable: true });
    }
  });

  test('is nothing where no GPU is asked for', () => {
    expect(planGpu(['--training'], {}, layoutOf(scratch), () => expect.unreachable())).toBeUndefined();
  });
});

describe('an installed CUDA', () => {
  const names = lock.wheels.slice(1).flatMap(({ load }) => load);

  function install(without: string, cudnn = '9.14.0'): string[] | undefined {
    const folder = join(scratch, 'cuda');
    mkdirSync(folder);
    for (const name of names.filter((one) => one !== without)) {
      const real = name.startsWith('libcudnn') ? `libcudnn.so.${cudnn}` : name;
      writeFileSync(join(folder, real), '');
      if (real !== name) symlinkSync(real, join(folder, name));
    }
    return findInstalledCuda(lock, {}, [join(scratch, 'elsewhere'), folder])?.map((path) => basename(path));
  }

  test('is used, in the order in which its libraries are loaded', () => {
    expect(install('')).toEqual(names);
  });

  test.each(['libcublasLt.so.13', 'libcudart.so.13', 'libcudnn.so.9'])('without %s is not used', (name) => {
    expect(install(name)).toBeUndefined();
  });

  test.each(['9.13.1', '8.9.7', '10.0.0'])('with cuDNN %s is not used', (version) => {
    expect(install('', version)).toBeUndefined();
  });
});

describe('the folder of the libraries', () => {
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim();

  /** Two wheels in the cache, as pip leaves them there, and a checkout to unpack them in. */
  function prepare(sha256?: string) {
    const env: NodeJS.ProcessEnv = { ...process.env, XDG_CACHE_HOME: join(scratch, 'cache') };
    const wheel = (name: string, file: string, load: string[]) => {
      const version = '1.2.3';
      const path = join(wheelFolder({ name, version, sha256: '', files: [], load: [] }, env), `${name}.whl`);
      mkdirSync(dirname(path), { recursive: true });
      const write =
        'import hashlib, sys, zipfile; z = zipfile.ZipFile(sys.argv[1], "w"); z.writestr(sys.argv[2], sys.argv[2]); z.writestr("notes.txt", "x"); z.close(); print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())';
      const hash = execFileSync(python, ['-c', write, path, file], { encoding: 'utf8' }).trim();
      return { name, version, sha256: sha256 ?? hash, bytes: statSync(path).size, files: [file], load };
    };
    const wheels = [
      wheel('onnxruntime-gpu', 'capi/libonnxruntime_providers_cuda.so', []),
      wheel('nvidia-cuda-runtime', 'nvidia/lib/libcudart.so.13', ['libcudart.so.13']),
    ];
    const layout = layoutOf(join(scratch, 'checkout'));
    const pythonPrefix = join(scratch, 'python');
    mkdirSync(join(pythonPrefix, 'bin'), { recursive: true });
    symlinkSync(python, join(pythonPrefix, 'bin', 'python'));
    const source = { pythonPrefix } as RosSource;
    const plan = { lock: { ...lock, wheels }, provider: 'cuda' as const, installedCuda: undefined };
    return { env, layout, plan, steps: gpuSteps({ layout, source, env }, plan) };
  }

  test('is made of what is needed from the wheels in the cache, and says what to load in which order', async () => {
    const { layout, plan, steps } = prepare();
    expect(steps.map(({ isDone }) => isDone())).toEqual([true, true, false]);
    await steps.at(-1)?.make();
    expect(steps.map(({ isDone }) => isDone())).toEqual([true, true, true]);
    expect(readdirSync(join(layout.gpuPrefix, 'lib')).sort()).toEqual([
      'libcudart.so.13',
      'libonnxruntime.so.1',
      'libonnxruntime_providers_cuda.so',
    ]);
    expect(readlinkSync(join(layout.gpuPrefix, 'lib', 'libonnxruntime.so.1'))).toBe(
      '../../../node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
    );
    expect(JSON.parse(readFileSync(join(layout.gpuPrefix, 'libraries.json'), 'utf8'))).toEqual({
      onnxRuntime: lock.onnxRuntime,
      load: { cuda: ['libcuda.so.1', 'lib/libcudart.so.13'] },
    });
    // Other versions, or a library that is gone: it is made again.
    expect(gpuPrefixIsMade(layout, { ...plan, lock: { ...plan.lock, onnxRuntime: '9.9.9' } })).toBe(false);
    expect(gpuPrefixIsMade(layout, { ...plan, provider: 'tensorrt' })).toBe(false);
    rmSync(join(layout.gpuPrefix, 'lib', 'libcudart.so.13'));
    expect(steps.at(-1)?.isDone()).toBe(false);
  });

  test('names an installed CUDA by its paths', async () => {
    const { env, layout, plan } = prepare();
    const source = { pythonPrefix: join(scratch, 'python') } as RosSource;
    const installed = join(scratch, 'libcudart.so.13');
    writeFileSync(installed, '');
    const steps = gpuSteps({ layout, source, env }, { ...plan, installedCuda: [installed] });
    expect(steps).toHaveLength(2);
    await steps.at(-1)?.make();
    expect(readdirSync(join(layout.gpuPrefix, 'lib'))).not.toContain('libcudart.so.13');
    expect(readFileSync(join(layout.gpuPrefix, 'libraries.json'), 'utf8')).toContain(installed);
  });

  test('is not made of a wheel with another hash', async () => {
    const { layout, steps } = prepare('0'.repeat(64));
    await expect(steps.at(-1)?.make()).rejects.toMatchObject({
      code: 'setup.command-failed',
      facts: { found: expect.stringMatching(/has the SHA-256 [0-9a-f]{64}, expected 0{64}/) as string },
    });
    expect(existsSync(layout.gpuPrefix)).toBe(false);
  });

  test('is linked into the bundle of an installed node, with the ONNX Runtime of that', async () => {
    const { layout, steps } = prepare();
    await steps.at(-1)?.make();
    const bundle = join(scratch, 'bundle');
    mkdirSync(bundle);
    linkGpuLibraries(layout.gpuPrefix, bundle);
    const lib = join(bundle, '.prefix', 'gpu', 'lib');
    expect(readFileSync(join(lib, 'libcudart.so.13'), 'utf8')).toBe('nvidia/lib/libcudart.so.13');
    expect(join(lib, readlinkSync(join(lib, 'libonnxruntime.so.1')))).toBe(
      join(bundle, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1'),
    );
    expect(existsSync(join(bundle, '.prefix', 'gpu', 'libraries.json'))).toBe(true);
    linkGpuLibraries(join(scratch, 'none'), join(scratch, 'other'));
    expect(existsSync(join(scratch, 'other'))).toBe(false);
  });
});
